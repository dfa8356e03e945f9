"""`conformance.pages.snippet`: what a user would write, line by line."""

from dataclasses import replace

import pytest

from adapters.contract import Snippet
from conformance.pages.option import parsed
from conformance.pages.snippet import numbered, snippet
from tests.harness.pages.books import book


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (
            "",
            [
                "x = ones((2, 5, 3))",
                "one = two",
                "y = one(x, bias=True)",
                'results = {"y": y}  # of 4',
            ],
        ),
        (
            "bidirectional, num_layers=3, projection_size=2, bias=false",
            [
                "x = ones((2, 5, 3))",
                "one = two",
                "y = both(x, 6)",
                "y = stacked(y, 3)",
                'results = {"y": y}  # of 2',
            ],
        ),
    ],
)
def test_lines(text: str, lines: list[str]) -> None:
    """The lines are those of the layer's options, with its sizes in them."""
    assert snippet(book(), "one", parsed(text)) == "\n".join(lines)


def test_numbered() -> None:
    """For numbers, x is made of an array, and weights are loaded before the call."""
    known = book()
    loads = replace(known.convention("one"), loader="one.load(weights)")
    frameworks = {"one": replace(known.frameworks["one"], convention=loads)}
    told = numbered(replace(known, frameworks=frameworks), "one", parsed("")).splitlines()
    assert told == [
        "x = two(array)",
        "one = two",
        "own = [one]",
        "one.load(weights)",
        "y = one(x, bias=True)",
        'results = {"y": y}  # of 4',
    ]


def test_no_snippet() -> None:
    """A layer of which the snippet does not speak has none, and an adapter without one."""
    assert snippet(book(), "one", parsed("dropout")) is None
    assert snippet(book(), "two", parsed("")) is None


def test_unknown_name() -> None:
    """A name that is neither an option nor a size is no text."""
    wrong = replace(book(), snippets={"one": Snippet(("x = $nothing",), (), ())})
    with pytest.raises(KeyError, match="nothing"):
        snippet(wrong, "one", parsed(""))
