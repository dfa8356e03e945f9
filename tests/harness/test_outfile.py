"""`conformance.outfile`: a file is written whole or not at all, in place of none but a file."""

import os
import resource
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance import outfile
from conformance.command import CommandError, write


def names(folder: Path) -> list[str]:
    """Return what lies in a folder."""
    return sorted(one.name for one in folder.iterdir())


def test_written(tmp_path: Path) -> None:
    """What is written takes the place of what was there, and nothing else is left."""
    for text in ("before", "after"):
        outfile.write(tmp_path / "f", text)
    assert ((tmp_path / "f").read_text(), names(tmp_path)) == ("after", ["f"])


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt()])
def test_not_at_all(error: BaseException, tmp_path: Path) -> None:
    """Where the writer fails, what was there stays, and no half of the new."""
    outfile.write(tmp_path / "f", "before")

    def fail() -> None:
        with outfile.whole(tmp_path / "f") as file:
            file.write(b"half")
            raise error

    with pytest.raises(type(error)):
        fail()
    assert ((tmp_path / "f").read_text(), names(tmp_path)) == ("before", ["f"])


def test_full_disk(tmp_path: Path) -> None:
    """Where there is no room for the whole, what was there stays."""
    outfile.write(tmp_path / "f", "before")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            outfile.write(tmp_path / "f", "x" * 10_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert ((tmp_path / "f").read_text(), names(tmp_path)) == ("before", ["f"])


@pytest.mark.parametrize("there", [True, False])
def test_through_links(there: bool, tmp_path: Path) -> None:
    """Behind links, the file that they lead to is written; they stay."""
    (tmp_path / "far").mkdir()
    target, link = tmp_path / "far" / "f", tmp_path / "link"
    (tmp_path / "between").symlink_to(target)
    link.symlink_to("between")
    if there:
        target.write_text("before")
    outfile.write(link, "after")
    assert (link.is_symlink(), target.is_symlink(), target.read_text()) == (True, False, "after")
    assert names(tmp_path / "far") == ["f"]


def test_rights_stay(tmp_path: Path) -> None:
    """A file that nobody else could read is no more readable than before."""
    outfile.write(tmp_path / "f", "before")
    (tmp_path / "f").chmod(0o600)
    outfile.write(tmp_path / "f", "after")
    assert stat.S_IMODE((tmp_path / "f").stat().st_mode) == 0o600


def loop(path: Path) -> None:
    """Make a link that leads to itself."""
    path.symlink_to(path)


def to_device(path: Path) -> None:
    """Make a link to a device."""
    path.symlink_to("/dev/null")


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (os.mkdir, "not a regular file"),
        (os.mkfifo, "not a regular file"),
        (to_device, "not a regular file"),
        (loop, "Too many levels of symbolic links"),
    ],
)
def test_no_regular_file(make: Callable[[Path], None], why: str, tmp_path: Path) -> None:
    """What is no regular file is left as it is, and that is told before anything is written."""
    make(tmp_path / "f")
    before = (tmp_path / "f").lstat()
    assert outfile.refusal(tmp_path / "f") == why
    with pytest.raises(outfile.OutfileError) as raised:
        outfile.write(tmp_path / "f", "after")
    assert str(raised.value) == f"{tmp_path / 'f'}: {why}"
    assert ((tmp_path / "f").lstat().st_ino, names(tmp_path)) == (before.st_ino, ["f"])


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/dev/full", "not a regular file"),
        ("", "it names no file"),
        ("/", "it names no file"),
        ("no/such/f", "there is no such directory"),
        ("n" * 300, "File name too long"),
    ],
)
def test_refusal(path: str, why: str) -> None:
    """Why nothing can be written to a path is told in a few words."""
    assert outfile.refusal(Path(path)) == why


@pytest.mark.parametrize(
    ("closed", "why"),
    [("f", "it may not be written to"), ("", "its directory may not be written to")],
)
def test_rights(closed: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file or a folder that we have no right to is left alone."""
    outfile.write(tmp_path / "f", "before")
    monkeypatch.setattr("os.access", lambda path, _: path != tmp_path / closed)
    assert outfile.refusal(tmp_path / "f") == why


def test_several(tmp_path: Path) -> None:
    """Of several files none is written where one cannot be."""
    (tmp_path / "two").mkdir()
    with pytest.raises(CommandError, match="two: not a regular file"):
        write(tmp_path, {Path("one"): "1", Path("two"): "2"})
    assert names(tmp_path) == ["two"]
