"""Tables that have a row for each framework, or for each value on record."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from conformance.lstm.case import Case, Deviation
from conformance.pages.book import Book
from conformance.pages.markdown import code, table
from conformance.pages.notes import MEANING, Notes
from conformance.pages.option import Asked, told
from conformance.pages.standing import standing


def page_of(name: str) -> str:
    """A link from a topic to a framework's page."""
    return f"[{name}](frameworks/{name}.md)"


def of_layers(
    book: Book,
    columns: Mapping[str, Asked],
    also: Callable[[str, Asked], str] = lambda _name, _asked: "",
) -> Iterator[str]:
    """How every framework stands to each of some layers, and `also` of those that it has."""
    notes = Notes()
    rows = []
    for name in book.frameworks:
        row = [page_of(name)]
        for asked in columns.values():
            found = standing(book, name, asked)
            row.append(notes.cell(found, also(name, asked) if found.kind != "gap" else ""))
        rows.append(row)
    yield from table(["", *map(code, columns)], rows)
    yield from (MEANING, "")
    yield from notes.lines()


def of_cases(book: Book, cases: Sequence[Case]) -> Iterator[str]:
    """What every framework makes of each of some cases: as it must, or what instead."""
    notes = Notes()
    rows = []
    for name in book.frameworks:
        row = [page_of(name)]
        for case in cases:
            pins = book.pinned[name].get(case.id, ())
            if case.id not in book.put[name]:
                gap = book.frameworks[name].gap(case.layer)
                row.append(f"no {notes.mark(gap.why, gap.source)}" if gap else "no")
            elif pins:
                told = "; ".join(dict.fromkeys(instead(pin) for pin in pins))
                marks = "".join(dict.fromkeys(notes.mark(pin.why, pin.source) for pin in pins))
                row.append(f"{told} {marks}")
            else:
                row.append("yes")
        rows.append(row)
    yield from table(["", *(code(case.id) for case in cases)], rows)
    yield from notes.lines()


def where(pin: Deviation) -> str:
    """Of what a pin speaks: ids, options and sizes, and the device where it is one alone."""
    kind = [
        told(name, values[0]) if len(values) == 1 else f"{name}={'|'.join(map(str, values))}"
        for name, values in pin.kind.items()
    ]
    device = [f"on {pin.device}"] if pin.device else []
    return ", ".join([*([] if pin.cases == "*" else [pin.cases]), *kind, *device])


def instead(pin: Deviation) -> str:
    """What happens where a pin holds: ``rejected, exception RuntimeError``, or one of several."""
    told = []
    for one in pin.outcomes:
        got = ", ".join(f"{name} {short(value)}" for name, value in one.got.items())
        told.append(f"{one.outcome}: {got}" if got else one.outcome)
    return " or ".join(code(one) for one in told)


def of_records(book: Book, name: str) -> Iterator[str]:
    """A table for each case: every value of a property that is on record, and by whom."""
    seen = book.seen(name)
    for case in (one.id for one in book.cases if name in one.record):
        values: dict[str, list[str]] = {}
        for framework, records in seen.items():
            if case in records:
                values.setdefault(short(records[case].value), []).append(page_of(framework))
        if values:
            yield from (f"### {code(case)}", "")
            rows = sorted(values.items(), key=lambda one: -len(one[1]))
            yield from table(
                [name, "adapters"], [[code(value), ", ".join(who)] for value, who in rows]
            )


def short(value: Any) -> str:
    """Plain data on one line."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {short(one)}" for key, one in value.items())
    return json.dumps(value)
