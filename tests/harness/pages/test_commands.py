"""``python -m conformance pages``: what is generated is as it would be made now."""

from pathlib import Path

import pytest

from conformance.__main__ import main
from conformance.pages import commands
from conformance.pages.differences import FOLDER
from tests.harness.project import ROOT

ONE = FOLDER / "one.md"


def test_nothing_is_stale() -> None:
    """The pages of this project are those that its declarations and records make."""
    assert commands.stale(ROOT, commands.made(ROOT)) == [], f"mend: {commands.MEND}"


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder of which one page is made."""
    monkeypatch.setattr(commands, "made", lambda _: {ONE: "now\n"})
    return tmp_path


def test_check(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is missing, changed or left over is told, with the command that mends it."""
    assert main(["pages", "--check"], tree) == 1
    assert capsys.readouterr().out.splitlines() == [f"{ONE}: stale", f"mend: {commands.MEND}"]
    assert main(["pages"], tree) == 0
    assert (tree / ONE).read_text() == "now\n"
    assert main(["pages", "--check"], tree) == 0
    (tree / ONE).write_text("before\n")
    (tree / FOLDER / "left.md").write_text("of a topic that is gone\n")
    capsys.readouterr()
    assert main(["pages", "--check"], tree) == 1
    told = capsys.readouterr().out.splitlines()
    assert told == [f"{ONE}: stale", f"{FOLDER / 'left.md'}: stale", f"mend: {commands.MEND}"]
    assert (tree / ONE).read_text() == "before\n"


def test_mends(tree: Path) -> None:
    """Running it anew writes what is stale and takes out what is left over."""
    (tree / FOLDER).mkdir(parents=True)
    (tree / FOLDER / "left.md").write_text("of a topic that is gone\n")
    assert main(["pages"], tree) == 0
    assert [path.name for path in (tree / FOLDER).iterdir()] == ["one.md"]
