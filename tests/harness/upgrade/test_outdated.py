"""``python -m conformance outdated``: pins behind the newest release."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from conformance.__main__ import main
from conformance.upgrade import commands
from conformance.upgrade.installer import InstallError
from conformance.upgrade.outdated import behind, lines
from tests.harness.upgrade.wheels import PINS, Upgrades

KNOWN = """\
framework: frame
deviations:
- {cases: a, version: "frame>=1.0"}
- {cases: b, version: "frame>=1.0,<2"}
- {cases: c, version: "frame<1"}
- {cases: d, version: "companion==6"}
- {cases: e, version: "frame>=1.0,<2"}
"""
RELEASES = {"frame": ["10.0", "2.0", "1.0"], "companion": ["6"], "numpy": []}


def test_behind(tmp_path: Path) -> None:
    """What has a newer release is told, with what is known of the pinned one alone."""
    path = tmp_path / "cases" / "deviations" / "frame.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(KNOWN, encoding="utf-8")
    pinned = [("frame", "1.0"), ("companion", "6"), ("numpy", "2.4.6")]
    (one,) = behind(tmp_path, pinned, RELEASES.__getitem__)
    assert list(lines(one)) == [
        "frame 1.0 -> 10.0",
        "  cases/deviations/frame.yaml:4: 2 deviations: frame<2,>=1.0: not of 10.0",
    ]


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Let the releases of each package be what a table says."""
    told: dict[str, list[str]] = {"frame": ["1.0"], "companion": ["6"], "numpy": ["2.4.6"]}

    def releases(name: str) -> Sequence[str]:
        if name not in told:
            raise InstallError("no index")
        return told[name]

    monkeypatch.setattr(commands, "releases", releases)
    return told


@pytest.fixture
def outdated(
    index: dict[str, list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Return the command on a project that has pins alone: its status, output and errors."""
    assert len(index) == PINS.count("==")
    (tmp_path / "constraints.txt").write_text(PINS, encoding="utf-8")

    def run(*arguments: str) -> tuple[int, str, str]:
        status = main(["outdated", *arguments], tmp_path)
        out, err = capsys.readouterr()
        return status, out, err

    return run


Outdated = Callable[..., tuple[int, str, str]]


def test_current(outdated: Outdated) -> None:
    """Where no pin is behind, that is said."""
    assert outdated()[:2] == (0, "3 pins, each the newest release that this Python has\n")


def test_listed(outdated: Outdated, index: dict[str, list[str]]) -> None:
    """A list alone is no failure, and only what is asked for is looked up."""
    index["frame"] = ["2.0", "1.0"]
    del index["numpy"]
    assert outdated("Frame")[:2] == (0, "frame 1.0 -> 2.0\n")


@pytest.mark.parametrize(
    ("name", "told"),
    [("farme", "farme: not pinned here: did you mean 'frame'?\n"), ("numpy", "no index\n")],
)
def test_bad_input(outdated: Outdated, index: dict[str, list[str]], name: str, told: str) -> None:
    """What is not pinned, and an index that does not answer, are one line and status 2."""
    del index["numpy"]
    assert outdated(name) == (2, "", told)


def test_run(upgrades: Upgrades) -> None:
    """With ``--run`` each upgrade to what pip reports is tried, and what changed is told."""
    tried = ("--run", "--case", "plain-*", "--environments", str(upgrades.environments))
    done = upgrades.main("outdated", "frame", "numpy", *tried)
    told = done.stdout.splitlines()
    assert (done.returncode, told[0]) == (0, "frame 1.0 -> 5.0  (frame)"), done.stderr
    assert "frame==1.0 -> frame==5.0" in told
    assert "distributions that differ: frame 1.0 -> 5.0" in told
