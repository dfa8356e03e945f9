"""What the terminal shows of a run: a progress line while it runs, a table at its end."""

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest

from conformance import plain
from conformance.claim.asked import Absence
from conformance.claim.check import CLAIMS
from conformance.process.framework import Framework
from conformance.report.report import Entry

# In the order in which a cell of the table lists them; each with its sign, and what that means.
SIGNS = {
    "agrees": ("", "agree"),
    "pinned": ("p", "pinned"),
    "fails": ("F", "fail"),
}
GAP = "  "
LABEL = 24  # characters that a framework's label has at least, if it is so long
OWN = " (the adapter's own)"
HEADING = 6  # and a claim's name, before it is broken


def progress(due: Mapping[str, int], entries: Iterable[Entry], width: int = 100) -> str:
    """``torch 34/59, keras 12/51 (2 FAIL)``: how many of its cases each framework has seen.

    `due` has the number of cases by the framework's label. Where the line is longer than `width`,
    how many of all, and those frameworks that are under way.
    """
    seen: Counter[str] = Counter()
    failing: Counter[str] = Counter()
    for entry in entries:
        seen[entry.framework] += 1
        failing[entry.framework] += any(one.settled == "fails" for one in entry.claims.values())

    def part(label: str, seen: int, of: int, failing: int) -> str:
        return f"{label} {seen}/{of}{f' ({failing} FAIL)' if failing else ''}"

    parts = {label: part(label, seen[label], of, failing[label]) for label, of in due.items()}
    line = ", ".join(parts.values())
    if len(line) <= width:
        return line
    under_way = [parts[label] for label, of in due.items() if 0 < seen[label] < of]
    every = part("all", seen.total(), sum(due.values()), failing.total())
    return plain.line(f"{every}: {', '.join(under_way)}")[:width]


def table(
    frameworks: Sequence[Framework],
    entries: Iterable[Entry],
    width: int = 100,
    absences: Mapping[str, Mapping[str, Absence]] | None = None,
) -> list[str]:
    """Frameworks by claims: ``212 5p 3F``, with a line above that says what the signs mean.

    `absences` has the cases that a framework, by its label, was not put to. Where the claims are
    too many for `width`, the table goes on below with the rest of them.
    """
    counts: Counter[tuple[str, str, str]] = Counter()
    for entry in entries:
        for claim, result in entry.claims.items():
            counts[entry.framework, claim, result.settled] += 1
    labels = [one.label for one in frameworks if not one.missing]
    columns = {
        claim.replace("_", " "): [_cell(counts, label, claim) for label in labels]
        for claim in CLAIMS
        if any(claim == key[1] for key in counts)
    }
    apart = ""
    if absences and any(absences.values()):
        columns["not put"] = [_absent(absences.get(label, {})) for label in labels]
        if any(one.own for cases in absences.values() for one in cases.values()):
            apart = "; not put: a where the adapter does not run what is there"
    kinds = {kind for _, _, kind in counts}
    signs = [f"{sign} {word}".strip() for kind, (sign, word) in SIGNS.items() if kind in kinds]
    missing = [f"{one.label} ({', '.join(one.missing)})" for one in frameworks if one.missing]
    return [
        f"cases that {', '.join(signs)}; - none{apart}",
        *_blocks(labels, columns, width),
        *(textwrap.wrap(f"not installed: {', '.join(missing)}", width) if missing else ()),
    ]


def put_off(absences: Mapping[str, Absence]) -> str:
    """``; not put to 12 cases: reverse 8, layout=unbatched 4 (the adapter's own)``, or nothing."""
    if not absences:
        return ""
    told = Counter((one.what, one.own) for one in absences.values())
    parts = [f"{what} {count}{own * OWN}" for (what, own), count in told.most_common()]
    number = len(absences)
    return f"; not put to {number} case{'s' * (number != 1)}: {', '.join(parts)}"


def reasons(absences: Mapping[str, Absence]) -> list[str]:
    """A line for each reason why a framework is not put to cases: how many, what, why, a link."""
    counts = Counter(absences.values())
    return [f"  {n:>5}  {one.what}{one.own * OWN}: {one}" for one, n in counts.most_common()]


def _absent(absences: Mapping[str, Absence]) -> str:
    own = sum(one.own for one in absences.values())
    return f"{len(absences)}" + (f" {own}a" if own else "") if absences else "-"


def shortened(labels: Sequence[str], width: int) -> list[str]:
    """The labels, none longer than `width`, and each told from the others.

    What stands before an ``@`` stays, and the end of the rest, where paths differ; if these do not,
    the beginning stays; and if that is the same as well, they are numbered.
    """
    for cut in (_end, _beginning):
        short = [label if len(label) <= width else cut(label, width) for label in labels]
        if len(set(short)) == len(labels):
            return short
    marks = [f"…{number}" for number in range(1, len(labels) + 1)]
    return [
        label if len(label) <= width else label[: width - len(mark)] + mark
        for label, mark in zip(labels, marks, strict=True)
    ]


def _end(label: str, width: int) -> str:
    head = label[: label.find("@") + 1]
    head = head if len(head) <= width // 2 else ""
    return f"{head}…{label[len(head) + 1 - width :]}"


def _beginning(label: str, width: int) -> str:
    return f"{label[: width - 1]}…"


def _cell(counts: Mapping[tuple[str, str, str], int], label: str, claim: str) -> str:
    found = [
        f"{counts[label, claim, kind]}{sign}"
        for kind, (sign, _) in SIGNS.items()
        if counts[label, claim, kind]
    ]
    return " ".join(found) or "-"


def _blocks(
    labels: Sequence[str], columns: Mapping[str, Sequence[str]], width: int
) -> Iterator[str]:
    """The lines of a table; below each other, as many tables as keep to `width`."""
    names = [plain.line(label) for label in labels]
    longest = max(map(len, names), default=0)
    for limit in (width, *range(max(map(len, columns), default=0), HEADING - 1, -1)):
        left = [(_heading(name, cells, limit), cells) for name, cells in columns.items()]
        if longest + sum(map(_wide, left)) <= width:
            break
    names = shortened(names, max(width - sum(map(_wide, left)), min(longest, LABEL)))
    room = max(map(len, names), default=0)
    while left:
        end = 1
        while end < len(left) and room + sum(map(_wide, left[: end + 1])) <= width:
            end += 1
        block, left = left[:end], left[end:]
        heads = zip_longest(*(heading for heading, _ in block), fillvalue="")
        rows = [("", *head) for head in heads]
        rows += zip(names, *(cells for _, cells in block), strict=True)
        sizes = [room, *(_wide(column) - len(GAP) for column in block)]
        for row in rows:
            yield GAP.join(map(str.ljust, row, sizes)).rstrip()


Column = tuple[Sequence[str], Sequence[str]]  # lines of its heading, cells


def _wide(column: Column) -> int:
    heading, cells = column
    return len(GAP) + max(map(len, (*heading, *cells)))


def _heading(name: str, cells: Sequence[str], limit: int) -> list[str]:
    """A name in lines that are as long as the cells below it, or as `limit`."""
    if len(name) <= limit:
        return [name]
    longest, lines = max(limit, *map(len, cells)), []
    for word in name.split():
        parts = -(-len(word) // (longest - 1)) if len(word) > longest else 1
        size = -(-len(word) // parts)
        pieces = [word[start : start + size] for start in range(0, len(word), size)]
        lines += [f"{piece}-" for piece in pieces[:-1]] + pieces[-1:]
    return lines
