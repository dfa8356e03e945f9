"""`conformance.pages.standing`: how a framework stands to a layer."""

import pytest

from adapters.contract import Gap
from conformance.lstm.case import Deviation
from conformance.pages.option import parsed
from conformance.pages.standing import standing
from tests.harness.pages.books import LINK, WHY, book, pin

GAP = Gap({"bidirectional": True}, why="It reads one way.", source=LINK)


def kind(text: str, *pins: Deviation, gaps: tuple[Gap, ...] = ()) -> str:
    """Return how the framework with pins and gaps stands to a layer."""
    return standing(book(*pins, gaps=gaps), "one", parsed(text)).kind


def test_agrees() -> None:
    """A layer that a case shows, and of which nothing is pinned, agrees; one unshown is unseen."""
    assert kind("dtype=float16") == "agrees"
    assert kind("dtype=float16, bidirectional") == "unseen"


def test_gap() -> None:
    """A layer in a gap is one, with its reason."""
    found = standing(book(gaps=(GAP,)), "one", parsed("bidirectional"))
    assert found.kind == "gap"
    assert list(found.reasons) == [("It reads one way.", LINK)]
    assert standing(book(gaps=(GAP,)), "two", parsed("bidirectional")).kind == "agrees"


@pytest.mark.parametrize(
    ("text", "changed", "expected"),
    [
        ("", {"kind": {"dtype": ("float16",)}}, "agrees"),
        ("dtype=float16", {"kind": {"dtype": ("float16",)}}, "differs"),
        ("dtype=float16", {"kind": {"dtype": ("any",)}}, "differs"),
        ("dtype=float16", {"kind": {"dtype": ("float16",), "time_steps": (5,)}}, "partly"),
        ("dtype=float16", {"kind": {"dtype": ("float16",), "run": (True,)}}, "differs"),
        ("dtype=float16", {"kind": {"dtype": ("float16",), "run": (False,)}}, "partly"),
        ("dtype=float16", {"kind": {"dtype": ("float16",), "behind": ("nan",)}}, "partly"),
        ("dtype=float16", {"kind": {"dtype": ("float16",), "time_steps": (0,)}}, "agrees"),
        ("dtype=float16", {"kind": {"dtype": ("float16",)}, "version": "numpy<1"}, "agrees"),
        ("dtype=float16", {"kind": {"dtype": ("float16",)}, "claims": ("rejects",)}, "agrees"),
        ("lengths=given", {"cases": "plain-early*"}, "differs"),
        ("lengths=given", {"cases": "plain-early"}, "partly"),
        ("lengths=given, bidirectional", {"cases": "plain-early"}, "unseen"),
    ],
)
def test_pins(text: str, changed: dict[str, object], expected: str) -> None:
    """A pin on every such layer differs, one on some sizes or cases in part, another not at all."""
    assert kind(text, pin(**changed)) == expected


def test_reasons() -> None:
    """A reason that two pins give is told once."""
    found = standing(book(pin(), pin(claims=("values",))), "one", parsed(""))
    assert list(found.reasons) == [(WHY, LINK)]
