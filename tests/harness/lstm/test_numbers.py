"""Numbers: how far those of a case reach."""

import pytest

from conformance.lstm.numbers import Numbers


def test_usual_reach() -> None:
    """Weights reach 1/sqrt(hidden_units), all else 1."""
    assert Numbers().reach(16) == {"weights": 0.25, "input": 1.0, "states": 1.0}


@pytest.mark.parametrize("name", ["weights", "input", "states"])
def test_reach(name: str) -> None:
    """Of a span the end counts that is farther from zero."""
    usual = Numbers().reach(16)
    assert Numbers(**{name: (-60.0, 2.0)}).reach(16) == {**usual, name: 60.0}


@pytest.mark.parametrize(
    "numbers", [Numbers(zero_steps=(1,)), Numbers(behind="nan"), Numbers(input=(0.0, 1.0))]
)
def test_usual(numbers: Numbers) -> None:
    """What differs in anything from the numbers of nearly all cases is not usual."""
    assert Numbers().usual
    assert not numbers.usual
