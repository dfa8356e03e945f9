"""What the terminal shows, as text: the line of progress and the table."""

from collections.abc import Mapping

from conformance.process.framework import Framework
from conformance.report import report
from conformance.report.report import ClaimEntry, Entry
from conformance.session import summary
from tests.harness.observed import observed

LEFT = Framework("left", "adapters.left", "", {"numpy": "2.4.6"})
RIGHT = Framework("right", "adapters.right", "", {"numpy": "2.4.6"})
ABSENT = Framework("absent", "adapters.absent", "", {}, ("numpi", "scipi"))
FACTS = report.entry(observed())
OUTCOMES = {"agrees": "agrees", "pinned": "differs", "unsupported": "unsupported"}


def entry(framework: str, case: str, **settled: str) -> Entry:
    """Return an entry, with claims as they were settled."""
    claims: Mapping[str, ClaimEntry] = {
        name: ClaimEntry(outcome=OUTCOMES.get(kind, "crashed"), got={}, settled=kind, pin=None)
        for name, kind in settled.items()
    }
    return FACTS.model_copy(update={"framework": framework, "case": case, "claims": claims})


def test_progress() -> None:
    """Every framework is shown with its cases that were seen, also where there is none."""
    entries = [entry("left", "a", shapes="agrees"), entry("left", "b", shapes="pinned")]
    assert summary.progress({"left": 7, "right": 5}, entries) == "left 2/7, right 0/5"


def test_progress_of_failures() -> None:
    """A case counts as failing once, however many claims on it fail; nothing else is failing."""
    entries = [
        entry("left", "a", shapes="fails", values="fails"),
        entry("left", "b", shapes="unsupported", values="pinned"),
        entry("right", "a", shapes="agrees", values="fails"),
        entry("right", "b", shapes="fails"),
    ]
    expected = "left 2/2 (1 FAIL), right 2/2 (2 FAIL)"
    assert summary.progress({"left": 2, "right": 2}, entries) == expected


def test_table() -> None:
    """A cell counts cases in the order agree, pinned, unsupported, FAIL."""
    entries = [
        entry("left", "a", values="fails", shapes="fails"),
        entry("left", "b", shapes="unsupported"),
        entry("left", "c", shapes="pinned"),
        entry("left", "d", shapes="agrees"),
        entry("left", "e", shapes="agrees"),
        entry("right", "a", shapes="agrees"),
    ]
    assert summary.table([LEFT, RIGHT], entries) == [
        "       shapes                                    values",
        "left   2 agree, 1 pinned, 1 unsupported, 1 FAIL  1 FAIL",
        "right  1 agree                                   not run",
    ]


def test_table_of_claims() -> None:
    """Claims stand in the order of the suite, and those that were not put to any are left out."""
    entries = [entry("left", "a", rejects="agrees"), entry("left", "b", shapes="agrees")]
    assert summary.table([LEFT], entries)[0].split() == ["shapes", "rejects"]


def test_table_of_what_is_missing() -> None:
    """What is not installed has a row that says what is missing."""
    assert summary.table([ABSENT, LEFT], [entry("left", "a", shapes="agrees")]) == [
        "      shapes",
        "left  1 agree",
        "absent  not installed: numpi, scipi",
    ]
