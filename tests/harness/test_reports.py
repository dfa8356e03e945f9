"""`docs/reports.md`: what is said to see a report is there."""

import re
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from conformance.casefile.load import load_cases

ROOT = Path(__file__).resolve().parents[2]
ROWS = [
    line.strip("| ").split(" | ")
    for line in (ROOT / "docs/reports.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith("| report ")
]
CASES = {case.id for case in load_cases(ROOT)}


def missing(seen: str) -> list[str]:
    """Return what of a row's last column is neither a file nor the id of a case."""
    named = [one for one in re.findall(r"`([^`]+)`", seen) if ":" not in one]
    return [
        one
        for one in named
        if not (ROOT / one).exists() and not any(fnmatchcase(case, one) for case in CASES)
    ]


@pytest.mark.parametrize("row", ROWS, ids=[row[0].split("]")[0].strip("[") for row in ROWS])
def test_row(row: list[str]) -> None:
    """Each report names cases, files or both, all of which are there, or says what is open."""
    _, _, seen = row
    assert missing(seen) == []
    assert "`" in seen or seen.startswith("open: ")


def test_can_fail() -> None:
    """A case that is not there, and a file that is not, are found."""
    assert missing("`guide-*`, `no-such-case`, `docs/none.md`") == ["no-such-case", "docs/none.md"]
