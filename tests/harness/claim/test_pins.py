"""Pinned deviations: a strict expected failure, exact in outcome, version and case."""

import dataclasses

import pytest

from conformance.claim.check import Verdict
from conformance.claim.pins import Settlement, applicable, settle
from conformance.lstm.case import Deviation
from conformance.process.framework import Framework, FrameworkError
from tests.harness.observed import observed

PIN = Deviation(
    framework="right",
    cases="guide-*",
    claims=("shapes",),
    version="numpy>=2,<3",
    outcome="differs",
    got={"y": [5, 2, 4]},
    why="Time stands first.",
    source="https://example.org/issue",
    where="cases/deviations/right.yaml:4",
)
SWAPPED = Verdict("differs", {"y": [5, 2, 4]}, "y: another shape")
RIGHT = Framework("right", "adapters.right", "", {"numpy": "2.4.6"})


def pin(**changes: object) -> Deviation:
    """Return the pin with something changed."""
    return dataclasses.replace(PIN, **changes)


def settled(verdict: Verdict, *pins: Deviation, claim: str = "shapes") -> Settlement:
    """Return what the verdict on guide-sequences means in the light of the pins."""
    return settle(observed(), claim, verdict, pins)


@pytest.mark.parametrize(
    ("verdict", "kind"),
    [
        (Verdict("agrees"), "agrees"),
        (Verdict("broken", {}, "no such name"), "fails"),
        (SWAPPED, "fails"),
        (Verdict("rejected", {"exception": "ValueError"}, "raised"), "fails"),
        (Verdict("crashed", {"detail": "SIGSEGV"}, "crashed: SIGSEGV"), "fails"),
        (Verdict("hung", {}, "hung: no answer"), "fails"),
    ],
)
def test_no_pin(verdict: Verdict, kind: str) -> None:
    """Without a pin all that does not agree fails."""
    assert settled(verdict) == Settlement(kind, verdict.message)


def test_pinned() -> None:
    """A deviation that is exactly the pinned one is expected, with why and the source."""
    expected = Settlement("pinned", "Time stands first. (https://example.org/issue)", PIN)
    assert settled(SWAPPED, PIN) == expected


@pytest.mark.parametrize(
    ("outcome", "got"), [("crashed", {"detail": "SIGSEGV"}), ("hung", {}), ("broken", {})]
)
def test_every_outcome_can_be_pinned(outcome: str, got: dict[str, str]) -> None:
    """Not differences alone can be known."""
    assert settled(Verdict(outcome, got, "x"), pin(outcome=outcome, got=got)).kind == "pinned"


def test_vanished() -> None:
    """A pin on what agrees now fails, so that it is taken away."""
    assert settled(Verdict("agrees"), PIN) == Settlement(
        "fails",
        "the pinned deviation at cases/deviations/right.yaml:4 is no longer what happens: "
        "it agrees now\n"
        "  pinned    differs {'y': [5, 2, 4]}\n"
        "  got       agrees {}\n"
        "  why       Time stands first.\n"
        "  source    https://example.org/issue",
        PIN,
    )


def test_changed() -> None:
    """A pin on what differs in another way fails, with both and the verdict's own message."""
    verdict = Verdict("differs", {"y": [4, 2, 5]}, "y: another shape")
    assert settled(verdict, PIN) == Settlement(
        "fails",
        "the pinned deviation at cases/deviations/right.yaml:4 is no longer what happens: "
        "it differs in another way\n"
        "  pinned    differs {'y': [5, 2, 4]}\n"
        "  got       differs {'y': [4, 2, 5]}\n"
        "  why       Time stands first.\n"
        "  source    https://example.org/issue\n"
        "y: another shape",
        PIN,
    )


@pytest.mark.parametrize("got", [{}, {"y": [5, 2, 4], "end_h": [2, 1, 4]}])
def test_less_or_more(got: dict[str, list[int]]) -> None:
    """A deviation in fewer or in more results than pinned is another one."""
    assert settled(Verdict("differs", got, "x"), PIN).kind == "fails"


def test_another_outcome() -> None:
    """A deviation that crashes now is another one."""
    verdict = Verdict("crashed", {"detail": "SIGSEGV"}, "crashed: SIGSEGV")
    assert "no longer what happens: it is crashed\n" in settled(verdict, PIN).message


def test_two_pins() -> None:
    """Two pins on one claim fail, whatever they say: one of them would never be looked at."""
    other = pin(cases="guide-sequences", where="cases/deviations/right.yaml:9")
    assert settled(SWAPPED, PIN, other) == Settlement(
        "fails",
        "more than one pinned deviation speaks of this: "
        "cases/deviations/right.yaml:4, cases/deviations/right.yaml:9",
    )


@pytest.mark.parametrize(
    "other",
    [
        pin(claims=("values",)),
        pin(cases="stacked-*"),
        pin(framework="left"),
        pin(version="numpy<2"),
        pin(version="numpy>=3"),
        pin(version="numpy!=2.4.6"),
    ],
    ids=["claim", "case", "framework", "older", "newer", "not-this"],
)
def test_not_concerned(other: Deviation) -> None:
    """A pin on another claim, case, framework or version changes nothing."""
    assert settled(SWAPPED, other).kind == "fails"
    assert settled(Verdict("agrees"), other).kind == "agrees"


@pytest.mark.parametrize(
    ("installed", "kind"),
    [("2.0", "pinned"), ("2.9.9", "pinned"), ("2.5rc1", "pinned"), ("3.0", "fails")],
)
def test_version_range(installed: str, kind: str) -> None:
    """A pin holds for the versions in its range, pre-releases and local builds among them."""
    seen = observed(framework=dataclasses.replace(RIGHT, versions={"numpy": installed}))
    assert settle(seen, "shapes", SWAPPED, [PIN]).kind == kind


def test_every_version() -> None:
    """A pin without a range holds for every version."""
    assert settled(SWAPPED, pin(version="numpy")).kind == "pinned"


def test_applicable() -> None:
    """Of all pins those on the run's frameworks, in the versions installed, are applicable."""
    pins = [PIN, pin(framework="left", version="left"), pin(version="numpy>=3")]
    assert applicable([RIGHT], pins) == (PIN,)


@pytest.mark.parametrize("framework", [RIGHT, dataclasses.replace(RIGHT, label="right@/bin/other")])
def test_interpreter_is_no_matter(framework: Framework) -> None:
    """A pin is on a framework, in whatever interpreter it runs."""
    assert applicable([framework], [PIN]) == (PIN,)


def test_unknown_distribution() -> None:
    """A pin on the version of something that the adapter does not name could never match."""
    with pytest.raises(FrameworkError) as raised:
        applicable([RIGHT], [pin(version="scipy>=1")])
    assert str(raised.value) == (
        "cases/deviations/right.yaml:4: version names 'scipy', but the adapter 'right' runs on "
        "numpy"
    )
