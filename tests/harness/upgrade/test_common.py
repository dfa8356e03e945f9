"""`conformance.upgrade.common`: the fewest options that say which cases a change is in."""

from conformance.upgrade.common import common
from tests.harness.upgrade.sides import entry

PLAIN = entry()
BOTH = entry(bidirectional=True)
BARE = entry(bias=False)
BOTH_BARE = entry(bidirectional=True, bias=False)
STACKED = entry(num_layers=2, batch_size=3)
WRONG = entry(asked="wrong")
ALL = [PLAIN, BOTH, BARE, BOTH_BARE, STACKED, WRONG]


def told(*concerned: object) -> str:
    """Return what is told of some of `ALL`."""
    return str(common([one for one in ALL if any(one is other for other in concerned)], ALL))


def test_option() -> None:
    """An option that all have and no other has says it all; what it implies is left out."""
    assert told(BOTH, BOTH_BARE) == "all 2 cases with bidirectional"
    assert told(STACKED) == "the one case with stacked"
    assert told(WRONG) == "the one case with wrong input"


def test_two_options() -> None:
    """Where one does not do, two are told."""
    assert told(BOTH_BARE) == "the one case with bidirectional, no bias"


def test_usual_value() -> None:
    """A usual value is told where it is what tells the cases apart."""
    assert told(BOTH) == "the one case with bidirectional, bias"


def test_part() -> None:
    """Where no options tell them apart, it is said how many of how many."""
    assert told(PLAIN, BOTH_BARE) == "2 of 6 cases"


def test_values() -> None:
    """Of an option that has several values, none of them usual, all are told."""
    two = [entry(asked=f"dtype-{one}", dtype=one) for one in ("float64", "float16")]
    found = common(two, [*ALL, *two])
    assert str(found) == "all 2 cases with dtype: float64 or float16"


def test_every() -> None:
    """Every case needs no option."""
    assert told(*ALL) == "all 6 cases"
