"""Rows for a covering array: few of them, in which every adapter meets all that it can.

Adapters have gaps of their own, and a row costs each that has it a run. So the next row is the one
that meets the most of what is left for what it costs: the best of some random rows, each changed
one value at a time for as long as that makes it better. That of options with many values is worth
more, since it decides how many rows there must be.
"""

import random
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from conformance.casefile.cover import Flags, Goals, Lacks, barred
from conformance.casefile.factor import Vector, Vectors
from conformance.casefile.forbidden import possible
from conformance.casefile.row import layer_of, row_of

STARTS = 24  # random rows from which the next one is sought
COST = 4  # of a row in itself, as much as so many runs of it
Gains = NDArray[np.float64]


def rows(goals: Goals, lacks: Lacks, left: Flags, kept: Vectors) -> Iterator[Vectors]:
    """The rows that meet what is `left` (goal, adapter), beginning with those of `kept`.

    Yields them with one more each time, and at last without those that the others make superfluous,
    which therefore come out as they are when they are `kept` again. The same every time.
    """
    search = _Search(goals, lacks, left)
    found = kept[search.runs(kept).any(axis=1)]
    for vector in found:
        search.meet(vector)
    while search.left.any():
        vector = search.next()
        search.meet(vector)
        found = np.concatenate([found, vector[None]])
        yield found
    yield search.needed(found, left)


class _Search:
    """What is left to meet, and the next row for it."""

    def __init__(self, goals: Goals, lacks: Lacks, left: Flags) -> None:
        self.goals, self.left, self.random = goals, left.copy(), random.Random(0)
        self._barred = [barred(goals.space, rules) for rules in lacks.values()]
        # (few, value): the numbers of each; the last one again, where others have more
        fews = [sorted(few) for one in self._barred for few in sorted(one, key=sorted)]
        longest = max(map(len, fews))
        self._fews = np.array([few + few[-1:] * (longest - len(few)) for few in fews])
        self._begins = np.cumsum([0, *map(len, self._barred[:-1])])  # those of each adapter
        self._factor = np.array(goals.space.factor_of)  # of each number
        self._place = np.arange(len(self._factor)) - goals.space.starts[self._factor]
        weight = goals.space.sizes[self._factor[goals.numbers]].prod(axis=1) ** 2
        self._worth: Gains = left * weight[:, None].astype(np.float64)
        # Of each factor the groups that it is in, and its steps there.
        within = [np.array(goals.groups) == factor for factor in range(len(goals.space.factors))]
        self._within = [(np.flatnonzero(one.any(axis=1)), goals.steps[one]) for one in within]

    def runs(self, vectors: Vectors) -> Flags:
        """(row, adapter): whether the adapter has the row."""
        has = np.zeros((len(vectors), len(self._factor)), bool)
        np.put_along_axis(has, vectors + self.goals.space.starts, True, axis=1)
        broken = has[:, self._fews].all(axis=2)
        return ~np.logical_or.reduceat(broken, self._begins, axis=1)

    def meet(self, vector: Vector) -> None:
        """Take a row: what it meets is left no more."""
        (met,), (runs,) = self.goals.met_by(vector[None]), self.runs(vector[None])
        self.left[np.ix_(met, runs)] = False
        self._worth[np.ix_(met, runs)] = 0

    def next(self) -> Vector:
        """The best row found for what is left."""
        left = self.left.sum(axis=0).tolist()
        adapters = self.random.choices(range(len(left)), weights=left, k=STARTS)
        vectors = np.array([self._drawn(adapter) for adapter in adapters])
        while True:
            gains = self._gains(vectors)
            own = np.take_along_axis(gains, vectors + self.goals.space.starts, axis=1).max(axis=1)
            best = gains.argmax(axis=1)
            (better,) = np.nonzero(gains.max(axis=1) > own)
            if not len(better):
                return self._plain(vectors[own.argmax()])
            vectors[better, self._factor[best[better]]] = self._place[best[better]]

    def _drawn(self, adapter: int) -> Vector:
        """A random row that an adapter has and in which it meets something that is left."""
        space = self.goals.space
        goal = self.random.choice(np.flatnonzero(self.left[:, adapter]).tolist())
        has = frozenset[int](self.goals.numbers[goal].tolist())
        rest = sorted(set(range(len(space.factors))) - {space.factor_of[one] for one in has})
        for factor in self.random.sample(rest, len(rest)):
            numbers = np.flatnonzero(self._factor == factor).tolist()
            drawn = self.random.sample(numbers, len(numbers))
            # One is always possible, since what follows from the gaps is barred as well.
            has |= {next(one for one in drawn if possible(has | {one}, self._barred[adapter]))}
        return np.array(sorted(has)) - space.starts

    def _plain(self, vector: Vector) -> Vector:
        """The row with as many values as ever as lose it nothing."""
        space = self.goals.space
        usual = row_of(*layer_of({}))
        for factor, name in enumerate(space.factors):
            (gains,) = self._gains(vector[None])
            number = space.numbers.get((name, usual.get(name)))
            own = gains[space.starts[factor] + vector[factor]]
            if number is not None and gains[number] >= own:
                vector[factor] = self._place[number]
        return vector

    def _gains(self, vectors: Vectors) -> Gains:
        """(row, number): what each row is worth for its cost, had it that value."""
        met = self.goals.met_by(vectors)
        every = self._worth[met].sum(axis=1)[:, None]  # (row, 1, adapter)
        worth = np.zeros((len(vectors), len(self._factor), self.left.shape[1]))
        for factor, (groups, steps) in enumerate(self._within):
            numbers = self._factor == factor
            ahead = self._place[numbers] - vectors[:, factor, None]  # (row, value)
            goals = met[:, None, groups] + ahead[:, :, None] * steps
            of_value = self._worth[goals].sum(axis=2)
            own = np.take_along_axis(of_value, vectors[:, factor, None, None], axis=1)
            worth[:, numbers] = every - own + of_value
        changed = np.repeat(vectors[:, None], len(self._factor), axis=1)
        changed[:, np.arange(len(self._factor)), self._factor] = self._place
        runs = self.runs(changed.reshape(-1, vectors.shape[1])).reshape(worth.shape)
        return np.asarray((worth * runs).sum(axis=2) / (COST + runs.sum(axis=2)))

    def needed(self, vectors: Vectors, left: Flags) -> Vectors:
        """The rows, less each in which all that was `left` is met by others of them too."""
        met = [
            np.ix_(*one) for one in zip(self.goals.met_by(vectors), self.runs(vectors), strict=True)
        ]
        times = np.zeros(left.shape, np.int64)
        for one in met:
            times[one] += 1
        kept = []
        for place, one in enumerate(met):
            if (left[one] & (times[one] == 1)).any():
                kept.append(place)
            else:
                times[one] -= 1
        return vectors[kept]
