"""Pinned deviations: a strict expected failure, exact in outcome, version and case."""

import dataclasses

import pytest

from conformance.claim.check import Verdict
from conformance.claim.pins import Settlement, about, applicable, settle
from conformance.lstm.case import Deviation, Instead
from conformance.process.framework import Framework, FrameworkError
from tests.harness.observed import observed

PIN = Deviation(
    framework="right",
    cases="guide-*",
    claims=("shapes",),
    version="numpy>=2,<3",
    outcomes=(Instead("differs", {"y": [5, 2, 4]}),),
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


@pytest.mark.parametrize(("outcome", "got"), [("crashed", {"detail": "SIGSEGV"}), ("hung", {})])
def test_every_outcome_can_be_pinned(outcome: str, got: dict[str, str]) -> None:
    """Not differences alone can be known."""
    known = pin(outcomes=(Instead(outcome, got),))
    assert settled(Verdict(outcome, got, "x"), known).kind == "pinned"


UNSTEADY = pin(
    outcomes=(Instead("rejected", {"exception": "E"}), Instead("crashed", {"detail": "S"}))
)


@pytest.mark.parametrize(
    ("verdict", "told"),
    [
        (Verdict("rejected", {"exception": "E"}, "x"), "rejected {'exception': 'E'}"),
        (Verdict("crashed", {"detail": "S"}, "x"), "crashed {'detail': 'S'}"),
    ],
)
def test_unsteady(verdict: Verdict, told: str) -> None:
    """Of a pin with several outcomes any one is expected, and which one came is told."""
    message = f"unsteady, this time {told}: Time stands first. (https://example.org/issue)"
    assert settled(verdict, UNSTEADY) == Settlement("pinned", message, UNSTEADY)


@pytest.mark.parametrize(
    "verdict",
    [
        Verdict("agrees"),
        Verdict("rejected", {"exception": "F"}, "x"),
        Verdict("crashed", {"exception": "E"}, "x"),
        Verdict("hung", {}, "x"),
    ],
)
def test_unsteady_in_another_way(verdict: Verdict) -> None:
    """An unsteady pin is strict too: what it does not list fails, told with all that it does."""
    result = settled(verdict, UNSTEADY)
    assert result.kind == "fails"
    assert (
        "  pinned    rejected {'exception': 'E'}\n  or        crashed {'detail': 'S'}\n"
    ) in result.message


def test_kind() -> None:
    """A pin on a kind of cases speaks of each that has its options and sizes."""
    kind = {"layout": ("batch_major", "time_major"), "batch_size": (2,), "dtype": ("float32",)}
    assert settled(SWAPPED, pin(cases="*", kind=kind)).kind == "pinned"


@pytest.mark.parametrize(
    "kind", [{"layout": ("time_major",)}, {"batch_size": (0,)}, {"projection_size": ("any",)}]
)
def test_another_kind(kind: dict[str, tuple[object, ...]]) -> None:
    """A pin on another kind of cases changes nothing, whatever its glob."""
    assert settled(Verdict("agrees"), pin(cases="*", kind=kind)).kind == "agrees"


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
    """A pin on another claim, case, framework or version excuses nothing."""
    result = settled(SWAPPED, other)
    assert (result.kind, result.pin) == ("fails", None)
    assert settled(Verdict("agrees"), other).kind == "agrees"


@pytest.mark.parametrize(
    ("installed", "kind"),
    [("2.0", "pinned"), ("2.9.9", "pinned"), ("2.5rc1", "pinned"), ("3.0", "fails")],
)
def test_version_range(installed: str, kind: str) -> None:
    """A pin holds for the versions in its range, pre-releases and local builds among them."""
    seen = observed(framework=dataclasses.replace(RIGHT, versions={"numpy": installed}))
    assert settle(seen, "shapes", SWAPPED, [PIN]).kind == kind


def test_applicable() -> None:
    """Of all pins those on the run's frameworks, in the versions installed, are applicable."""
    pins = [PIN, pin(framework="left", version="left"), pin(version="numpy>=3")]
    assert applicable([RIGHT], pins) == (PIN,)


def test_about() -> None:
    """Those on the run's frameworks are kept in whatever version: a failure may look like one."""
    older = pin(version="numpy<2")
    assert about([RIGHT], [PIN, pin(framework="left", version="left"), older]) == (PIN, older)


@pytest.mark.parametrize("framework", [RIGHT, dataclasses.replace(RIGHT, label="right@/bin/other")])
def test_interpreter_is_no_matter(framework: Framework) -> None:
    """A pin is on a framework, in whatever interpreter it runs."""
    assert applicable([framework], [PIN]) == (PIN,)


def test_unknown_distribution() -> None:
    """A pin on the version of something that the adapter does not name could never match."""
    with pytest.raises(FrameworkError) as raised:
        about([RIGHT], [pin(version="scipy>=1")])
    assert str(raised.value) == (
        "cases/deviations/right.yaml:4: version names 'scipy', but the adapter 'right' runs on "
        "numpy"
    )


# A failure that looks like a pinned one.

RAISED = pin(cases="stacked-*", outcomes=(Instead("rejected", {"exception": "ValueError"}),))


@pytest.mark.parametrize(
    ("other", "verdict", "lines"),
    [
        (pin(cases="stacked-*"), SWAPPED, ["cases     stacked-*"]),
        (
            pin(kind={"layout": ("time_major", "unbatched"), "bias": (False,), "batch_size": (2,)}),
            SWAPPED,
            [
                "where     layout: time_major or unbatched (here batch_major)",
                "where     bias: false (here true)",
            ],
        ),
        (pin(version="numpy<2"), SWAPPED, ["version   numpy<2 (here numpy 2.4.6)"]),
        (
            pin(cases="stacked-*", version="numpy>=3"),
            Verdict("differs", {"end": [2, 5, 4]}, "y: another shape"),
            [
                "cases     stacked-*",
                "version   numpy>=3 (here numpy 2.4.6)",
                "got       differs {'y': [5, 2, 4]}",
            ],
        ),
        (
            RAISED,
            Verdict("rejected", {"exception": "ValueError"}, "raised"),
            ["cases     stacked-*"],
        ),
        (pin(claims=("values", "splits")), SWAPPED, ["claim     values, splits"]),
    ],
    ids=["cases", "where", "version", "got", "exception", "claim"],
)
def test_resembles(other: Deviation, verdict: Verdict, lines: list[str]) -> None:
    """A failure as a pinned one's says which pin that is, and what of it does not match."""
    head = "resembles the deviation that is pinned at cases/deviations/right.yaml:4, but for"
    told = "\n  ".join([verdict.message, head, *lines]).replace("\n  resembles", "\nresembles")
    assert settled(verdict, other) == Settlement("fails", told)


@pytest.mark.parametrize(
    ("other", "verdict"),
    [
        (pin(cases="x", framework="left"), SWAPPED),
        (pin(cases="x", claims=("values",)), SWAPPED),  # another claim on another case
        (pin(cases="x"), Verdict("differs", {"y": [5, 2]}, "another rank")),
        (pin(cases="x"), Verdict("differs", {"y": "value"}, "other values")),
        (pin(cases="x"), Verdict("rejected", {"y": [5, 2, 4]}, "another outcome")),
        (RAISED, Verdict("rejected", {"exception": "TypeError"}, "raised")),
    ],
    ids=["framework", "claim", "rank", "values", "outcome", "exception"],
)
def test_resembles_nothing(other: Deviation, verdict: Verdict) -> None:
    """What fails in a way that is not pinned of this framework and claim stands alone."""
    assert settled(verdict, other) == Settlement("fails", verdict.message)


def test_resembles_most() -> None:
    """Of several pins the one is told that needs least to match, and of those the exact one."""
    far = pin(cases="x", version="numpy<2", where="far:1")
    near = pin(cases="x", where="near:1")
    rough = pin(
        cases="*",
        version="numpy<2",
        where="rough:1",
        outcomes=(Instead("differs", {"y": [9, 9, 9]}),),
    )
    assert " near:1, but for" in settled(SWAPPED, far, rough, near).message


def test_agreement_resembles_nothing() -> None:
    """What agrees is no failure, whatever it looks like."""
    assert settled(Verdict("agrees"), pin(cases="x")) == Settlement("agrees")
