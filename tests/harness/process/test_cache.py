"""What a framework compiles is kept from run to run, whole, and for the same versions alone."""

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.contract import Dimensions, Layer
from conformance.lstm.case import Case
from conformance.process import cache
from conformance.process.cache import lend, size
from conformance.process.framework import Framework
from conformance.process.host import Host
from conformance.process.observation import observe
from tests.harness.project import Project, create

ROOT = Path(__file__).resolve().parents[3]
COMPILES = "tests.harness.adapters.compiles"
KEPT = ".pytest_cache/d/conformance-compilations"


def case(time_steps: int) -> Case:
    """Return a case; the adapter that compiles dies where it has one step."""
    expect = {"output": (2, time_steps, 4), "h_n": (1, 2, 4), "c_n": (1, 2, 4)}
    dimensions = Dimensions(2, time_steps, 3, 4)
    return Case("guide-x", "guide", "About.", "", "cases/x.yaml:7", Layer(), dimensions, expect)


def containers(folder: Path | None, *steps: int, version: str = "1") -> list[str]:
    """Return where each program came from, in one process that is given `folder`."""
    host = Host(Framework("x", COMPILES, "", {"numpy": version}), ROOT, 30, compilations=folder)
    try:
        seen = [observe(host, case(one)) for one in steps]
    finally:
        host.close()
    return [one.properties.get("container", one.outcome) for one in seen]


# A folder.


def test_what_is_new_is_kept(tmp_path: Path) -> None:
    """The next process finds what the one before it added, and what was there before that."""
    for number in range(3):
        lent = lend(tmp_path, "key")
        assert {file.name for file in lent.own.iterdir()} == {str(one) for one in range(number)}
        (lent.own / str(number)).write_text("program")
        lent.close(keep=True)
    assert size(tmp_path) == 3 * len("program")


def test_nothing_is_kept_of_a_dead_process(tmp_path: Path) -> None:
    """A process that did not come to its end leaves nothing that another would read."""
    lent = lend(tmp_path, "key")
    (lent.own / "program").write_text("half of")
    lent.close(keep=False)
    assert list(tmp_path.iterdir()) == []


def test_processes_do_not_meet(tmp_path: Path) -> None:
    """What one process writes is seen by another when it is whole, and never under way."""
    one, other = lend(tmp_path, "key"), lend(tmp_path, "key")
    (one.own / "program").write_text("half of")
    assert list(other.own.iterdir()) == []
    assert list(lend(tmp_path, "key").own.iterdir()) == []


def test_the_same_from_two_processes(tmp_path: Path) -> None:
    """Of two that compiled the same, one is kept."""
    lent = [lend(tmp_path, "key") for _ in range(2)]
    for one in lent:
        (one.own / "program").write_text("program")
    for one in lent:
        one.close(keep=True)
    assert [file.name for file in (tmp_path / "key").iterdir()] == ["program"]


def test_keys_do_not_meet(tmp_path: Path) -> None:
    """What is kept under one key is not lent under another."""
    lent = lend(tmp_path, "key")
    (lent.own / "program").write_text("program")
    lent.close(keep=True)
    assert list(lend(tmp_path, "another").own.iterdir()) == []


