"""Covering arrays: every combination that could meet does, as counted without covertable."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from conformance.casefile.cover import ARRAYS, Array, layer_of, possible, uncovered
from conformance.casefile.load import load_cases
from conformance.lstm.agreement import contradictions

ROOT = Path(__file__).resolve().parents[3]
CASES = load_cases(ROOT)
every_array = pytest.mark.parametrize("array", ARRAYS, ids=lambda array: array.behaviour)

SMALL = Array("x", "x", 2, {"bidirectional": (False, True), "merge": ("concat", "sum")})


@every_array
def test_covered(array: Array) -> None:
    """In the shipped cases every few values meet, but for those that contradict each other."""
    cases = [case for case in CASES if case.behaviour == array.behaviour]
    assert uncovered(array, cases) == []


@every_array
def test_a_lost_case_is_seen(array: Array) -> None:
    """Without its first case an array leaves something out: the count can fail."""
    cases = [case for case in CASES if case.behaviour == array.behaviour]
    assert uncovered(array, cases[1:]) != []


@every_array
def test_nightly(array: Array) -> None:
    """The array of fours runs on demand, those of threes on every run."""
    cases = [case for case in CASES if case.behaviour == array.behaviour]
    assert {"nightly" in case.tags for case in cases} == {array.strength == 4}


def test_uncovered() -> None:
    """Of two options with two values, no case leaves three pairs that do not contradict."""
    assert uncovered(SMALL, []) == [
        {"bidirectional": False, "merge": "concat"},
        {"bidirectional": True, "merge": "concat"},
        {"bidirectional": True, "merge": "sum"},
    ]


@pytest.mark.parametrize(
    ("few", "can"),
    [
        ({"merge": "sum"}, True),
        ({"merge": "sum", "reverse": True}, False),
        ({"layout": "unbatched", "batch_size": 3}, False),
        ({"keep_order": True, "lengths": "given"}, True),
        ({"gradients": True, "stateful": "reset"}, False),
    ],
)
def test_possible(few: Mapping[str, Any], can: bool) -> None:
    """A few values are possible where some whole row with them does not contradict itself."""
    (triples,) = (array for array in ARRAYS if array.behaviour == "coverage-triples")
    assert possible(triples, few) is can


def test_row_of_defaults() -> None:
    """A row that names nothing is a plain layer, of one sequence where it is unbatched."""
    assert not any(contradictions(*layer_of({})))
    assert layer_of({"layout": "unbatched"})[1].batch_size == 1
