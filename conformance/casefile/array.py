"""The covering arrays of ``cases/coverage-*.yaml``: what each is to meet, and the text of its file.

``python -m conformance cover`` writes them, as cases like any other, each with its literal shapes.
An array has the rows that the hand-written cases of the default run leave to be met.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from conformance.casefile.cover import PAIRS, SIZES, TRIPLES, Goals, Lacks, unmet
from conformance.casefile.entry import lengths_of, mask_of
from conformance.casefile.factor import Row
from conformance.casefile.form import ON_DEMAND
from conformance.casefile.greedy import rows
from conformance.casefile.row import entry_lines, extremes_of, identity, layer_of, row_of
from conformance.lstm.case import Case

SOURCE = "https://csrc.nist.gov/projects/automated-combinatorial-testing-for-software"


@dataclass(frozen=True)
class Array:
    """One file: what its cases are to meet, beside those of the default run."""

    behaviour: str
    about: str
    goals: Goals
    tags: tuple[str, ...] = ()

    def counting(self, cases: Iterable[Case]) -> list[Case]:
        """The cases that count: those of the default run, and its own."""
        return [
            case for case in cases if case.behaviour == self.behaviour or not case.tags & ON_DEMAND
        ]


ARRAYS = (
    Array(
        "coverage-pairs",
        "Every two values of options that an adapter has meet in a case that can show them.",
        PAIRS,
    ),
    Array(
        "coverage-triples",
        "Every three values of options that an adapter has meet in a case that can show them.",
        TRIPLES,
        ("nightly", "triples"),
    ),
    Array(
        "coverage-sizes",
        "Every extreme of sizes meets every value of the options that an adapter has.",
        SIZES,
        ("nightly", "sizes"),
    ),
)


def made(
    array: Array, lacks: Lacks, cases: Sequence[Case], kept: Sequence[Case]
) -> Iterator[list[Row]]:
    """The rows of an array, one more each time, beginning with `kept`; the last are the right ones.

    `cases` are those that count beside its own.
    """
    space = array.goals.space
    left = unmet(array.goals, cases, lacks)
    begun = space.vectors(filter(None, (_row(array, case) for case in kept)))
    for found in rows(array.goals, lacks, left, begun):
        yield [space.row(vector) for vector in found]


def _row(array: Array, case: Case) -> Row | None:
    """The row of a case, where it is one of the array's space."""
    names = list(array.goals.space.factors)
    row = row_of(case.layer, case.dimensions)
    extremes = extremes_of(case.layer, case.dimensions) if "extreme" in names else [""]
    possible = [{name: {**row, "extreme": one}[name] for name in names} for one in extremes]
    same = (one for one in possible if layer_of(one) == (case.layer, case.dimensions))
    return next(same, None)


def case_of(array: Array, row: Row) -> Case:
    """The case of a row."""
    layer, dimensions = layer_of(row)
    name = f"{array.behaviour}-{identity(layer, dimensions)}"
    return Case(
        id=name,
        behaviour=array.behaviour,
        about=array.about,
        source=SOURCE,
        where="",
        layer=layer,
        dimensions=dimensions,
        lengths=lengths_of(layer, dimensions),
        mask=mask_of(name, layer, dimensions),
        tags=frozenset(array.tags),
    )


def text(array: Array, found: Iterable[Row]) -> str:
    """The case file of an array's rows."""
    lines = [
        "# yaml-language-server: $schema=schema.json",
        "# Written by: python -m conformance cover",
        f"behaviour: {array.behaviour}",
        f"about: {array.about}",
        f"source: {SOURCE}",
        *([f"tags: [{', '.join(array.tags)}]"] if array.tags else []),
        "cases:",
    ]
    for layer, dimensions in sorted(map(layer_of, found), key=lambda one: identity(*one)):
        lines += entry_lines(layer, dimensions)
    return "\n".join(lines) + "\n"
