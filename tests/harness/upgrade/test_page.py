"""``docs/releases.md``: written from what is stated and pinned, and current."""

from pathlib import Path

import pytest
from packaging.requirements import Requirement

from conformance.__main__ import main
from conformance.command import CommandError
from conformance.process.framework import shipped
from conformance.process.source import declared
from conformance.upgrade.page import PAGE, page
from conformance.upgrade.versions import oldest

ROOT = Path(__file__).resolve().parents[3]


def test_current() -> None:
    """The page is what the command writes."""
    assert (ROOT / PAGE).read_text("utf-8") == page(ROOT)


def test_written(capsys: pytest.CaptureFixture[str]) -> None:
    """The command writes the page and prints where."""
    before = (ROOT / PAGE).read_text("utf-8")
    assert main(["releases"], ROOT) == 0
    assert capsys.readouterr().out == f"{ROOT / PAGE}\n"
    assert (ROOT / PAGE).read_text("utf-8") == before


@pytest.mark.parametrize("name", shipped(ROOT))
def test_oldest(name: str) -> None:
    """Each adapter states exactly one oldest release of its framework's own package, first."""
    packages = declared(f"adapters.{name.replace('-', '_')}", "PACKAGES")
    first = Requirement(oldest(name)[0])
    assert first.name in packages[0].split("|")
    assert [one.operator for one in first.specifier] == ["=="]


def test_none_stated() -> None:
    """An adapter that states no oldest release is told."""
    with pytest.raises(CommandError, match="it states no OLDEST releases"):
        oldest("tests.harness.adapters.right")
