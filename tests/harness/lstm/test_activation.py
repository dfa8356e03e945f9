"""Activations: each at known points, and each slope against differences."""

import numpy as np
import pytest

from conformance.lstm.activation import ACTIVATIONS

# On both sides of every bend, and of none of them.
POINTS = np.array([-40.0, -3.5, -2.75, -1.0, -0.125, 0.125, 1.0, 2.75, 3.5, 40.0])


@pytest.mark.parametrize(
    ("name", "at", "is_"),
    [
        ("sigmoid", 0.0, 0.5),
        ("sigmoid", -1e4, 0.0),
        ("hard_sigmoid", 1.5, 0.75),
        ("hard_sigmoid", 3.5, 1.0),
        ("hard_sigmoid_fifth", 1.5, 0.8),
        ("hard_sigmoid_fifth", -2.75, 0.0),
        ("tanh", 40.0, 1.0),
        ("relu", -2.0, 0.0),
        ("relu", 2.0, 2.0),
        ("linear", -7.0, -7.0),
        ("softsign", -3.0, -0.75),
    ],
)
def test_of(name: str, at: float, is_: float) -> None:
    """The function that the name stands for."""
    assert ACTIVATIONS[name].of(np.array([at])) == pytest.approx([is_])


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_slope(name: str) -> None:
    """The slope, of what the function has given, is what differences come to."""
    function, step = ACTIVATIONS[name], 1e-6
    difference = (function.of(POINTS + step) - function.of(POINTS - step)) / (2 * step)
    assert function.slope(function.of(POINTS)) == pytest.approx(difference, abs=1e-8)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_told(name: str) -> None:
    """A failure tells functions apart that share a name elsewhere."""
    told = ACTIVATIONS[name].told
    assert told.startswith(name.removesuffix("_fifth"))
    assert [one.told for one in ACTIVATIONS.values()].count(told) == 1
