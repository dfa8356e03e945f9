"""What the terminal shows of a run: a progress line while it runs, a table at its end."""

from collections import Counter
from collections.abc import Iterable, Sequence

from conformance.claim.check import CLAIMS
from conformance.process.framework import Framework
from conformance.report.report import Entry

# In the order in which a cell of the table lists them.
WORDS = {"agrees": "agree", "pinned": "pinned", "unsupported": "unsupported", "fails": "FAIL"}


def progress(frameworks: Sequence[Framework], cases: int, entries: Iterable[Entry]) -> str:
    """``torch 34/59, keras 12/59 (2 fail)``: how many cases of each framework have been seen."""
    seen: Counter[str] = Counter()
    failing: Counter[str] = Counter()
    for entry in entries:
        seen[entry.framework] += 1
        failing[entry.framework] += any(one.settled == "fails" for one in entry.claims.values())
    parts = []
    for framework in frameworks:
        label = framework.label
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
