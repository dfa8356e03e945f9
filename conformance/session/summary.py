"""What the terminal shows of a run: a progress line while it runs, a table at its end."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from conformance.claim.asked import Absence
from conformance.claim.check import CLAIMS
from conformance.process.framework import Framework
from conformance.report.report import Entry

# In the order in which a cell of the table lists them.
WORDS = {"agrees": "agree", "pinned": "pinned", "unsupported": "unsupported", "fails": "FAIL"}


def progress(due: Mapping[str, int], entries: Iterable[Entry]) -> str:
    """``torch 34/59, keras 12/51 (2 FAIL)``: how many of its cases each framework has seen.

    `due` has the number of cases by the framework's label.
    """
    seen: Counter[str] = Counter()
    failing: Counter[str] = Counter()
    for entry in entries:
        seen[entry.framework] += 1
        failing[entry.framework] += any(one.settled == "fails" for one in entry.claims.values())
    parts = []
    for label, cases in due.items():
        fails = f" ({failing[label]} FAIL)" if failing[label] else ""
        parts.append(f"{label} {seen[label]}/{cases}{fails}")
    return ", ".join(parts)


def table(frameworks: Sequence[Framework], entries: Iterable[Entry]) -> list[str]:
    """Frameworks by claims: how many cases agree, are pinned, are unsupported, and fail."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for entry in entries:
        for claim, result in entry.claims.items():
            counts[entry.framework, claim, result.settled] += 1
    claims = [claim for claim in CLAIMS if any(claim == key[1] for key in counts)]
    rows = [["", *claims]]
    for framework in frameworks:
        if framework.missing:
            continue
        row = [framework.label]
        for claim in claims:
            found = [
                f"{counts[framework.label, claim, kind]} {word}"
                for kind, word in WORDS.items()
                if counts[framework.label, claim, kind]
            ]
            row.append(", ".join(found) or "not run")
        rows.append(row)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    missing = [framework for framework in frameworks if framework.missing]
    return [
        *lines,
        *(f"{one.label}  not installed: {', '.join(one.missing)}" for one in missing),
    ]


def put_off(absences: Mapping[str, Absence]) -> str:
    """``; not put to 12 cases, for 3 reasons (1 the adapter's own)``, or nothing."""
    if not absences:
        return ""
    why = set(absences.values())
    own = sum(one.own for one in why)
    told = f"; not put to {_counted(len(absences), 'case')}, for {_counted(len(why), 'reason')}"
    return told + (f" ({own} the adapter's own)" if own else "")


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


def reasons(absences: Mapping[str, Absence]) -> list[str]:
    """A line for each reason why a framework is not put to cases: how many, why, and a link."""
    counts = Counter(absences.values())
    return [f"  {count:>5}  {'(adapter) ' * one.own}{one}" for one, count in counts.most_common()]
