"""Mutants: the changed source, the lines that it touches, and its import."""

import importlib
import sys
from pathlib import Path

import pytest

from conformance.kill.fault import Fault
from conformance.kill.mutant import importable, mutated, touched

SOURCE = '''\
LIMIT = 3


def run(x, most=LIMIT):
    """Return x, or the most of it."""
    if x > most and (
        x > 0
    ):
        x = most
        y = x
    else:
        y = 2 * x
    return (
        x
        + y
    )
'''


def fault(right: str, wrong: str = "") -> Fault:
    """Return a fault of one change."""
    return Fault("some", "kind", "", "", {right: wrong})


def test_changes() -> None:
    """Each change takes the place of what is right."""
    both = Fault("some", "kind", "", "", {"2 * x": "3 * x", "x > 0": "x > 1"})
    assert mutated("2 * x, x > 0", both) == "3 * x, x > 1"


@pytest.mark.parametrize(
    ("right", "lines"),
    [
        ("x = most", {9}),
        ("x = most\n        y = x\n", {9, 10}),
        ("x > 0", {6, 7, 8}),  # the head of a compound statement
        ("+ y", {13, 14, 15, 16}),  # a statement is run from its first line
        ("2 * x", {12}),
        ("LIMIT = 3", None),
        ("most=LIMIT", None),
        ("y = x\n    else:", None),  # no line of a statement
    ],
)
def test_touched(right: str, lines: set[int] | None) -> None:
    """The lines of the statements changed; none where the change may reach any case."""
    assert touched(SOURCE, fault(right)) == lines


def test_importable(tmp_path: Path) -> None:
    """A mutant is imported by its name, and forgotten afterwards."""
    with importable(tmp_path, "some_mutant", "VALUE = 7\n") as name:
        assert importlib.import_module(name).VALUE == 7
    assert "some_mutant" not in sys.modules
    assert str(tmp_path) not in sys.path
