"""The page: what it says of rows, that it cannot be stale, and the shipped one."""

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from conformance.kill import page
from conformance.kill.commands import MUTANTS, made_of
from conformance.kill.fault import Fault, load_faults, load_stays
from conformance.kill.matrix import Row, put, rows
from conformance.kill.trial import Kill
from conformance.lstm.case import Case, Dimensions, Layer

ROOT = Path(__file__).resolve().parents[3]
SHIPPED = (ROOT / page.PAGE).read_text(encoding="utf-8")
FAULTS = load_faults(ROOT, ROOT / MUTANTS)
MOST_OPEN = 0  # faults that fewer than two cases tell; it may fall and never rise
SAMPLE = 3  # faults that are tried anew


def kill(behaviour: str, case: str = "a", *claims: str, on_demand: bool = False) -> Kill:
    """Return a case that tells something."""
    return Kill(f"{behaviour}-{case}", behaviour, claims or ("values",), on_demand)


def row(*kills: Kill, **given: str) -> Row:
    """Return a fault and what tells it."""
    fault = Fault("some", "kind", "All alike.", "Something is wrong.", {"1": "2"})
    return Row(replace(fault, **given), kills)


def case(behaviour: str) -> Case:
    """Return a case of a file."""
    dimensions = Dimensions(2, 3, 4, 5)
    return Case(f"{behaviour}-a", behaviour, "", "", "", Layer(), dimensions)


ONE = row(kill("stacked"), kill("stacked", "b", "shapes", "values"), id="one")
OPEN = row(kill("guide"), id="open", awaits="a larger number")
NO_FAULT = row(id="none", equivalent="It is the same.")
RARE = row(
    kill("coverage-sizes", "a", on_demand=True),
    kill("coverage-sizes", "b", on_demand=True),
    id="rare",
    shipped="https://github.com/somebody/something/pull/7",
)
ROWS = [ONE, OPEN, NO_FAULT, RARE]
CASES = [case(name) for name in ("stacked", "guide", "coverage-sizes")]


def test_line() -> None:
    """The line of a fault counts cases, claims and files, and says who had it."""
    assert page.line(ONE) == (
        "| one | Something is wrong. |  | 2 | shapes 1, values 2 | stacked 2 |"
    )
    assert "| [something#7](https://github.com/somebody/something/pull/7) | 2 on demand |" in (
        page.line(RARE)
    )
    assert "| 1: guide-a |" in page.line(OPEN)


def test_cells_keep_to_their_table() -> None:
    """What has the sign between cells in it breaks no table."""
    assert r"a \| b" in page.line(row(about="a | b"))


def test_text() -> None:
    """Each row stands where it belongs: open, no fault, by its kind; files have what is theirs."""
    text = page.text(ROWS, CASES, {"guide": "The first that is read."}, "abc")
    assert "| told by two cases or more | 2 |" in text
    assert "| ... on demand alone | 1 |" in text
    assert "| told by one case alone | 1 |" in text
    assert "| told by none yet | 0 |" in text
    assert "| open | Something is wrong. | guide-a | a larger number |" in text
    assert "| none | Something is wrong. | It is the same. |" in text
    assert "| stacked | 1 | 1 | 1 | one |" in text
    assert "| values | 3 | 2 |" in text


def test_alone() -> None:
    """A file is alone where no other tells a fault, but for the covering arrays."""
    both = row(kill("stacked"), kill("coverage-pairs"), id="both")
    assert page.only([ONE, both], "stacked") == ["one", "both"]
    assert page.only([ONE, both], "coverage-pairs") == []
    assert page.only(ROWS, "coverage-sizes") == ["rare"]


def test_files_that_stay() -> None:
    """A file that tells nothing alone says why it stays."""
    assert list(page.unexplained([ONE], CASES[:1], {})) == []
    (why,) = page.unexplained([], CASES[:1], {})
    assert why.startswith("stacked: tells no fault alone")
    assert list(page.unexplained([], CASES[:1], {"stacked": "It stays."})) == []
    assert list(page.unexplained([ONE], CASES[:1], {"flat": "x"})) == [
        "flat: no such file of cases"
    ]


def test_stale() -> None:
    """A page of other inputs, one that was changed by hand, and one without its line are stale."""
    text = page.text(ROWS, CASES, {}, "abc")
    assert page.stale(text, "abc") is None
    assert "was made of other" in str(page.stale(text, "abd"))
    assert "by hand" in str(page.stale(text.replace("wrong.", "right."), "abc"))
    assert "does not say" in str(page.stale(text.rpartition("<!--")[0], "abc"))


# The shipped page.


@cache
def tried() -> list[Row]:
    """Return a few faults, put to the cases anew: others for every page."""
    start = int(made_of(ROOT)[:8], 16)
    chosen = [FAULTS[(start + step * 101) % len(FAULTS)] for step in range(SAMPLE)]
    return list(rows(ROOT, chosen, jobs=1))


def test_shipped_page_is_current() -> None:
    """The page was made of today's code, cases and faults, and is as it was made."""
    assert page.stale(SHIPPED, made_of(ROOT)) is None


def test_shipped_page_is_true() -> None:
    """Faults that are tried anew are told by as many cases, claims and files as the page says."""
    lines = SHIPPED.splitlines()
    assert [page.line(one) for one in tried() if page.line(one) not in lines] == []


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.id for fault in FAULTS])
def test_shipped_faults_are_told(fault: Fault) -> None:
    """Every fault is told by two cases, or says what it awaits; what is no fault by none."""
    (line,) = (
        one
        for one in SHIPPED.splitlines()
        if one.startswith(f"| {fault.id} | ") and one.count(" | ") == 5
    )
    count = int(re.match(r"\d+", line.split(" | ")[3])[0])
    if fault.equivalent:
        assert count == 0
    else:
        assert (count < 2) == bool(fault.awaits)


def test_few_are_open() -> None:
    """The number of faults that too few cases tell does not grow."""
    assert sum(bool(fault.awaits) for fault in FAULTS) <= MOST_OPEN


def test_every_file_tells_something_or_says_why_it_stays() -> None:
    """In the shipped page no file of cases stands without a word."""
    table = SHIPPED.partition("## By file of cases")[2].partition("\n## ")[0]
    files = [line for line in table.splitlines() if re.match(r"\| [a-z-]+ \| \d", line)]
    assert len(files) == len({case.behaviour for case in put(ROOT)})
    assert [line for line in files if line.endswith("|  |")] == []
    assert load_stays(ROOT, ROOT / MUTANTS).keys() <= {case.behaviour for case in put(ROOT)}
