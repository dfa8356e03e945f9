"""A report as a table: every framework on every behaviour, by how many cases came to what."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from conformance import plain
from conformance.report.report import Entry, Header

CUT_SHORT = "**This run was cut short: cases and claims that it did not come to are missing here.**"
WORDS = {"agrees": "", "pinned": "p", "unsupported": "u", "fails": "FAIL"}


def lines(header: Header, entries: Sequence[Entry]) -> Iterator[str]:
    """A Markdown table: ``12 3p 5u`` are 12 cases that agree, 3 with a pin and 5 unsupported.

    A case counts as what the worst of its claims came to; a failure stands as ``FAIL``. Above and
    below stands where the run was cut short.
    """
    if not header.complete:
        yield from (CUT_SHORT, "")
    labels = list(header.frameworks)
    cells = rows(header, entries)
    yield f"| behaviour | {' | '.join(map(plain.cell, labels))} |"
    yield "|---" * (len(labels) + 1) + "|"
    for behaviour, row in cells.items():
        told = [cell(row[label]) for label in labels]
        yield f"| {plain.cell(behaviour)} | {' | '.join(told)} |"
    whole: dict[str, Counter[str]] = {label: Counter() for label in labels}
    for row in cells.values():
        for label, counts in row.items():
            whole[label] += counts
    yield f"| **all** | {' | '.join(cell(whole[label]) for label in labels)} |"
    if not header.complete:
        yield from ("", CUT_SHORT)


def rows(header: Header, entries: Sequence[Entry]) -> dict[str, dict[str, Counter[str]]]:
    """By behaviour and framework, how many cases came to what."""
    found: dict[str, dict[str, Counter[str]]] = {}
    for entry in entries:
        behaviour = Path(entry.where.partition(":")[0]).stem
        row = found.setdefault(behaviour, {label: Counter() for label in header.frameworks})
        row[entry.framework][worst(entry)] += 1
    return dict(sorted(found.items()))


def worst(entry: Entry) -> str:
    """What a case came to: the worst of its claims."""
    settled = {claim.settled for claim in entry.claims.values()}
    return next(word for word in ("fails", "pinned", "agrees", "unsupported") if word in settled)


def cell(counts: Counter[str]) -> str:
    """``12 3p 5u``."""
    return " ".join(f"{counts[word]}{mark}" for word, mark in WORDS.items() if counts[word]) or "-"
