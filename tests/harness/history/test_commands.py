"""``python -m conformance history``: releases recorded, the rest of them later, none twice."""

from pathlib import Path

import pytest

from conformance.command import CommandError
from conformance.history.commands import span
from conformance.report import kept
from tests.harness.history.conftest import RUN
from tests.harness.upgrade.wheels import Upgrades

KNOWN = ["1.10.0", "1.9.1", "1.9", "2.0", "1.2", "0.9"]


@pytest.mark.parametrize(
    ("first", "last", "minors", "found"),
    [
        ("1", None, False, ["1.2", "1.9", "1.9.1", "1.10.0", "2.0"]),
        ("1", None, True, ["1.2", "1.9.1", "1.10.0", "2.0"]),
        ("1.9", "1.10", False, ["1.9", "1.9.1", "1.10.0"]),
    ],
)
def test_span(first: str, last: str | None, minors: bool, found: list[str]) -> None:
    """The releases between two versions, or the last one of each minor, the oldest first."""
    assert span(KNOWN, first, last, minors) == found


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [
        ("x", None, "--from x: no version"),
        ("1", "y", "--to y: no version"),
        ("3", None, "--from 3: there is no release from 0.9 to 2.0"),
        ("1.3", "1.4", "--from 1.3 --to 1.4: there is no release from 0.9 to 2.0"),
    ],
)
def test_no_span(first: str, last: str | None, told: str) -> None:
    """Ends that name no release are told."""
    with pytest.raises(CommandError, match=told):
        span(KNOWN, first, last, minors=False)


def test_recorded(recorded: Upgrades) -> None:
    """Each release is on record, set on the one before, in whatever order they were observed."""
    folder = recorded.project.root / "history"
    assert kept.releases(folder, "frame") == list(RUN)
    paths = [kept.path_of(folder, "frame", release) for release in RUN]
    bases = [kept.base(path) for path in paths]
    assert [base and base.release for base in bases] == [None, "1.0", "1.1", "2.0"]
    assert [len(kept.read(path).entries) for path in paths] == [2, 2, 2, 2]
    about = kept.about(paths[0])
    assert about.versions == {"companion": "6", "frame": "1.0"}
    assert about.distributions == {"companion": "6", "frame": "1.0", "numpy": "2.4.6"}
    assert about.cases == "plain-*"
    assert not [one for one in folder.rglob("*") if one.suffix == ".part"]


def test_again(recorded: Upgrades) -> None:
    """A release that is observed once more, as it was installed then, gives the same bytes."""
    folder = recorded.project.root / "history"
    before = {path: path.read_bytes() for path in folder.rglob("*.gz")}
    span = ("--from", "1.1", "--to", "1.1", "--again", "--with", "companion==7")
    done = recorded.main("history", "frame", *span, "--case", "edge-*")
    assert done.returncode == 0, done.stderr
    assert "frame 1.1: as it was" in done.stderr
    assert {path: path.read_bytes() for path in folder.rglob("*.gz")} == before
    assert list((recorded.project.root / ".environments").iterdir()) == []


def test_again_what_is_there(recorded: Upgrades) -> None:
    """What is not on record is not observed again."""
    done = recorded.main("history", "frame", "--from", "3", "--to", "4.0", "--again")
    assert (done.returncode, done.stderr) == (0, "2 releases, of which 0 are on record\n")


def test_nothing_to_do(recorded: Upgrades) -> None:
    """What is on record is not observed again."""
    done = recorded.main("history", "frame", "--from", "1", "--to", "2.1", "--case", "plain-*")
    assert (done.returncode, done.stderr) == (0, "4 releases, of which 4 are on record\n")


def test_silent_release(recorded: Upgrades) -> None:
    """A release on which the adapter does not run is on record as that."""
    folder = recorded.project.root / "history"
    done = recorded.main("history", "frame", "--from", "3", "--to", "4.0", "--case", "plain-*")
    assert done.returncode == 0, done.stderr
    silent = [kept.about(kept.path_of(folder, "frame", one)).silent for one in ("3.0", "4.0")]
    for release in ("3.0", "4.0"):
        kept.path_of(folder, "frame", release).unlink()
    assert silent[0] == "raises AttributeError: module 'frame' has no attribute 'lstm'"
    assert str(silent[1]).startswith("cannot be imported: ModuleNotFoundError")


def test_no_release(recorded: Upgrades) -> None:
    """What cannot be installed is told and not on record; {release} is that which is tried."""
    span = ("--from", "2.1", "--to", "3", "--with", "x=={release}", "--case", "plain-*")
    done = recorded.main("history", "frame", *span)
    assert done.returncode == 2
    assert done.stderr.splitlines()[1:] == ["3.0: ERROR: No matching distribution found for x==3.0"]
    assert kept.releases(recorded.project.root / "history", "frame") == list(RUN)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["no-such", "--from", "1"], "no-such: no adapter runs on that"),
        (["frame", "--from", "9"], "--from 9: there is no release from 1.0 to 5.0"),
        (["frame", "--from", "1", "--with", "{release"], "--with {release: no requirement"),
        (["frame", "--from", "1", "--case", "nope"], "--case nope: no case of this id"),
    ],
)
def test_bad_words(words: list[str], told: str, recorded: Upgrades) -> None:
    """What cannot be recorded is one line, and status 2."""
    done = recorded.main("history", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_spoilt_record(recorded: Upgrades) -> None:
    """A record that cannot be read is one line with its path, and nothing is done."""
    path: Path = kept.path_of(recorded.project.root / "history", "frame", "2.0")
    whole = path.read_bytes()
    try:
        path.write_bytes(whole[:50])
        done = recorded.main("history", "frame", "--from", "1", "--to", "2.1")
    finally:
        path.write_bytes(whole)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "history/frame/2.0.jsonl.gz:1: no record: " in done.stderr
