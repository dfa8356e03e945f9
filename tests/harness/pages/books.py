"""Small books of fakes, for tests of pages."""

from dataclasses import replace
from typing import Any

from adapters.contract import Gap, Line, Snippet
from conformance.lstm.case import Case, Deviation, Dimensions, Instead, Layer, Record
from conformance.pages.book import Book
from conformance.process.framework import find
from tests.harness.project import ROOT

EVIL = "</script><img src=x onerror=alert(1)> | `x` [a](javascript:b) ::error::"
WHY = "It is known."
LINK = "https://example.org/why"
SNIPPET = Snippet(
    (
        "x = ones(($batch_size, $time_steps, $embedding_dim))",
        "one = two",
    ),
    (
        Line("y = both(x, $rows)", {"bidirectional": True}),
        Line("y = one(x, bias=$bias)", {"bidirectional": False}),
        Line("y = stacked(y, $num_layers)", {"num_layers": "*"}),
        'results = {"y": y}  # of $state_units',
    ),
    options=("bidirectional", "bias", "projection_size", "num_layers"),
    fed="two(array)",
    loading=("own = [one]", "$loader"),
)
SIZES = Dimensions(batch_size=2, time_steps=5, embedding_dim=3, hidden_units=4)


def case(name: str, layer: Layer = Layer(), dimensions: Dimensions = SIZES) -> Case:  # noqa: B008
    """Return a case of right input."""
    return Case(
        id=f"plain-{name}",
        behaviour="plain",
        about="As it is.",
        source=LINK,
        where="cases/plain.yaml:1",
        layer=layer,
        dimensions=dimensions,
        expect={"output": (2, 5, 4)},
    )


CASES = (
    case("usual"),
    case("narrow", Layer(dtype="float16")),
    case("both", Layer(bidirectional=True)),
    case("early", Layer(lengths="given")),
    case("early-long", Layer(lengths="given"), replace(SIZES, time_steps=6)),
    replace(case("recorded"), record=("container",)),
)


def pin(framework: str = "one", **changed: Any) -> Deviation:
    """Return a pin on the shapes of every case."""
    plain: dict[str, Any] = {
        "framework": framework,
        "cases": "*",
        "claims": ("shapes",),
        "version": "numpy>=1",
        "outcomes": (Instead("differs", {"y": [2, 4]}),),
        "why": WHY,
        "source": LINK,
        "where": "cases/deviations/one.yaml:3",
    }
    return Deviation(**{**plain, **changed})


def record(value: Any, framework: str = "one", name: str = "container") -> Record:
    """Return a record of the case that records something."""
    return Record(framework, "plain-recorded", name, "numpy>=1", value, LINK, "x.yaml:1")


def book(*pins: Deviation, records: tuple[Record, ...] = (), gaps: tuple[Gap, ...] = ()) -> Book:
    """Return a book of two right frameworks, ``one`` and ``two``; pins and gaps are of ``one``."""
    (right,) = find(ROOT, ["tests.harness.adapters.right"])
    one = replace(right, label="one", gaps=gaps, versions={"numpy": "2.0"})
    two = replace(right, label="two", gaps=(), versions={"numpy": "2.0"})
    return Book(
        frameworks={"one": one, "two": two},
        every_gap={"one": gaps, "two": ()},
        snippets={"one": SNIPPET},
        stories={"one": "One, of a kind.", "two": "Two."},
        cases=CASES,
        deviations=pins,
        records=records,
    )
