"""Laws: the shape that a pattern demands, how it is told, and what is no pattern."""

import pytest

from conformance.lstm.law import Law

SIZES = {"batch": 7, "time": 5, "direction": 2, "hidden": 13}


def test_shape() -> None:
    """A place has the size of its axis, or the product of all in its brackets."""
    assert Law("batch time (direction hidden)", SIZES).shape == (7, 5, 26)


def test_told() -> None:
    """Each place is told by the names and sizes of its axes, and with brackets their product."""
    told = "(batch 7, time 5, direction*hidden 2*13=26)"
    assert str(Law("batch time (direction hidden)", SIZES)) == told


def test_several_in_one() -> None:
    """Tensors that lie in one are added up along one axis, and each is told there."""
    behind = Law("hidden batch", SIZES), Law("time batch", SIZES)
    law = Law("(direction hidden) batch", SIZES, along=0, behind=behind)
    assert law.shape == (26 + 13 + 5, 7)
    assert str(law) == "(direction*hidden 2*13=26 + hidden 13 + time 5 = 44, batch 7)"


def test_several_in_one_along_the_last_axis() -> None:
    """Which axis that is, is declared."""
    law = Law("batch hidden", SIZES, along=1, behind=(Law("batch time", SIZES),))
    assert law.shape == (7, 18)
    assert str(law) == "(batch 7, hidden 13 + time 5 = 18)"


def test_an_axis_without_a_size() -> None:
    """A pattern that names an axis which is none is refused, with those that there are."""
    with pytest.raises(ValueError, match=r"^the pattern .* 'gate', not one of ") as error:
        Law("batch (gate hidden)", SIZES)
    assert str(error.value) == (
        "the pattern 'batch (gate hidden)' names 'gate', not one of batch, time, direction, hidden"
    )


def test_no_pattern() -> None:
    """A pattern whose brackets do not close is refused."""
    with pytest.raises(ValueError, match=r"'batch \(time' is no pattern: "):
        Law("batch (time", SIZES)
