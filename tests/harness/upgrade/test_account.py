"""`conformance.upgrade.account`: equal changes are one finding, the most severe first."""

from conformance.report.report import Entry
from conformance.upgrade.account import Account, account
from conformance.upgrade.pace import ENOUGH
from conformance.upgrade.pair import matched
from tests.harness.upgrade.sides import entry, side

ASKED = [
    {},
    {"asked": "guide-both", "bidirectional": True, "batch_size": 3},
    {"asked": "guide-long", "time_steps": 9},
]


def told(before: list[Entry], after: list[Entry]) -> Account:
    """Return the account of the one framework on both sides."""
    return account(matched(side("before", *before), side("after", *after))[0])


def side_by_side(before: str, after: str) -> Account:
    """Return the account of two adapters on `ASKED`."""
    return told(*([entry(name, **asked) for asked in ASKED] for name in (before, after)))


def test_equal_changes() -> None:
    """The same change in three cases is one finding, whose shortest case stands first."""
    found = side_by_side("right", "batch_and_time_swapped")
    (one,) = found.findings
    assert (found.compared, found.raw, one.severity) == (3, 3, "breaking")
    assert one.cases == ("guide-sequences", "guide-long", "guide-both")
    assert (str(one.where), one.names) == ("all 3 cases", ("y",))
    assert one.exact == ("y: (2, 5, 4), now (5, 2, 4)",)


def test_consequences() -> None:
    """What follows from a change stands beneath it, and makes no finding of its own."""
    after = [
        one.model_copy(
            update={"inferred": {"y": (1, 1, 1), "end_h": (1, 2, 4), "end_c": (1, 2, 4)}}
        )
        for one in [entry("last_step_only")]
    ]
    found = told([entry()], after)
    (one,) = found.findings
    assert (one.kind, [beneath.kind for beneath in one.consequences]) == ("shape", ["inference"])
    assert found.raw == 2


def test_severe_first() -> None:
    """Breaking changes stand before warnings, and those of more cases before those of fewer."""
    before = [entry(**asked) for asked in ASKED]
    after = [entry("warns", **asked) for asked in ASKED]
    after[1] = entry("last_step_only", **ASKED[1])
    found = told(before, after)
    assert [(one.severity, len(one.cases)) for one in found.findings] == [
        ("breaking", 1),
        ("warning", 2),
    ]
    assert found.breaking == 1


def test_nothing() -> None:
    """The same on both sides is an account of nothing."""
    found = side_by_side("right", "right")
    assert (found.findings, found.raw, found.compared, found.breaking) == ((), 0, 3, 0)


def test_what_was_not_compared() -> None:
    """It is counted what could not be compared, and what a rejection hides."""
    broken, refused = entry("looks_up_a_missing_name"), entry("refuses_everything", **ASKED[1])
    found = told([broken, refused], [entry(), entry(**ASKED[1])])
    assert found.uncompared == {"the adapter itself failed before": 1}
    assert found.behind == {"rejected before": 1}


def paced(factor: float, cases: int) -> Account:
    """Return the account of `cases`, of which each takes `factor` times as long after."""
    some = [
        entry().model_copy(
            update={"case": f"c{n}", "meaning": str(n), "seconds": {"results": 0.01 + n / 1e3}}
        )
        for n in range(cases)
    ]
    slow = [
        one.model_copy(update={"seconds": {"results": factor * one.seconds["results"]}})
        for one in some
    ]
    return told(some, slow)


def test_slower() -> None:
    """Many cases that take longer are slower; a few are not, nor is a little."""
    (one,) = paced(2, ENOUGH).findings
    assert (one.severity, one.after) == ("speed", "results in 2.0 times that")
    assert paced(2, ENOUGH - 1).findings == ()
    assert paced(1.3, ENOUGH).findings == ()
    assert paced(1.3, ENOUGH).pace["results"][1] == ENOUGH
    assert [one.severity for one in paced(0.5, ENOUGH).findings] == ["speed"]
