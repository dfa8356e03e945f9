"""A YAML 1.2 document as plain data, with the place of every key and value.

PyYAML reads YAML 1.1 and keeps no places, so only its event stream is used. Duplicate keys,
aliases and tags are refused: in a file of facts each of them hides one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

import yaml

from conformance.casefile.scalar import resolve

Path: TypeAlias = tuple[str | int, ...]

MAX_DEPTH = 64
MAX_EVENTS = 60_000  # keys, values and ends of collections: twice those of the largest file
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # some builds lack the C parser
_UNPRINTABLE = re.compile(
    r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)


class Place(NamedTuple):
    """A position in a file; line and column count from 1."""

    line: int
    column: int


class Problem(NamedTuple):
    """One thing wrong with a file: where, and one line of text."""

    place: Place
    message: str


@dataclass(frozen=True)
class Document:
    """The data of one file. `data` is None where there is none: an empty file or a syntax error.

    `keys` and `values` give the place of what lies under a path: ``("cases", 0, "id")``.
    """

    data: Any
    keys: dict[Path, Place] = field(default_factory=dict)
    values: dict[Path, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    untold: list[int] = field(default_factory=list)  # numbers of problems that are not among them


class _UnreadableError(Exception):
    """Nothing after this problem can be read."""


def parse(text: str) -> Document:
    """Read the one YAML document in `text`; whatever is wrong stands in `Document.problems`."""
    document = Document(None)
    try:
        data = _document(text, document)
    except _UnreadableError as stop:
        document.problems.append(stop.args[0])
        return document
    return Document(data, document.keys, document.values, document.problems)


def quoted(text: str) -> str:
    """`text` in quotes, escaped and cut so that it fits into a line."""
    shown = repr(text)
    return shown if len(shown) <= 60 else f"{shown[:56]}...{shown[-1]}"


def _document(text: str, document: Document) -> Any:
    if found := _UNPRINTABLE.search(text):
        before = text[: found.start()]
        place = Place(before.count("\n") + 1, found.start() - before.rfind("\n"))
        raise _UnreadableError(Problem(place, f"YAML syntax: character U+{ord(found[0]):04X}"))
    try:
        events = _bounded(yaml.parse(text, Loader=_LOADER))
        data = None
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise _UnreadableError(
                        Problem(_place(event), "a second document: a file holds one")
                    )
                data = _value(next(events), events, (), document)
        return data
    except yaml.MarkedYAMLError as error:
        raise _UnreadableError(_syntax(error)) from None


def _bounded(events: Iterator[Any]) -> Iterator[Any]:
    """The events, up to so many: a file of a megabyte may have half a million of them."""
    for number, event in enumerate(events):
        if number > MAX_EVENTS:
            text = f"more than {MAX_EVENTS:,} keys and values: divide the file"
            raise _UnreadableError(Problem(_place(event), text))
        yield event


def _value(event: Any, events: Iterator[Any], path: Path, document: Document) -> Any:
    place = document.values[path] = _place(event)
    if len(path) > MAX_DEPTH:
        raise _UnreadableError(Problem(place, f"nested deeper than {MAX_DEPTH} levels"))
    if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
        document.problems.append(Problem(place, "aliases are not read: write the value out"))
    if isinstance(event, yaml.AliasEvent):
        return None
    if event.tag is not None:
        document.problems.append(Problem(place, f"tags are not read: remove {quoted(event.tag)}"))
    if isinstance(event, yaml.SequenceStartEvent):
        return _sequence(events, path, document)
    if isinstance(event, yaml.MappingStartEvent):
        return _mapping(events, path, document)
    return resolve(event.value) if event.implicit[0] else event.value


def _sequence(events: Iterator[Any], path: Path, document: Document) -> list[Any]:
    items: list[Any] = []
    while not isinstance(event := next(events), yaml.SequenceEndEvent):
        items.append(_value(event, events, (*path, len(items)), document))
    return items


def _mapping(events: Iterator[Any], path: Path, document: Document) -> dict[str, Any]:
    items: dict[str, Any] = {}
    while not isinstance(event := next(events), yaml.MappingEndEvent):
        place = _place(event)
        # A key is its text, whatever it would be as a value: `no: 1` and `1: 1` have text keys.
        key = event.value if isinstance(event, yaml.ScalarEvent) else None
        if key is not None and key not in items and event.anchor is None and event.tag is None:
            document.keys[(*path, key)] = place
            items[key] = _value(next(events), events, (*path, key), document)
            continue
        # Beside the data, so that a value which is not kept cannot move the place of one that is.
        aside = Document(None, problems=document.problems)
        if key is not None and key in items:
            first = document.keys[(*path, key)].line
            document.problems.append(
                Problem(place, f"duplicate key {quoted(key)} (first at line {first})")
            )
        else:
            document.problems.append(Problem(place, "a key must be plain text"))
            if not isinstance(event, yaml.ScalarEvent):
                _value(event, events, (*path, "?"), aside)
        _value(next(events), events, (*path, "?"), aside)
    return items


def _place(event: Any) -> Place:
    return Place(event.start_mark.line + 1, event.start_mark.column + 1)


def _syntax(error: yaml.MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    start = error.context_mark
    context = f" {error.context} from line {start.line + 1}" if start and error.context else ""
    place = Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)
    return Problem(place, f"YAML syntax: {error.problem}{context}")
