"""``python -m conformance versions``: whether an adapter runs on the oldest and the newest."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.__main__ import main
from tests.harness.upgrade.wheels import PINS, Upgrades


@pytest.fixture
def pinned(upgrades: Upgrades) -> Iterator[Path]:
    """Return the file of pins, which is put back."""
    path = upgrades.project.root / "constraints.txt"
    yield path
    path.write_text(PINS, "utf-8")


def test_both_ends(upgrades: Upgrades, pinned: Path) -> None:
    """Both ends are told with their releases; an adapter that fails by itself is status 1."""
    pinned.write_text(PINS.replace("frame==1.0", "frame==3.0"), "utf-8")
    done = upgrades.main("versions", "frame", "--environments", str(upgrades.environments))
    oldest, newest, why = done.stdout.splitlines()
    assert done.returncode == 1, done.stderr
    assert " ".join(oldest.split()) == "frame oldest frame 1.0, companion 6: 2 cases"
    assert " ".join(newest.split()) == "frame newest frame 3.0, companion 6: 1 failed"
    assert "raises AttributeError: module 'frame' has no attribute 'lstm' at " in why


def test_not_to_be_had(upgrades: Upgrades, pinned: Path) -> None:
    """Releases that the installer refuses are told in its words, and fail."""
    pinned.write_text(PINS.replace("frame==1.0", "frame==9"), "utf-8")
    where = ("--environments", str(upgrades.environments))
    done = upgrades.main("versions", "frame", "--end", "newest", *where)
    head, why = done.stdout.splitlines()
    assert (done.returncode, " ".join(head.split())) == (1, "frame newest not to be had: 1 failed")
    assert "frame==9" in why


def test_unknown(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """An adapter that is not there is one line and status 2."""
    (tmp_path / "adapters").mkdir()
    (tmp_path / "adapters" / "frame.py").touch()
    assert main(["versions", "farme"], tmp_path) == 2
    assert capsys.readouterr().err == "farme: no such adapter: did you mean 'frame'?\n"