def test_without_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a file system that has no links, a process gets copies."""
    lent = lend(tmp_path, "key")
    (lent.own / "program").write_text("program")
    lent.close(keep=True)

    def refuse(*_: object) -> None:
        raise PermissionError("no links here")

    monkeypatch.setattr(os, "link", refuse)
    assert (lend(tmp_path, "key").own / "program").read_text() == "program"


def test_cleared_meanwhile(tmp_path: Path) -> None:
    """A folder that somebody removed is no error when its process ends."""
    lent = lend(tmp_path, "key")
    lent.own.rmdir()
    lent.close(keep=True)
    assert list(tmp_path.iterdir()) == []


def test_leftovers_are_swept(tmp_path: Path) -> None:
    """The folder of a run that was killed goes a day later, and one that is in use stays."""
    used, left = lend(tmp_path, "key"), lend(tmp_path, "key")
    os.utime(left.own, times=(0, time.time() - cache.LEFT - 60))
    lend(tmp_path, "key").close(keep=True)
    assert (used.own.exists(), left.own.exists()) == (True, False)


# A process.


def test_second_process(tmp_path: Path) -> None:
    """A framework finds in a second process what it compiled in the first."""
    assert containers(tmp_path, 3, 5) == ["compiled, and kept"] * 2
    assert containers(tmp_path, 3, 4) == ["kept", "compiled, and kept"]


def test_no_folder() -> None:
    """Without a folder nothing is kept."""
    assert [containers(None, 3) for _ in range(2)] == [["compiled, and not kept"]] * 2


def test_another_version(tmp_path: Path) -> None:
    """What one version compiled is never handed to another."""
    containers(tmp_path, 3)
    assert containers(tmp_path, 3, version="2") == ["compiled, and kept"]


def test_death_leaves_no_half(tmp_path: Path) -> None:
    """After a crash in the middle of a write, no process reads the half; what follows is kept."""
    assert containers(tmp_path, 3, 1, 5) == ["compiled, and kept", "crashed", "compiled, and kept"]
    assert containers(tmp_path, 5, 1) == ["kept", "crashed"]


@pytest.mark.parametrize(
    ("options", "kept"),
    [({}, 1), ({"interpreter": "ssh=far"}, 0), ({"in_process": True}, 0)],
)
def test_which_processes(options: dict[str, object], kept: int, tmp_path: Path) -> None:
    """On another machine, and in pytest's own process, nothing is kept."""
    interpreter = str(options.pop("interpreter", ""))
    framework = Framework("x", COMPILES, interpreter, {"numpy": "1"})
    host = Host(framework, ROOT, 30, compilations=tmp_path, **options)  # type: ignore[arg-type]
    if interpreter:
        assert host._compilations is None
    else:
        observe(host, case(3))
        host.close()
        assert len(list(tmp_path.iterdir())) == kept


# A run.


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return a project with a framework that keeps what it compiles."""
    return replace(create(tmp_path, "compiles"), keeps=True)


def told(project: Project, *options: str) -> tuple[str, list[str]]:
    """Return what the header says of the cache, and the containers in the report."""
    seen = project.observe(*options)
    (line,) = (one for one in seen.result.outlines if one.startswith("compilation cache: "))
    found = [str(one.properties.get("container", "")) for one in seen.entries.values()]
    return line.removeprefix("compilation cache: "), [one for one in found if one]


@pytest.mark.parametrize("workers", ["0", "2"])
def test_on_by_default(workers: str, project: Project) -> None:
    """A second run finds what the first compiled, in pytest's own folder, and says where."""
    first, before = told(project, "-n", workers)
    second, after = told(project, "-n", workers)
    assert first == f"{project.root / KEPT} (0.0 MB)"
    assert second.startswith(str(project.root / KEPT))
    assert set(before) == {"compiled, and kept"}
    assert set(after) == {"kept"}
    (key,) = (project.root / KEPT).iterdir()
    assert key.name.startswith("compiles-numpy-")


@pytest.mark.parametrize(
    "options", [["--no-compilation-cache"], ["-p", "no:cacheprovider"], ["--in-process"]]
)
def test_off(options: list[str], project: Project) -> None:
    """By its option, and with pytest's own cache off, nothing is kept, and the header says so."""
    if options == ["--in-process"]:
        options += ["--case", "plain-*"]  # this framework dies of another
    line, containers = told(project, *options)
    assert (line, set(containers)) == ("off", {"compiled, and not kept"})
    assert not (project.root / KEPT).exists()


def test_folder_that_cannot_be_written(project: Project) -> None:
    """Where pytest cannot have a cache folder, nothing is kept and the run goes on."""
    project.write("taken", "")
    line, containers = told(project, "--override-ini=cache_dir=taken", "-W", "ignore")
    assert (line, set(containers)) == ("off", {"compiled, and not kept"})
