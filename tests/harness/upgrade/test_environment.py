"""`conformance.upgrade.environment`: one environment for what comes to the same, and no other."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from conformance.upgrade import environment
from conformance.upgrade.environment import differences, distributions, made
from conformance.upgrade.installer import InstallError, Pins

PINS = {"frame": "frame==1.0", "numpy": "numpy==2.4.6"}


@pytest.fixture
def installs(monkeypatch: pytest.MonkeyPatch) -> list[Pins]:
    """Keep what would be installed; a release 9 fails half-way."""
    asked: list[Pins] = []

    def create(folder: Path, pins: Pins, _: str) -> None:
        folder.mkdir(parents=True)
        asked.append(pins)
        if "frame==9" in pins.values():
            raise InstallError("no such release")

    monkeypatch.setattr(environment, "create", create)
    return asked


def make(folder: Path, pins: Pins, python: str = sys.executable) -> str:
    """Return the interpreter of an environment."""
    return made(folder, pins, python, lambda _: None)


def test_once(installs: list[Pins], tmp_path: Path) -> None:
    """The same releases are installed once, in whatever order they are named."""
    first = make(tmp_path, PINS)
    assert make(tmp_path, dict(reversed(PINS.items()))) == first
    assert installs == [PINS]
    assert (Path(first).parents[1] / "distributions.txt").read_text().split() == [*PINS.values()]


def test_another(installs: list[Pins], tmp_path: Path) -> None:
    """Another release, or another interpreter, is another environment."""
    make(tmp_path, PINS)
    make(tmp_path, {**PINS, "numpy": "numpy==2.4.5"})
    make(tmp_path, PINS, "/usr/bin/python3.13")
    assert len(installs) == len(list(tmp_path.iterdir())) == 3


def test_another_build(installs: list[Pins], tmp_path: Path) -> None:
    """A wheel that was built again is installed again."""
    wheel = tmp_path / "frame-1.0-py3-none-any.whl"
    wheel.write_bytes(b"")
    for pin in (wheel.as_uri(), f"frame @ {wheel.as_uri()}", str(wheel)):
        make(tmp_path, {"frame": pin})
        make(tmp_path, {"frame": pin})
        os.utime(wheel, ns=(1, wheel.stat().st_mtime_ns + 1))
        make(tmp_path, {"frame": pin})
    assert len(installs) == 6


def test_source(installs: list[Pins], tmp_path: Path) -> None:
    """Source that was edited is installed again; what a build leaves beside it is no edit."""
    source = tmp_path / "source"
    for name in ("frame/__init__.py", "frame.egg-info/PKG-INFO", "build/lib/x.py"):
        (source / name).parent.mkdir(parents=True)
        (source / name).touch()
    pins = {"frame": source.as_uri()}
    make(tmp_path / "there", pins)
    for name in ("frame.egg-info/PKG-INFO", "build/lib/x.py", "frame/__init__.py"):
        os.utime(source / name, ns=(1, 1))
        make(tmp_path / "there", pins)
    assert len(installs) == 2


def test_failed(installs: list[Pins], tmp_path: Path) -> None:
    """What could not be installed leaves nothing behind, and is tried again."""
    for _ in range(2):
        with pytest.raises(InstallError):
            make(tmp_path, {"frame": "frame==9"})
    assert (len(installs), list(tmp_path.iterdir())) == (2, [])


def test_left_behind(installs: list[Pins], tmp_path: Path) -> None:
    """What a killed process left is removed; what a living one is at is not."""
    home = Path(make(tmp_path, PINS)).parents[1]
    shutil.rmtree(home)
    dead, alive = (tmp_path / f"{home.name}.{pid}.part" for pid in (2**22 + 1, os.getppid()))
    for draft in (dead, alive):
        draft.mkdir()
    make(tmp_path, PINS)
    assert (dead.exists(), alive.exists(), len(installs)) == (False, True, 2)


def test_distributions() -> None:
    """All distributions of an interpreter are listed, with their versions."""
    assert distributions("")["pytest"] == pytest.__version__
    with pytest.raises(OSError, match="/nowhere/python"):
        distributions("/nowhere/python")


def test_differences() -> None:
    """What differs between the sides is told apart from what does not."""
    assert differences({"a": "1", "b": "2"}, {"a": "1", "b": "3", "c": "4"}) == [
        "distributions that differ: b 2 -> 3, c - -> 4",
        "on both sides: a 1",
    ]
