"""Random roundings: how far each operation is off, and that what only moves numbers is not."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from einops import einsum

from conformance.lstm.rounding import UNITS, Rounding
from tests.harness.narrow import narrow

COARSE = 2.0**-10  # a unit that is seen well beside float64's own
NUMBERS = np.linspace(0.5, 2.0, 1000)


def rounded(plain: Any, dtype: str = "float32", seed: int = 0) -> Any:
    """Return `plain`, with roundings of `COARSE`."""
    return Rounding(dtype, COARSE / UNITS[dtype], seed).array(plain)


@pytest.mark.parametrize(
    "operation",
    [
        lambda x: x + 1,
        lambda x: 4 - x,
        lambda x: x * x,
        lambda x: x**2,
        lambda x: 3 / x,
    ],
    ids=["add", "subtract", "multiply", "square", "divide"],
)
def test_within_a_unit(operation: Callable[[Any], Any]) -> None:
    """An operation is off by a unit of its result at most, and by much of it somewhere."""
    right = operation(NUMBERS)
    part = (np.asarray(operation(rounded(NUMBERS))) - right) / right / COARSE
    assert -1 <= part.min() < -0.9 < 0.9 < part.max() <= 1


@pytest.mark.parametrize(("dtype", "least", "most"), [("float32", 0.9, 1), ("float16", 0, 0.002)])
def test_functions(dtype: str, least: float, most: float) -> None:
    """A wide dtype's tanh is off by a unit of 1 also where it is small, and a narrow one's not."""
    small = np.full(1000, 1e-3)
    part = np.abs(np.asarray(np.tanh(rounded(small, dtype))) - np.tanh(small)) / COARSE
    assert least <= part.max() <= most


@pytest.mark.parametrize("terms", [1, 5, 40])
def test_sums(terms: int) -> None:
    """A sum of products is off as one of that many terms is that are added in any order."""
    random = np.random.default_rng(1)
    left, right = random.uniform(-1, 1, (2000, terms)), random.uniform(-1, 1, (terms, 3))
    model = np.asarray(rounded(left) @ right) - left @ right
    by_einsum = einsum(rounded(left), right, "row term, term column -> row column")
    orders = []
    for _ in range(20):
        order = random.permutation(terms)
        added = narrow(left[:, order], 10, "ahead") @ right[order]
        orders.append(np.asarray(added) - left @ right)
    spread = np.std(orders)
    for found in (model, np.asarray(by_einsum) - left @ right):
        assert 1 < np.std(found) / spread < 1.9  # a rounding may be as large, and mostly is less


def test_sum_over_an_axis() -> None:
    """A sum over an axis is one of as many terms as the axis has."""
    many = np.ones((500, 100))
    error = np.asarray(rounded(many).sum(axis=1)) - 100
    assert 0.8 < np.std(error) / (COARSE * 100 * np.sqrt(100 / 3 / 3)) < 1.2


@pytest.mark.parametrize("exact", [np.maximum, np.minimum])
def test_what_is_cut_is_exact(exact: Callable[..., Any]) -> None:
    """Which of two numbers is the larger, and a number without its sign, take no rounding."""
    np.testing.assert_array_equal(np.asarray(exact(rounded(NUMBERS), 1.0)), exact(NUMBERS, 1.0))
    np.testing.assert_array_equal(np.asarray(np.abs(rounded(-NUMBERS))), NUMBERS)


def test_in_place() -> None:
    """What is added in place is rounded too, also to what rounds itself."""
    for start in (rounded(NUMBERS), NUMBERS.copy()):
        total = start
        total += rounded(NUMBERS)
        assert total is start
        assert 0 < np.abs(np.asarray(total) - 2 * NUMBERS).max() <= COARSE * 4
    held = rounded(NUMBERS)
    held += 1.0
    assert (np.asarray(held) != NUMBERS + 1).any()


@pytest.mark.parametrize(
    "move",
    [
        lambda x: x[::-1],
        lambda x: x.reshape(10, 100).T,
        lambda x: np.concatenate([x, x]),
        lambda x: np.split(x, 2)[0],
        lambda x: np.where(NUMBERS > 1, x, 0.0),
        lambda x: x.copy(),
    ],
    ids=["flip", "turn", "concatenate", "split", "where", "copy"],
)
def test_moved(move: Callable[[Any], Any]) -> None:
    """Numbers that are moved stay what they are."""
    assert np.array_equal(np.asarray(move(rounded(NUMBERS))), move(NUMBERS))


def test_compared() -> None:
    """A comparison is right."""
    assert np.array_equal(rounded(NUMBERS) > 1, NUMBERS > 1)


def test_seeds() -> None:
    """The same seed gives the same layer, another seed another."""
    first, again, other = (np.asarray(rounded(NUMBERS, seed=seed) + 1) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert (first != other).any()


def test_many_numbers() -> None:
    """Also of more numbers than are drawn beforehand each has an error of its own."""
    many = np.ones(300_000)
    error = np.asarray(rounded(many) + 1) - 2
    assert len(np.unique(error)) > 250_000


def test_least() -> None:
    """float16 ends near numbers that are met: below, an error is no part of the number."""
    tiny = Rounding("float16", 1.0, 0).array(np.full(1000, 1e-9))
    error = np.abs(np.asarray(tiny * 1.0) - 1e-9)
    assert 2.0**-26 < error.max() <= 2.0**-24
