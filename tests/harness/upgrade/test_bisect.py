"""``python -m conformance bisect``: the first release that changed, from those that pip reports."""

from typing import cast

import pytest

from conformance.command import CommandError
from conformance.report.report import Refusal
from conformance.upgrade.attempt import Attempt
from conformance.upgrade.bisect import Found, between, every, first
from conformance.upgrade.pair import Side
from conformance.upgrade.release import Releases
from tests.harness.upgrade.sides import NAME, entry, side
from tests.harness.upgrade.wheels import Upgrades

RELEASES = [f"1.{n}" for n in range(10)]


@pytest.mark.parametrize("brought", RELEASES[1:])
def test_first(brought: str) -> None:
    """Whichever release brought it is found, in no more tries than halving takes."""
    tried = []

    def changed(release: str) -> bool:
        tried.append(release)
        return RELEASES.index(release) >= RELEASES.index(brought)

    before = RELEASES[RELEASES.index(brought) - 1]
    assert first(RELEASES, changed) == Found(before, brought)
    assert len(tried) <= 4


def test_untried() -> None:
    """A release that cannot be tried is passed over, and named where it may be the one."""
    silent = {"1.4": None, "1.5": None}
    found = first(RELEASES, lambda one: silent.get(one, one >= "1.6"))
    assert found == Found("1.3", "1.6", ("1.4", "1.5"))
    found = first(RELEASES, lambda one: silent.get(one, one >= "1.3"))
    assert found == Found("1.2", "1.3")


def test_neighbours() -> None:
    """Between two neighbours there is nothing to try."""
    assert first(RELEASES[:2], lambda _: pytest.fail("nothing to try")) == Found("1.0", "1.1")


def test_every() -> None:
    """Every change is found, with what could not be tried around it."""
    does = {one: "a" if one < "1.3" else "b" if one < "1.7" else "c" for one in RELEASES}
    found = every(RELEASES, lambda one: one != "1.7", lambda one, two: does[one] == does[two])
    assert found == [Found("1.2", "1.3"), Found("1.6", "1.8", ("1.7",))]


def test_between() -> None:
    """Releases stand in their order, which is not that of text, from one end to the other."""
    known = ["1.10.0", "1.9", "2.0rc1", "1.2", "1.0"]
    assert between(known, "1.2", "1.10") == ["1.2", "1.9", "1.10.0"]


@pytest.mark.parametrize(
    ("good", "bad", "told"),
    [
        ("1.3", "1.10", "1.3: no such release: the one before is 1.2"),
        ("0.1", "1.10", "0.1: no such release$"),
        ("x", "1.10", "x: no version"),
        ("1.10", "1.2", "the first is to be the older one"),
    ],
)
def test_no_such_ends(good: str, bad: str, told: str) -> None:
    """Ends that are not there, or the wrong way round, are told."""
    with pytest.raises(CommandError, match=told):
        between(["1.10", "1.2"], good, bad)


def test_words_in_another_order() -> None:
    """A release that refuses in other words refuses all the same: it is the first that does."""
    refused = {"outcome": "rejected", "native": None}

    def version(words: str) -> Side:
        refusal = Refusal(type="TypeError", message=f"not one of {words}")
        return side("after", entry().model_copy(update={**refused, "exception": refusal}))

    releases = Releases(NAME, cast(Attempt, None))
    releases.sides = {"1": side("before", entry()), "2": version("a, b"), "3": version("b, a")}
    assert releases.marks("1", "2") & releases.marks("1", "3")
    assert {kind for _, _, kind, _, _ in releases.marks("2", "3")} == {"exception"}


def test_real_releases(upgrades: Upgrades) -> None:
    """The first release that changed is named, with what changed there and where it was tried."""
    ends = ("frame", "--good", "1.0", "--bad", "2.1", "--case", "plain-*")
    done = upgrades.main("bisect", *ends, "--environments", str(upgrades.environments))
    lines = done.stdout.splitlines()
    assert (done.returncode, lines[0]) == (1, "frame==1.1 -> frame==2.0"), done.stderr
    assert "  1. shape of all 2 cases" in lines
    assert "4 releases from 1.0 to 2.1" in done.stderr


def test_nothing_changed(upgrades: Upgrades) -> None:
    """Where the ends do the same, that is said."""
    ends = ("frame", "--good", "1.0", "--bad", "1.1", "--case", "plain-*", "--all")
    done = upgrades.main("bisect", *ends, "--environments", str(upgrades.environments))
    told = "nothing changed from 1.0 to 1.1 but bits and seconds\n"
    assert (done.returncode, done.stdout) == (0, told), done.stderr


def test_end_that_does_not_run(upgrades: Upgrades) -> None:
    """An end on which the adapter does not run leaves nothing to compare."""
    ends = ("frame", "--good", "1.0", "--bad", "3.0", "--case", "plain-*")
    done = upgrades.main("bisect", *ends, "--environments", str(upgrades.environments))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1] == "frame==3.0 cannot be tried: see above"
    assert "Traceback" not in done.stderr
