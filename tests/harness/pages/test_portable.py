"""`conformance.pages.portable`: what holds everywhere, by a rule."""

from dataclasses import replace

import pytest

from adapters.contract import Gap
from conformance.__main__ import main
from conformance.pages.book import Book
from conformance.pages.option import parsed
from conformance.pages.portable import FILE, answer, portable
from tests.harness.pages.books import LINK, book, pin
from tests.harness.project import ROOT

GAP = Gap({"bidirectional": True}, why="It reads one way.", source=LINK)
OWN = Gap({"lengths": "given"}, why="It is not run.", source=LINK, own=True)
NARROW = pin(kind={"dtype": ("float16",)})


def section(full: Book, title: str) -> str:
    """Return a section of the page."""
    return portable(full)[FILE].partition(f"## {title}\n")[2].partition("\n## ")[0]


def test_everywhere() -> None:
    """What all agree on is everywhere, and what one of two has not is no more than in some."""
    assert "| `dtype=float16` | all 2 |" in section(book(), "Everywhere")
    assert "dtype=float16" not in section(book(NARROW), "Everywhere")
    said = "| `dtype=float16` | 1: two | one: **differs** (1) |  |"
    assert said in section(book(NARROW), "In some")


def test_nearly_everywhere() -> None:
    """What three of four agree on is nearly everywhere, with the exception and its reason."""
    full = book(NARROW)
    two = full.frameworks["two"]
    more = {name: replace(two, label=name) for name in ("three", "four")}
    found = section(replace(full, frameworks={**full.frameworks, **more}), "Nearly everywhere")
    assert "| `dtype=float16` | 3: two, three, four | one: **differs** (1) |  |" in found
    assert f"1. It is known. [source]({LINK})" in found


def test_of_one_framework() -> None:
    """What the adapters of one framework have alone does not carry over."""
    full = book(gaps=(GAP,))
    apart = replace(full.frameworks["two"], versions={"other": "1"})
    full = replace(full, frameworks={**full.frameworks, "two": apart})
    assert "| `bidirectional` | 1: two |  | one: no (1) |" in section(full, "Of one framework")


def test_pairs() -> None:
    """A pair on which one agrees that agrees on each of the two is told."""
    both = pin(kind={"bidirectional": (True,), "lengths": ("given",)})
    found = section(book(both), "Pairs")
    assert "| `bidirectional` | `lengths=given` | one: **differs** (1) |" in found


def test_answer() -> None:
    """One layer is told for each framework: who agrees, with its shapes, and why one does not."""
    full = book(gaps=(GAP, OWN))
    lines = list(answer(full, parsed("bidirectional, hidden_units=7")))
    assert lines[1].startswith("1 of 2 agree, 0 in part; 0 differ, 1 do not run it")
    at = lines.index("two: agrees")
    assert lines[at + 1] == "  y (batch 2, time 5, direction*hidden 2*7=14)"
    at = lines.index("one: has no such layer")
    assert lines[at + 1] == f"  It reads one way. ({LINK})"
    assert "one: the adapter does not run it" in answer(full, parsed("lengths=given"))


@pytest.mark.parametrize("text", ["merge=sun", "bidirectional=maybe", "x", "merge=sum"])
def test_no_layer(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What names no layer is one line, and no traceback."""
    assert main(["portable", text], ROOT) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert len(told.err.splitlines()) == 1
