"""What failed and what was pinned, in short: as text."""

import pytest

from conformance.report import report
from conformance.report.report import ClaimEntry, Entry
from conformance.session import digest
from conformance.session.digest import Outcome
from tests.harness.observed import observed

FACTS = report.entry(observed())


def outcome(
    number: int,
    framework: str = "right",
    claim: str = "shapes",
    message: str = "y: another shape",
    **result: object,
) -> Outcome:
    """Return the outcome of a claim on a case of that number."""
    given = {"outcome": "differs", "got": {"y": [number]}, "settled": "fails", "pin": None}
    claims = {claim: ClaimEntry.model_validate(given | result)}
    entry = FACTS.model_copy(
        update={"framework": framework, "case": f"guide-{number}", "claims": claims}
    )
    return Outcome(f"t.py::test_{claim}[{framework}-guide-{number}]", message, entry, claim)


def test_few_failures() -> None:
    """Few failures have a line each, with the test's address and what was found."""
    tests = [outcome(1), outcome(2, message="two\nlines")]
    assert list(digest.failed(tests, 100)) == [
        "FAILED t.py::test_shapes[right-guide-1] - y: another shape",
        "FAILED t.py::test_shapes[right-guide-2] - two",
    ]


def test_many_failures() -> None:
    """Many failures are counted by framework, claim and what came, the largest kind first."""
    tests = [outcome(number) for number in range(20)]
    tests += [
        outcome(n, claim="values", outcome="crashed", got={"detail": "SIGSEGV"}) for n in range(30)
    ]
    tests += [outcome(7, outcome="rejected", got={"exception": "ValueError"})]
    tests += [outcome(8, framework="left")]
    assert list(digest.failed(tests, 100)) == [
        "    30 right values: crashed SIGSEGV, as guide-0",
        "    20 right shapes: differs y, as guide-0",
        "     1 right shapes: rejected ValueError, as guide-7",
        "     1 left shapes: differs y, as guide-8",
    ]


def test_thousands_of_kinds() -> None:
    """However many kinds there are, the lines are few, and none is left out of the count."""
    tests = [outcome(n, framework=f"left-{n}") for n in range(5000)]
    lines = list(digest.failed(tests, 100))
    assert len(lines) == digest.KINDS + 1
    assert lines[-1] == "  4960 of 4960 more kinds"


def test_others() -> None:
    """Tests that are no claims are one kind among many failures."""
    tests = [Outcome(f"t.py::test_{number}", "no") for number in range(30)]
    assert list(digest.failed(tests, 100)) == ["    30 others, as t.py::test_0"]


def test_what_ran_before() -> None:
    """Failures that depend on what ran before are named."""
    alone = {"outcome": "agrees", "got": {}, "settled": "agrees", "after": ["guide-0"]}
    lines = list(digest.failed([outcome(1), outcome(2, alone=alone)], 100))
    assert lines[-1] == "1 because of what ran before in the process: test_shapes[right-guide-2]"


def pin(number: int, line: int, name: str = "right") -> Outcome:
    """Return the outcome of a claim that is pinned at that line."""
    place = f"cases/deviations/{name}.yaml:{line}"
    return outcome(number, name, message=f"Why {line}.", settled="pinned", pin=place)


def test_pins() -> None:
    """A pin has a line, with how many tests it expects to fail and why."""
    assert list(digest.pinned([pin(1, 3), pin(2, 9), pin(3, 9)], 100)) == [
        "     2 by cases/deviations/right.yaml:9: Why 9.",
        "     1 by cases/deviations/right.yaml:3: Why 3.",
    ]


def test_many_pins() -> None:
    """Many pins are counted by their files."""
    tests = [pin(n, n % 30, "left") for n in range(40)] + [pin(n, 3) for n in range(5)]
    assert list(digest.pinned(tests, 100)) == [
        "    40 by 30 pins of cases/deviations/left.yaml",
        "     5 by 1 pins of cases/deviations/right.yaml",
    ]


def test_killed() -> None:
    """Cases that had a second try are named; nothing is said where none had."""
    entry = FACTS.model_copy(update={"tries": ("SIGKILL", "answered")})
    assert digest.killed([FACTS], 100) == ""
    assert digest.killed([FACTS, entry], 100) == (
        "killed from outside and tried once more: right on guide-sequences (SIGKILL, answered)"
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a long way", "a long w…"),
        ("a\x1b[2J", r"a\x1b[2J"),
        ("a\r\nb", r"a\r"),
        ("a\u202eb", r"a\u202eb"),
    ],
)
def test_cut(text: str, line: str) -> None:
    """A line has no more characters than there is room for, and none that a terminal obeys."""
    assert digest.cut(text, 9) == line


def test_entry_is_a_claim() -> None:
    """An outcome's kind is that of its claim: it needs the entry that has it."""
    assert isinstance(outcome(1).entry, Entry)
    assert outcome(1).kind == ("right", "shapes:", "differs y")
