"""Coverage: which few values can meet in what an adapter has, and which do in a case that shows it.

A case shows what it has where three steps, two sequences and two features tell mistakes apart, and,
where lengths are given, one sequence ends early and another does not; where a mask is, it leaves a
step out before one that counts.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, product
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.casefile.extreme import EXTREMES
from conformance.casefile.factor import EXTREME, PLAIN, Space, Vectors, met
from conformance.casefile.forbidden import Few, forbidden
from conformance.casefile.row import extremes_of, row_of
from conformance.lstm.agreement import RULES, Rule
from conformance.lstm.case import Case, Dimensions, Layer

Flags = NDArray[np.bool_]
Indices = NDArray[np.int64]
Lacks = Mapping[str, Sequence[Rule]]  # by adapter: the rules that a layer breaks which it has not


@dataclass(frozen=True)
class Goals:
    """What is to be met: every `strength` values of different factors of a space.

    `of` names a factor that must be one of them, where there is one.
    """

    space: Space
    strength: int
    of: str = ""

    @cached_property
    def groups(self) -> list[tuple[int, ...]]:
        """Every group of factors whose values are to meet."""
        names = list(self.space.factors)
        groups = combinations(range(len(names)), self.strength)
        return [one for one in groups if not self.of or names.index(self.of) in one]

    @cached_property
    def numbers(self) -> Indices:
        """(goal, strength): the numbers of the values that meet; goals of a group lie together."""
        starts, sizes = self.space.starts.tolist(), self.space.sizes.tolist()
        values = [range(start, start + size) for start, size in zip(starts, sizes, strict=True)]
        return np.array(
            [
                numbers
                for group in self.groups
                for numbers in product(*(values[one] for one in group))
            ]
        )

    @cached_property
    def begins(self) -> Indices:
        """(group,): the first goal of each group."""
        goals = self.space.sizes[np.array(self.groups)].prod(axis=1)
        return np.asarray(np.cumsum(goals) - goals)

    @cached_property
    def steps(self) -> Indices:
        """(group, strength): how many goals ahead that of a factor's next value is."""
        sizes = self.space.sizes.tolist()
        return np.array(
            [
                [prod(sizes[one] for one in group[place + 1 :]) for place in range(self.strength)]
                for group in self.groups
            ]
        )

    def met_by(self, vectors: Vectors) -> Indices:
        """(row, group): the goals that rows meet."""
        return np.asarray(
            (vectors[:, np.array(self.groups)] * self.steps).sum(axis=2) + self.begins
        )

    def shown_by(self, case: Case) -> Indices:
        """The goals that a case meets and can show: gates that are closed hide most mistakes."""
        if not case.run or case.must_reject or not case.numbers.usual:
            return np.zeros(0, np.int64)
        unseen = hidden(case.layer, case.dimensions, case.lengths, case.mask)
        row = row_of(case.layer, case.dimensions)
        if not met(row):
            return np.zeros(0, np.int64)
        if "extreme" in self.space.factors:
            found = extremes_of(case.layer, case.dimensions)
            rows = [{**row, "extreme": one} for one in found if unseen <= EXTREMES[one].hides]
        else:
            rows = [] if unseen else [row]
        return self.met_by(self.space.vectors(rows)).ravel()

    def possible(self, barred: frozenset[Few]) -> Flags:
        """(goal,): whether some row that has nothing of `barred` meets it."""
        has = np.zeros((len(self.numbers), len(self.space.numbers)), bool)
        np.put_along_axis(has, self.numbers, True, axis=1)
        can = np.ones(len(has), bool)
        for few in barred:
            can &= ~has[:, sorted(few)].all(axis=1)
        return can

    def told(self, goal: int) -> dict[str, Any]:
        """The values of a goal by the names of their factors."""
        return self.space.told(self.numbers[goal].tolist())


PAIRS = Goals(PLAIN, 2)
TRIPLES = Goals(PLAIN, 3)
SIZES = Goals(EXTREME, 2, of="extreme")


def hidden(
    layer: Layer,
    dimensions: Dimensions,
    lengths: Sequence[int],
    mask: Sequence[Sequence[int]] = (),
) -> frozenset[str]:
    """What is too small for a mistake in it to be seen."""
    width = min(dimensions.hidden_units, layer.projection_size or dimensions.hidden_units)
    small = {
        "batch_size": layer.layout != "unbatched" and dimensions.batch_size < 2,
        "time_steps": dimensions.time_steps < 3,
        "embedding_dim": dimensions.embedding_dim < 2,
        "hidden_units": width < 2,
        "lengths": bool(lengths) and not _ends_early(layer, dimensions, lengths),
        "mask": bool(mask) and all(list(row) == sorted(row, reverse=True) for row in mask),
    }
    return frozenset(name for name, hides in small.items() if hides)


def _ends_early(layer: Layer, dimensions: Dimensions, lengths: Sequence[int]) -> bool:
    """Whether a sequence ends before the last step, and another of its batch does not."""
    if layer.layout == "unbatched":
        return lengths[0] < dimensions.time_steps
    return min(lengths) < max(lengths) == dimensions.time_steps


def barred(space: Space, rules: Sequence[Rule]) -> frozenset[Few]:
    """All that cannot meet where `rules` hold beside those of every layer."""
    return forbidden(space, [*RULES, *rules])


@dataclass(frozen=True)
class Count:
    """Of what one adapter can meet: how much, and which goals no case shows."""

    possible: int
    missing: tuple[int, ...]

    @property
    def met(self) -> int:
        """How much is met."""
        return self.possible - len(self.missing)


def counts(goals: Goals, cases: Iterable[Case], lacks: Lacks) -> dict[str, Count]:
    """Of `goals`, how much each adapter meets in those of the cases that it runs."""
    left = unmet(goals, cases, lacks)
    can = {name: goals.possible(barred(goals.space, rules)) for name, rules in lacks.items()}
    return {
        name: Count(int(can[name].sum()), tuple(np.flatnonzero(open_).tolist()))
        for name, open_ in zip(lacks, left.T, strict=True)
    }


def unmet(goals: Goals, cases: Iterable[Case], lacks: Lacks) -> Flags:
    """(goal, adapter): whether the adapter can meet it, and does in none of the cases."""
    left = np.stack(
        [goals.possible(barred(goals.space, rules)) for rules in lacks.values()], axis=1
    )
    for case in cases:
        shown = goals.shown_by(case)
        if len(shown):
            runs = [
                not any(rule.broken(case.layer, case.dimensions) for rule in rules)
                for rules in lacks.values()
            ]
            left[np.ix_(shown, np.flatnonzero(runs))] = False
    return left
