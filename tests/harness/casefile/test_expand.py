"""A matrix: which dimension sets it stands for, and which matrices are refused."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.casefile.expand import MAX_SETS, MatrixError, expand, label
from conformance.casefile.schema import Matrix
from conformance.lstm.case import Dimensions

AXES = {"batch_size": [2, 7], "time_steps": 5, "embedding_dim": [3], "hidden_units": [4, 13]}
FULL = {"batch_size": 1, "time_steps": 5, "embedding_dim": 3, "hidden_units": 4}

SETS = {
    "product, last dimension fastest": (
        {},
        [(2, 5, 3, 4, 1), (2, 5, 3, 13, 1), (7, 5, 3, 4, 1), (7, 5, 3, 13, 1)],
    ),
    "single size": ({"batch_size": 2, "hidden_units": 4}, [(2, 5, 3, 4, 1)]),
    "layers": (
        {"batch_size": 2, "hidden_units": 4, "num_layers": [1, 3]},
        [(2, 5, 3, 4, 1), (2, 5, 3, 4, 3)],
    ),
    "exclude by one dimension": (
        {"exclude": [{"batch_size": 2}]},
        [(7, 5, 3, 4, 1), (7, 5, 3, 13, 1)],
    ),
    "exclude by two dimensions": (
        {"exclude": [{"batch_size": 2, "hidden_units": 4}, {"batch_size": 7, "hidden_units": 13}]},
        [(2, 5, 3, 13, 1), (7, 5, 3, 4, 1)],
    ),
    "include after exclude": (
        {"exclude": [{"batch_size": 2}, {"batch_size": 7}], "include": [FULL]},
        [(1, 5, 3, 4, 1)],
    ),
}
REFUSED = {
    "too many": (
        {"batch_size": list(range(1, 102)), "hidden_units": list(range(1, 101))},
        "the matrix has 10,100 sets, more than the 10,000 allowed",
    ),
    "too many, long before they are made": (
        {"batch_size": list(range(1, 5001)), "hidden_units": list(range(1, 5001))},
        "the matrix has 25,000,000 sets, more than the 10,000 allowed",
    ),
    "none left": ({"exclude": [{"time_steps": 5}]}, "the matrix has no sets left after exclude"),
    "stale exclusion": (
        {"exclude": [{"batch_size": 2}, {"batch_size": 3}]},
        "matrix.exclude[1] excludes nothing",
    ),
    "size twice": ({"batch_size": [2, 2]}, "the matrix has the set b2-t5-e3-h4-l1 twice"),
    "set included twice": (
        {"include": [{**FULL, "batch_size": 7}]},
        "the matrix has the set b7-t5-e3-h4-l1 twice",
    ),
}


def matrix(**edits: Any) -> Matrix:
    """Return the matrix AXES with some of its keys replaced."""
    return Matrix.model_validate({**AXES, **edits})


@pytest.mark.parametrize(("edits", "sets"), SETS.values(), ids=SETS)
def test_sets(edits: dict[str, Any], sets: list[tuple[int, ...]]) -> None:
    """A matrix is its product, less what is excluded, then what is included."""
    assert expand(matrix(**edits)) == tuple(Dimensions(*sizes) for sizes in sets)


@pytest.mark.parametrize(("edits", "message"), REFUSED.values(), ids=REFUSED)
def test_refusal(edits: dict[str, Any], message: str) -> None:
    """A matrix of no sets, of too many, or with a set twice is refused in one line."""
    with pytest.raises(MatrixError) as raised:
        expand(matrix(**edits))
    assert str(raised.value) == message


def test_largest() -> None:
    """A matrix of exactly 10,000 sets is expanded."""
    sizes = list(range(1, 101))
    assert len(expand(matrix(batch_size=sizes, hidden_units=sizes))) == MAX_SETS


def test_label() -> None:
    """A set's label holds all five sizes, also those that the matrix does not vary."""
    assert label(Dimensions(2, 5, 3, 13)) == "b2-t5-e3-h13-l1"


@given(sizes=st.lists(st.sets(st.integers(1, 9), min_size=1, max_size=3), min_size=5, max_size=5))
def test_labels_differ(sizes: list[set[int]]) -> None:
    """No two sets of a matrix have one label."""
    names = ("batch_size", "time_steps", "embedding_dim", "hidden_units", "num_layers")
    axes = {name: sorted(values) for name, values in zip(names, sizes, strict=True)}
    sets = expand(matrix(**axes))
    assert len({label(dimensions) for dimensions in sets}) == len(sets)
