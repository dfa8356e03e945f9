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
    cells: dict[str, dict[str, Counter[str]]] = {}
    for entry in entries:
        behaviour = Path(entry.where.partition(":")[0]).stem
        row = cells.setdefault(behaviour, {label: Counter() for label in labels})
        row[entry.framework][_worst(entry)] += 1
    yield f"| behaviour | {' | '.join(map(plain.cell, labels))} |"
    yield "|---" * (len(labels) + 1) + "|"
    for behaviour in sorted(cells):
        told = [_cell(cells[behaviour][label]) for label in labels]
        yield f"| {plain.cell(behaviour)} | {' | '.join(told)} |"
    whole: dict[str, Counter[str]] = {label: Counter() for label in labels}
    for row in cells.values():
        for label, counts in row.items():
            whole[label] += counts
    yield f"| **all** | {' | '.join(_cell(whole[label]) for label in labels)} |"
    if not header.complete:
        yield from ("", CUT_SHORT)


def _worst(entry: Entry) -> str:
    settled = {claim.settled for claim in entry.claims.values()}
    return next(word for word in ("fails", "pinned", "agrees", "unsupported") if word in settled)


def _cell(counts: Counter[str]) -> str:
    return " ".join(f"{counts[word]}{mark}" for word, mark in WORDS.items() if counts[word]) or "-"
