"""Rows found for a small space: they meet everything, and none of them is superfluous."""

from functools import lru_cache

import numpy as np
import pytest

from conformance.casefile.cover import Flags, Goals, barred
from conformance.casefile.factor import PLAIN, Space, Vectors
from conformance.casefile.greedy import rows
from conformance.lstm.agreement import Rule

NAMES = ("bidirectional", "reverse", "keep_order", "merge", "layout", "gradients")
GOALS = Goals(Space({name: PLAIN.factors[name] for name in NAMES}), 2)
LACKS = {
    "all": [],
    "forwards": [Rule(("reverse",), lambda layer, _: layer.reverse, "it reads forwards")],
    "batches": [Rule(("layout",), lambda layer, _: layer.layout == "unbatched", "in batches")],
}
NONE: Vectors = np.zeros((0, len(NAMES)), np.int64)


def left() -> Flags:
    """Return everything that each adapter can meet."""
    barred_of = [barred(GOALS.space, rules) for rules in LACKS.values()]
    return np.stack([GOALS.possible(one) for one in barred_of], axis=1)


@lru_cache
def found() -> Vectors:
    """Return the rows from nothing."""
    return list(rows(GOALS, LACKS, left(), NONE))[-1]


def unmet(vectors: Vectors) -> list[int]:
    """Return how many goals each adapter does not meet in rows that it has, counted one by one."""
    open_ = left()
    for vector in vectors:
        row = GOALS.space.row(vector)
        for place, rules in enumerate(LACKS.values()):
            bars = barred(GOALS.space, rules)
            has = {GOALS.space.numbers[pair] for pair in row.items()}
            if not any(few <= has for few in bars):
                open_[GOALS.met_by(vector[None])[0], place] = False
    return [int(one) for one in open_.sum(axis=0)]


def test_all_is_met() -> None:
    """Every adapter meets all that it can."""
    assert unmet(NONE) > [0, 0, 0]
    assert unmet(found()) == [0, 0, 0]


@pytest.mark.parametrize("lost", range(3))
def test_no_row_is_superfluous(lost: int) -> None:
    """Without any one row something is not met."""
    assert sum(unmet(np.delete(found(), lost, axis=0))) > 0


def test_few() -> None:
    """There are few rows: as many as two options with the most values need, and a few more."""
    assert 20 <= len(found()) <= 26


def test_the_same_again() -> None:
    """The rows are the same every time."""
    assert (list(rows(GOALS, LACKS, left(), NONE))[-1] == found()).all()


def test_kept() -> None:
    """Rows that are there and of use stay as they are, and no other comes in."""
    (again,) = rows(GOALS, LACKS, left(), found())
    assert (again == found()).all()


def test_superfluous_rows_go() -> None:
    """A row that is there twice is kept once."""
    (again,) = rows(GOALS, LACKS, left(), np.concatenate([found(), found()[:1]]))
    assert len(again) == len(found())


def test_a_lost_row_is_found_anew() -> None:
    """What a lost row met is met again, and the rows that are left stay."""
    *_, mended = rows(GOALS, LACKS, left(), found()[1:])
    assert unmet(mended) == [0, 0, 0]
    assert {tuple(row) for row in found()[1:]} <= {tuple(row) for row in mended}


def test_rows_that_none_has_go() -> None:
    """A row that contradicts itself is not kept."""
    row = {"bidirectional": True, "reverse": True, "keep_order": False}
    row |= {"merge": "concat", "layout": "batch_major", "gradients": False}
    *_, mended = rows(GOALS, LACKS, left(), GOALS.space.vectors([row]))
    assert GOALS.space.row(mended[0]) != row
