"""An outcome is the pinned one: in every name, each with its value, and no name more or less."""

from typing import Any

import pytest

from conformance.claim.outcome import among, same
from conformance.lstm.case import Instead
from tests.harness.observed import SEQUENCES as CASE

CARRIES = {"y": "float32", "layers.*.c": "float32"}


@pytest.mark.parametrize(
    ("pinned", "seen", "is_same"),
    [
        ({"y": [5, 2]}, {"y": [5, 2]}, True),
        ({"y": [5, 2]}, {"y": [5, 3]}, False),
        ({"y": [5, 2]}, {"y": [5, 2], "z": [5, 2]}, False),
        ({"y": [5, 2], "z": [5, 2]}, {"y": [5, 2]}, False),
        ({}, {}, True),
        (CARRIES, {"y": "float32", "layers.0.c": "float32"}, True),
        (CARRIES, {"y": "float32", "layers.0.c": "float32", "layers.1.c": "float32"}, True),
        (CARRIES, {"y": "float32"}, False),
        (CARRIES, {"layers.0.c": "float32"}, False),
        (CARRIES, {"y": "float32", "layers.0.c": "float32", "layers.1.c": "float64"}, False),
        (CARRIES, {"y": "float32", "layers.0.c": "float32", "layers.0.h": "float32"}, False),
        ({"y*": 1, "*": 2}, {"y": 1}, False),
        ({"y": ["batch_size", -1, "2 * hidden_units"]}, {"y": [2, -1, 8]}, True),
        ({"y": ["batch_size", -1, "2 * hidden_units"]}, {"y": [2, 5, 8]}, False),
    ],
)
def test_same(pinned: dict[str, Any], seen: dict[str, Any], is_same: bool) -> None:
    """Globs stand for the names of a family, and leave no other unsaid; a shape may be a law."""
    assert same(Instead("differs", seen), Instead("differs", pinned), CASE) is is_same


def test_another_outcome() -> None:
    """What crashes is not what was rejected."""
    assert not same(Instead("crashed", {}), Instead("rejected", {}), CASE)


def test_among() -> None:
    """Of several outcomes any one will do."""
    outcomes = [Instead("crashed", {"detail": "S"}), Instead("rejected", {"exception": "E"})]
    assert among(Instead("rejected", {"exception": "E"}), outcomes, CASE)
    assert not among(Instead("rejected", {"exception": "F"}), outcomes, CASE)
