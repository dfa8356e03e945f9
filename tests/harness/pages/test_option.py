"""`conformance.pages.option`: options as text, and back."""

import pytest

from adapters.contract import Dimensions, Layer
from conformance.pages.option import Asked, OptionError, completed, parsed, singles, valued


def test_parsed() -> None:
    """Options and sizes are read by name; a bare name is true."""
    asked = parsed("bidirectional, lengths=given, merge=sum, hidden_units=7, num_layers=3")
    assert asked.layer == Layer(bidirectional=True, lengths="given", merge="sum")
    assert asked.dimensions == Dimensions(2, 5, 3, 7, 3)
    assert str(asked) == "bidirectional, merge=sum, lengths=given, num_layers=3"
    assert parsed(str(asked)).layer == asked.layer


def test_nothing() -> None:
    """No option is the layer that one gets without choosing."""
    assert parsed("") == Asked()
    assert str(Asked()) == "no option"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("bidirectionl", "'bidirectionl' is no option and no size: did you mean 'bidirectional'?"),
        ("merge=add", "merge is one of concat, sum, mul, ave, none"),
        ("merge", "merge is one of concat, sum, mul, ave, none"),
        ("bias=maybe", "bias is one of true, false"),
        ("hidden_units=x", "hidden_units is a whole number from 0 to 1,000,000"),
        ("hidden_units=-1", "hidden_units is a whole number from 0 to 1,000,000"),
        ("hidden_units=9999999", "hidden_units is a whole number from 0 to 1,000,000"),
        ("num_layers=0", "num_layers is a whole number from 1 to 1,000,000"),
        ("projection_size", "projection_size is a whole number from 0 to 1,000,000"),
        ("bias=false, bias=true", "bias is given twice"),
        ("merge=sum", "merge: it joins two directions, so it needs bidirectional"),
    ],
)
def test_no_layer(text: str, message: str) -> None:
    """What names no layer is told in one line."""
    with pytest.raises(OptionError) as told:
        parsed(text)
    assert str(told.value) == message


def test_singles_are_read_back() -> None:
    """Every option's text names the layer that it is of, with what it cannot do without."""
    for chosen in singles().values():
        asked = completed(chosen)
        assert asked is not None
        assert parsed(str(asked)).chosen == asked.chosen


def test_completed() -> None:
    """A value that needs another has it; two that exclude each other are no layer."""
    assert str(completed({"merge": "sum"})) == "bidirectional, merge=sum"
    assert str(completed({"keep_order": True})) == "reverse, keep_order"
    assert completed({"merge": "sum", "reverse": True}) is None


def test_valued() -> None:
    """Of one option every value but the default is named."""
    assert list(valued("stateful")) == ["stateful=carried", "stateful=reset"]
