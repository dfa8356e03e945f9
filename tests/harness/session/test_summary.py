"""What the terminal shows, as text: the line of progress and the table."""

from collections.abc import Mapping, Sequence

import pytest

from conformance.claim.asked import Absence
from conformance.claim.check import CLAIMS
from conformance.process.framework import Framework
from conformance.report import report
from conformance.report.report import ClaimEntry, Entry
from conformance.session import summary
from tests.harness.observed import observed

LEFT = Framework("left", "adapters.left", "", {"numpy": "2.4.6"})
RIGHT = Framework("right", "adapters.right", "", {"numpy": "2.4.6"})
ABSENT = Framework("absent", "adapters.absent", "", {}, ("numpi", "scipi"))
REVERSE = Absence("reverse", "a cell reads one way", "https://example.org/reverse")
DOUBLE = Absence("dtype=float64", "it is not run", "https://example.org/dtype", own=True)
ABSENCES = {"a": REVERSE, "b": DOUBLE, "c": REVERSE}
FACTS = report.entry(observed())
OUTCOMES = {"agrees": "agrees", "pinned": "differs"}


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
        entry("left", "b", shapes="agrees", values="pinned"),
        entry("right", "a", shapes="agrees", values="fails"),
        entry("right", "b", shapes="fails"),
    ]
    expected = "left 2/2 (1 FAIL), right 2/2 (2 FAIL)"
    assert summary.progress({"left": 2, "right": 2}, entries) == expected


def test_progress_of_many() -> None:
    """Where not all have room, the sum is shown, and the frameworks that are under way."""
    labels = [f"framework-{number}" for number in range(23)]
    entries = [entry(labels[n], case, shapes="agrees") for n in (3, 4) for case in "ab"]
    entries += [entry("framework-7", "a", shapes="fails")]
    expected = "all 5/46 (1 FAIL): framework-7 1/2 (1 FAIL)"
    assert summary.progress(dict.fromkeys(labels, 2), entries, 99) == expected
    assert summary.progress(dict.fromkeys(labels, 2), entries, 20) == expected[:20]


def test_table() -> None:
    """A cell counts cases in the order agree, pinned, fail, each with its sign."""
    entries = [
        entry("left", "a", values="fails", shapes="fails"),
        entry("left", "c", shapes="pinned"),
        entry("left", "d", shapes="agrees"),
        entry("left", "e", shapes="agrees"),
        entry("right", "a", shapes="agrees"),
    ]
    assert summary.table([LEFT, RIGHT], entries) == [
        "cases that agree, p pinned, F fail; - none",
        "       shapes   values",
        "left   2 1p 1F  1F",
        "right  1        -",
    ]


def test_table_of_claims() -> None:
    """Claims stand in the order of the suite, and those that were not put to any are left out."""
    entries = [entry("left", "a", rejects="agrees"), entry("left", "b", shapes="agrees")]
    assert summary.table([LEFT], entries)[1].split() == ["shapes", "rejects"]


def test_table_of_what_was_not_put() -> None:
    """Cases that a framework was not put to are counted, and those of the adapter's own apart."""
    entries = [entry("left", "a", shapes="agrees"), entry("right", "a", shapes="agrees")]
    assert summary.table([LEFT, RIGHT], entries, absences={"left": ABSENCES}) == [
        "cases that agree; - none; not put: a where the adapter does not run what is there",
        "       shapes  not put",
        "left   1       3 1a",
        "right  1       -",
    ]


def test_reasons() -> None:
    """The header names what the cases ask for; at length each reason has a line with its link."""
    told = "; not put to 3 cases: reverse 2, dtype=float64 1 (the adapter's own)"
    assert summary.put_off(ABSENCES) == told
    assert summary.put_off({}) == ""
    assert summary.reasons(ABSENCES) == [
        "      2  reverse: a cell reads one way: https://example.org/reverse",
        "      1  dtype=float64 (the adapter's own): it is not run: https://example.org/dtype",
    ]


def test_table_of_what_is_missing() -> None:
    """What is not installed is told below, with what is missing."""
    assert summary.table([ABSENT, LEFT], [entry("left", "a", shapes="agrees")]) == [
        "cases that agree; - none",
        "      shapes",
        "left  1",
        "not installed: absent (numpi, scipi)",
    ]


KINDS = "agrees", "pinned", "fails"


def full(labels: Sequence[str], width: int, *kinds: str) -> list[str]:
    """Return a table of every claim, with a hundred cases and more of each kind."""
    entries = [
        entry(label, f"{kind}-{number}", **dict.fromkeys(CLAIMS, kind))
        for label in labels
        for place, kind in enumerate(kinds)
        for number in range(120 if place == 0 else 12)
    ]
    frameworks = [Framework(label, label, "", {"numpy": "2.4.6"}) for label in labels]
    absences = {label: {str(number): REVERSE for number in range(205)} for label in labels}
    return summary.table(frameworks, entries, width, absences)


@pytest.mark.parametrize("width", [40, 80, 100, 200])
@pytest.mark.parametrize("kinds", [KINDS[:1], KINDS[:2], KINDS])
def test_width(width: int, kinds: Sequence[str]) -> None:
    """Every claim on 23 frameworks keeps to the width, and no count is cut."""
    labels = [f"framework-{number}" for number in range(23)]
    lines = full(labels, width, *kinds)
    assert max(map(len, lines[1:])) <= width
    assert " ".join(lines).count(" 120") == 23 * len(CLAIMS)
    assert " ".join(lines).count("205") == 23


def test_one_table() -> None:
    """In 110 characters there is room for every claim, where nothing or little is pinned."""
    labels = [f"framework-{number}" for number in range(23)]
    lines = full(labels, 110, "agrees", "pinned")
    assert sum(line.startswith("framework-") for line in lines) == 23


def test_headings_stay_whole() -> None:
    """A claim's name is broken only where there is no room for it."""
    assert full(["left"], 200, "agrees")[1].split("  ")[-4:] == [
        "properties",
        "survives",
        "rejects",
        "not put",
    ]
    broken = full(["left"], 60, "agrees")[1:]
    assert "param-" in broken[0]
    assert "eters" in broken[1]


@pytest.mark.parametrize(
    ("labels", "short"),
    [
        (["left", "right"], ["left", "right"]),
        (
            ["left@/home/somebody/3.10/bin/python", "left@/home/somebody/3.11/bin/python"],
            ["left@…/3.10/bin/python", "left@…/3.11/bin/python"],
        ),
        (["company.testing.adapters.right"], ["…esting.adapters.right"]),
        (
            ["left@/old/a/long/way/to/bin/python", "left@/new/a/long/way/to/bin/python"],
            ["left@/old/a/long/way/…", "left@/new/a/long/way/…"],
        ),
        (
            [
                "left@/a/long/way/to/one/old/and/back/to/here",
                "left@/a/long/way/to/one/new/and/back/to/here",
            ],
            ["left@/a/long/way/to/…1", "left@/a/long/way/to/…2"],
        ),
    ],
)
def test_shortened(labels: list[str], short: list[str]) -> None:
    """Long labels keep what tells them apart; where no end does, they are numbered."""
    assert summary.shortened(labels, 22) == short


def test_labels_are_printable() -> None:
    """A label cannot speak to the terminal."""
    label = "left@\x1b[2J"
    lines = full([label], 100, "agrees")
    assert lines[-1].startswith(r"left@\x1b[2J  120")
