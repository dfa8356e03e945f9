"""What the explorer knows: the same declarations and records that the tests use, as plain data."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, astuple, fields
from typing import Any

from adapters.contract import GROUP, Dimensions, Layer
from conformance.casefile.array import ARRAYS
from conformance.convention.gap import DEFAULTS, values
from conformance.lstm.agreement import RULES
from conformance.lstm.case import Case, Deviation
from conformance.lstm.pattern import BATCH_MAJOR
from conformance.pages import grid
from conformance.pages.book import Book
from conformance.pages.option import GUIDE, Asked
from conformance.pages.standing import alike, counts

_MADE = {array.behaviour for array in ARRAYS}
_SAID = ("inputs", "results", "weights", "directions", "gates", "source")  # of a convention
AGREES, NEVER = ".", "-"  # of a case in a cell: it agrees; it is not put, and no gap says why
FIRST = ord("A")  # of a case of which something speaks: the first of what does so in its cell


def exported(book: Book) -> dict[str, Any]:
    """The data, to be packed and written as JSON."""
    layers = _Numbers()
    frameworks = {name: _framework(book, name, layers) for name in book.frameworks}
    behaviours = _behaviours(book, layers)
    return {
        "options": [
            {
                "name": one.name,
                "about": one.metadata["about"],
                "default": one.default,
                "values": _values(one.name),
            }
            for one in fields(Layer)
            if one.name != "layers"  # a list of layers is no choice of one
        ],
        "sizes": asdict(GUIDE),
        "group": GROUP,
        "batchMajor": dict(BATCH_MAJOR),
        "rules": [rule.text for rule in RULES if rule.looks_at[0] != "layers"],
        "frameworks": frameworks,
        "chosen": layers.chosen,
        "layers": layers.items,
        "behaviours": behaviours,
        "agrees": AGREES,
        "first": FIRST,
        "cells": {name: _cells(book, name, list(behaviours)) for name in book.frameworks},
    }


def text(data: Mapping[str, Any]) -> str:
    """JSON that ends no element of a page, whatever it says."""
    told = json.dumps(data, separators=(",", ":"), ensure_ascii=True)
    return told.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


class _Numbers:
    """Layers, each once, by number: what is not their default, each option and value by number."""

    def __init__(self) -> None:
        self.chosen: list[tuple[str, Any]] = []
        self.items: list[list[int]] = []
        self._options: dict[tuple[str, Any], int] = {}
        self._known: dict[tuple[int, ...], int] = {}

    def of(self, chosen: Mapping[str, Any], stack: bool) -> int:
        """The number of a layer, by what is not its default."""
        told = tuple(
            map(self._option, sorted({**chosen, **({"num_layers": 2} if stack else {})}.items()))
        )
        number = self._known.setdefault(told, len(self.items))
        if number == len(self.items):
            self.items.append(list(told))
        return number

    def of_case(self, layer: Layer, dimensions: Dimensions) -> int:
        """The number of a case's layer."""
        own = {name: value for name, value in vars(layer).items() if value != DEFAULTS[name]}
        return self.of(own, dimensions.num_layers > 1)

    def _option(self, option: tuple[str, Any]) -> int:
        number = self._options.setdefault(option, len(self.chosen))
        if number == len(self.chosen):
            self.chosen.append(option)
        return number


def _values(name: str) -> list[Any] | None:
    """The values to choose from; None of a size, which may be any."""
    return None if type(DEFAULTS[name]) is int else list(values(name))


def _framework(book: Book, name: str, layers: _Numbers) -> dict[str, Any]:
    framework = book.frameworks[name]
    ours = [pin for pin in book.deviations if pin.framework == name]
    return {
        "versions": dict(framework.versions),
        "convention": _bare(asdict(book.convention(name))),
        "gaps": [
            {"options": dict(gap.options), "why": gap.why, "source": gap.source, "own": gap.own}
            for gap in framework.gaps
            if "layers" not in gap.options
        ],
        "snippet": _snippet(book, name),
        "pins": [_pin(book, pin, layers) for pin in ours],
        "agreed": _agreed(book, name, layers),
    }


def _agreed(book: Book, name: str, layers: _Numbers) -> list[int]:
    """Numbers that are the same in every run: a set of texts has another order in each."""
    told = [(sorted(chosen, key=str), stack) for chosen, stack in book.agreed[name]]
    return sorted(layers.of(dict(chosen), stack) for chosen, stack in sorted(told, key=str))


