"""`conformance.upgrade.reach`: few cases that have all that many have."""

from dataclasses import replace

from conformance.upgrade.reach import chosen, features
from tests.harness.upgrade.sides import WRONG, case

PLAIN = case("plain")
LAST = case("last", return_sequences=False)
BOTH = case("both", return_sequences=False, reverse=True)
NARROW = case("narrow", dtype="float16", execution="compiled")
WIDE = case("wide", execution="compiled")


def test_one_for_several() -> None:
    """A case with two options makes one with either needless, whatever their order."""
    for cases in ([LAST, BOTH], [BOTH, LAST]):
        assert [one.id for one in chosen(cases)] == ["both"]


def test_none_is_lost() -> None:
    """What is chosen has every feature of all, of wrong input, records and pieces too."""
    cases = [PLAIN, LAST, BOTH, NARROW, WIDE, WRONG, replace(PLAIN, id="cut", split={"time": 2})]
    cases.append(replace(PLAIN, id="kept", record=("container",)))
    few = chosen(cases)
    assert {one for it in few for one in features(it)} == {
        one for it in cases for one in features(it)
    }
    assert len(few) < len(cases)


def test_with_each_dtype() -> None:
    """How a layer is executed has a path of its own in each dtype: both are kept."""
    assert {one.id for one in chosen([NARROW, WIDE])} == {"narrow", "wide"}


def test_sizes_are_no_features() -> None:
    """A projection is one, however wide: the shorter case is taken."""
    cases = [case(f"to-{size}", projection_size=size) for size in (3, 2)]
    assert len(chosen(cases)) == 1


def test_none() -> None:
    """Of no cases none is chosen."""
    assert chosen([]) == []
