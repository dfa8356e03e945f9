"""The portable subset: what one can rely on everywhere, nearly everywhere, or in one framework.

By a rule, as that of web-features' Baseline (https://github.com/web-platform-dx/web-features): an
option is *everywhere* where all adapters agree on it, *nearly everywhere* where `NEARLY` of them
do, and *of one framework* where the adapters that have it run on one and the same.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from conformance.convention.convention import result_laws
from conformance.pages.book import Book
from conformance.pages.markdown import HEAD, code, table, text
from conformance.pages.notes import MEANING, Notes
from conformance.pages.option import Asked, completed, singles
from conformance.pages.snippet import snippet
from conformance.pages.standing import Standing, standing

FILE = Path("docs", "portable.md")
NEARLY = 0.75
_SAID = {
    "agrees": "agrees",
    "partly": "agrees in part",
    "differs": "differs",
    "gap": "has no such layer",
    "unseen": "has it, and no case shows it",
}
Standings = Mapping[str, Standing]  # by framework


def portable(book: Book) -> dict[Path, str]:
    """The text of ``docs/portable.md``."""
    every = {name: _standings(book, completed(chosen)) for name, chosen in singles().items()}
    lines = [HEAD, "# The portable subset", "", *_rule(book)]
    for title, about, names in _classes(book, every):
        notes = Notes()
        rows = [[code(name), *_row(every[name], notes)] for name in names]
        lines += [f"## {title}", "", about, ""]
        lines += [*table(["", "agree", "in part, or differ", "no such layer, or not run"], rows)]
        lines += notes.lines()
    lines += [MEANING, "", *_pairs(book, every)]
    return {FILE: "\n".join(lines)}


def answer(book: Book, asked: Asked) -> Iterator[str]:
    """Who has one layer, who agrees, and what differs, in lines."""
    found = _standings(book, asked)
    sizes = ", ".join(f"{name}={size}" for name, size in vars(asked.dimensions).items())
    yield f"{asked}, of {sizes}"
    counts = {
        kind: _names(found, kind) for kind in ("agrees", "partly", "differs", "gap", "unseen")
    }
    yield (
        f"{len(counts['agrees'])} of {len(found)} agree, {len(counts['partly'])} in part; "
        f"{len(counts['differs'])} differ, {len(counts['gap'])} do not run it, of "
        f"{len(counts['unseen'])} no case shows it"
    )
    for kind, names in counts.items():
        for name in names:
            gap = found[name].gap
            said = "the adapter does not run it" if gap and gap.own else _SAID[kind]
            yield from ("", f"{name}: {said}")
            if kind != "gap":
                laws = result_laws(book.convention(name), asked.layer, asked.dimensions)
                yield from (f"  {one} {law}" for one, law in laws.items())
            yield from (f"  {why} ({source})" for why, source in found[name].reasons)
            written = snippet(book, name, asked)
            if written and kind != "gap":
                yield from ("", *(f"    {line}".rstrip() for line in written.splitlines()))


def _standings(book: Book, asked: Asked | None) -> Standings:
    return {name: standing(book, name, asked) for name in book.frameworks} if asked else {}


def _names(found: Standings, *kinds: str) -> list[str]:
    return [name for name, one in found.items() if one.kind in kinds]


def _rule(book: Book) -> Iterator[str]:
    yield f"Of {len(book.frameworks)} adapters, in the versions that are pinned. An option is"
    yield "**everywhere** where all agree on the layer that has it and is else the default;"
    yield f"**nearly everywhere** where {NEARLY:.0%} do; **of one framework** where those adapters"
    yield "that have it run on one. What becomes of an axis of size 0 is left out: see"
    yield "[empty axes](differences/empty-axes.md). For one layer:"
    yield ""
    yield "```sh"
    yield 'python -m conformance portable "bidirectional, lengths=given, merge=sum"'
    yield "```"
    yield ""


def _classes(
    book: Book, every: Mapping[str, Standings]
) -> Iterator[tuple[str, str, Sequence[str]]]:
    """Each class with its title, what it means, and the options that are of it."""
    share = {name: len(_names(one, "agrees")) / len(one) for name, one in every.items()}
    base = {name: next(iter(one.versions), name) for name, one in book.frameworks.items()}
    alone = {
        name
        for name, found in every.items()
        if _names(found, "gap")
        and len({base[one] for one in found if found[one].kind != "gap"}) <= 1
    }
    rest = [name for name in every if name not in alone]
    for title, about, low, high in (
        ("Everywhere", "Rely on these.", 1.0, 2.0),
        ("Nearly everywhere", "Rely on these but for the exceptions.", NEARLY, 1.0),
        ("In some", "Look here before these are relied on.", 0.0, NEARLY),
    ):
        yield title, about, [name for name in rest if low <= share[name] < high]
    yield "Of one framework", "These do not carry over.", sorted(alone)


def _row(found: Standings, notes: Notes) -> list[str]:
    others = [f"{text(name)}: {notes.cell(found[name])}" for name in _names(found, "partly")]
    others += [f"{text(name)}: {notes.cell(found[name])}" for name in _names(found, "differs")]
    gaps = [f"{text(name)}: {notes.cell(found[name])}" for name in _names(found, "gap")]
    agree = _names(found, "agrees")
    told = f"all {len(agree)}" if len(agree) == len(found) else f"{len(agree)}: {', '.join(agree)}"
    return [told, "; ".join(others), "; ".join(gaps)]


def _pairs(book: Book, every: Mapping[str, Standings]) -> Iterator[str]:
    names = list(every)
    counts: dict[tuple[str, str], str] = {}
    rows: list[list[str]] = []
    notes = Notes()
    for one, other in combinations(names, 2):
        asked = _both(one, other)
        if asked is None:
            continue
        found = _standings(book, asked)
        counts[one, other] = counts[other, one] = str(len(_names(found, "agrees")))
        less = [
            f"{text(name)}: {notes.cell(stands)}"
            for name, stands in found.items()
            if stands.kind in ("partly", "differs", "gap")
            and every[one][name].kind == every[other][name].kind == "agrees"
        ]
        if less:
            rows.append([code(one), code(other), "; ".join(less)])
    yield from (
        "## Pairs",
        "",
        "How many adapters agree on two options together; none where they",
        "",
    )
    yield from ("exclude each other. Columns are numbered as the rows are.", "")
    head = ["", "", *(str(number) for number in range(1, len(names) + 1))]
    yield from table(
        head,
        (
            [str(number), code(one), *(counts.get((one, other), "") for other in names)]
            for number, one in enumerate(names, 1)
        ),
    )
    yield from ("### Where a pair is less than its options", "")
    yield from ("Adapters that agree on each of the two alone, and not on both together.", "")
    yield from table(["", "", "adapters"], rows)
    yield from notes.lines()


def _both(one: str, other: str) -> Asked | None:
    first, second = singles()[one], singles()[other]
    both: dict[str, Any] = {**first, **second}
    return completed(both) if len(both) == len(first) + len(second) else None