def _snippet(book: Book, name: str) -> dict[str, Any] | None:
    if name not in book.snippets:
        return None
    found = book.snippets[name]
    lines = [one if isinstance(one, str) else [one.text, dict(one.when)] for one in found.lines]
    return {"lines": lines, "options": list(found.options)}


def _bare(convention: dict[str, Any]) -> dict[str, Any]:
    """What the laws of the page need of it."""
    for part in ("inputs", "results", "weights"):
        convention[part] = {
            name: {key: value for key, value in form.items() if value not in ((), None)}
            for name, form in convention[part].items()
        }
    return {name: convention[name] for name in _SAID}


def _pin(book: Book, pin: Deviation, layers: _Numbers) -> dict[str, Any]:
    told: dict[str, Any] = {
        "where": grid.where(pin),
        "claims": list(pin.claims),
        "version": pin.version,
        "instead": grid.instead(pin).replace("`", ""),
        "why": pin.why,
        "source": pin.source,
    }
    if counts(book, pin):
        if pin.cases == "*":
            told["kind"] = {name: list(may) for name, may in pin.kind.items()}
        else:
            told["layers"] = dict(_met(book, pin, layers))
    return told


def _met(book: Book, pin: Deviation, layers: _Numbers) -> Iterator[tuple[int, str]]:
    """Each layer of which a pin on named cases speaks: of all of its cases, or of some."""
    spoken = book.met[id(pin)]
    for case in book.cases:
        if case.id not in spoken or case.must_reject:
            continue
        every = alike(book, pin.framework, Asked(case.layer, case.dimensions))
        met = all(one.id in spoken for one in every)
        yield layers.of_case(case.layer, case.dimensions), "always" if met else "partly"


def _behaviours(book: Book, layers: _Numbers) -> dict[str, dict[str, Any]]:
    """By behaviour where it stands, and its cases."""
    found: dict[str, dict[str, Any]] = {}
    for case in book.cases:
        one = found.setdefault(case.behaviour, {"source": case.source, "cases": []})
        one["cases"].append(_case(case, layers))
    return found


def _case(case: Case, layers: _Numbers) -> list[Any]:
    """Its layer, its sizes, what becomes of it, and unless it is of a covering array what it says.

    The id of one that is follows from its layer and sizes, and is as long as a line.
    """
    kind = "refused" if case.must_reject else "ran" if case.run else "inferred"
    told = [layers.of_case(case.layer, case.dimensions), list(astuple(case.dimensions)), kind]
    return told if case.behaviour in _MADE else [*told, case.id, case.about]


def _cells(book: Book, name: str, behaviours: list[str]) -> list[dict[str, Any]]:
    """Of one framework, in the order of behaviours, what is known of each case.

    ``ends`` has a character for each case, in their order: `AGREES`, `NEVER`, or from `FIRST` on
    the place in ``kinds`` of what speaks of it: a gap's number, or a list of pins' numbers among
    the framework's own.
    ``seen`` has what is on record: a case's place, the property, its value.
    """
    ours = [pin for pin in book.deviations if pin.framework == name]
    numbers = {id(pin): number for number, pin in enumerate(ours)}
    gaps = book.frameworks[name].gaps
    records = {kind: book.seen(kind)[name] for kind in sorted({one.name for one in book.records})}
    found: dict[str, dict[str, Any]] = {
        one: {"ends": "", "kinds": [], "seen": []} for one in behaviours
    }
    for case in book.cases:
        cell = found[case.behaviour]
        place = len(cell["ends"])
        kind: Any = [numbers[id(pin)] for pin in book.pinned[name].get(case.id, ())]
        if case.id not in book.put[name]:
            gap = book.frameworks[name].gap(case.layer)
            kind = gaps.index(gap) if gap else None
        if kind in ([], None):
            cell["ends"] += NEVER if kind is None else AGREES
        else:
            if kind not in cell["kinds"]:
                cell["kinds"].append(kind)
            cell["ends"] += chr(FIRST + cell["kinds"].index(kind))
        cell["seen"] += [
            [place, one, grid.short(seen[case.id].value)]
            for one, seen in records.items()
            if case.id in seen
        ]
    return list(found.values())
