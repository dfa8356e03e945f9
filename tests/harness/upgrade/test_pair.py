"""`conformance.upgrade.pair`: which cases two reports share, and what has no counterpart."""

import pytest

from conformance.report.report import Entry
from conformance.upgrade.pair import Match, PairError, matched, unmatched
from tests.harness.upgrade.sides import entry, side

ONE, TWO = entry(), entry(asked="guide-two", bidirectional=True)


def match(before: list[Entry], after: list[Entry]) -> Match:
    """Return the match of the one framework on both sides."""
    (one,) = matched(side("before", *before), side("after", *after))
    return one


def test_by_meaning() -> None:
    """Cases are matched by what they ask, whatever their order and their place."""
    moved = ONE.model_copy(update={"where": "cases/other.yaml:99"})
    found = match([ONE, TWO], [TWO, moved])
    assert [(pair.before.case, pair.after.case) for pair in found.pairs] == [
        ("guide-sequences", "guide-sequences"),
        ("guide-two", "guide-two"),
    ]


def test_without_counterpart() -> None:
    """What only one side has is listed, and so is an id that means something else on each."""
    other = TWO.model_copy(update={"meaning": "another"})
    third = TWO.model_copy(update={"meaning": "third", "case": "guide-three"})
    found = match([ONE, TWO], [other, third])
    assert (found.pairs, found.gone, found.come, found.other) == (
        (),
        ("guide-sequences",),
        ("guide-three",),
        ("guide-two",),
    )


def test_older_report() -> None:
    """A report without hashes is matched by id, layer and sizes; a newer option is no obstacle."""
    layer = {name: value for name, value in ONE.layer.items() if name != "execution"}
    old = ONE.model_copy(update={"meaning": None, "fed": None, "layer": layer})
    assert len(match([old], [ONE]).pairs) == 1
    other = old.model_copy(update={"dimensions": {**ONE.dimensions, "time_steps": 6}})
    assert match([other], [ONE]).other == ("guide-sequences",)


def test_interpreters_aside() -> None:
    """One framework in two interpreters is the same on both sides."""
    there = ONE.model_copy(update={"framework": "fake@old/bin/python"})
    before = side("before", there, label="fake@old/bin/python")
    assert len(matched(before, side("after", ONE))[0].pairs) == 1


def test_no_framework_in_common() -> None:
    """Two reports of unlike frameworks cannot be compared, and it is said what each has."""
    with pytest.raises(PairError, match="no framework is on both sides: fake before, other after"):
        matched(side("before", ONE), side("after", label="other"))
    assert unmatched(side("before"), side("after", label="other")) == ["fake", "other"]


def test_twice_in_one_report() -> None:
    """A report with two versions of a framework does not say which is meant."""
    both = side("before", ONE)
    both.header.frameworks["fake@old"] = both.header.frameworks["fake"]
    with pytest.raises(PairError, match="fake is in it twice, as fake and as fake@old"):
        matched(both, side("after", ONE))
