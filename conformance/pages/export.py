"""What the explorer knows: the same declarations and records that the tests use, as plain data."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from typing import Any

from adapters.contract import GROUP, Layer
from conformance.casefile.array import ARRAYS
from conformance.convention.gap import DEFAULTS, values
from conformance.lstm.agreement import RULES
from conformance.lstm.case import Deviation
from conformance.lstm.pattern import BATCH_MAJOR
from conformance.pages import grid
from conformance.pages.book import Book
from conformance.pages.option import GUIDE, Asked
from conformance.pages.standing import alike, counts

_MADE = {array.behaviour for array in ARRAYS}
FEW = 5  # ids named of the cases of one pin and behaviour


def exported(book: Book) -> dict[str, Any]:
    """The data, to be written as JSON."""
    layers = _Numbers()
    frameworks = {name: _framework(book, name, layers) for name in book.frameworks}
    links: dict[str, int] = {}  # each address once: pins and gaps have it by number
    for framework in frameworks.values():
        for one in (*framework["gaps"], *framework["pins"]):
            one["source"] = links.setdefault(one["source"], len(links))
    return {
        "links": list(links),
        "options": [
            {
                "name": one.name,
                "about": one.metadata["about"],
                "default": one.default,
                "values": _values(one.name),
            }
            for one in fields(Layer)
        ],
        "sizes": asdict(GUIDE),
        "group": GROUP,
        "batchMajor": dict(BATCH_MAJOR),
        "rules": [rule.text for rule in RULES],
        "frameworks": frameworks,
        "layers": layers.items,
        "behaviours": _behaviours(book),
        "cells": {name: _cells(book, name) for name in book.frameworks},
    }


def text(data: Mapping[str, Any]) -> str:
    """JSON that ends no element of a page, whatever it says."""
    told = json.dumps(data, separators=(",", ":"), ensure_ascii=True)
    return told.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


class _Numbers:
    """Layers, each once, by number."""

    def __init__(self) -> None:
        self.items: list[dict[str, Any]] = []
        self._known: dict[str, int] = {}

    def of(self, chosen: Mapping[str, Any], stack: bool) -> int:
        """The number of a layer, by what is not its default."""
        told = {**dict(sorted(chosen.items())), **({"num_layers": 2} if stack else {})}
        number = self._known.setdefault(json.dumps(told), len(self.items))
        if number == len(self.items):
            self.items.append(told)
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
    for part in ("inputs", "results", "weights"):
        convention[part] = {
            name: {key: value for key, value in form.items() if value not in ((), None)}
            for name, form in convention[part].items()
        }
    return convention


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
        own = {name: value for name, value in vars(case.layer).items() if value != DEFAULTS[name]}
        stack = case.dimensions.num_layers > 1
        yield layers.of(own, stack), "always" if met else "partly"


def _behaviours(book: Book) -> dict[str, dict[str, Any]]:
    """By behaviour what it is about, where it stands, and how many cases it has."""
    found: dict[str, dict[str, Any]] = {}
    for case in book.cases:
        one = found.setdefault(case.behaviour, {"source": case.source, "cases": 0, "abouts": {}})
        one["cases"] += 1
        if case.behaviour not in _MADE:
            one["abouts"][case.id] = case.about
    return found


def _cells(book: Book, name: str) -> dict[str, dict[str, Any]]:
    """Of one framework by behaviour: how many cases agree, and what is pinned, lacking, on record.

    Pins and gaps are named by their place among the framework's own; of a pin stand how many cases
    it speaks of, and the first of them.
    """
    ours = [pin for pin in book.deviations if pin.framework == name]
    numbers = {id(pin): number for number, pin in enumerate(ours)}
    gaps = book.frameworks[name].gaps
    records = {kind: book.seen(kind)[name] for kind in {one.name for one in book.records}}
    found: dict[str, dict[str, Any]] = {}
    for case in book.cases:
        cell = found.setdefault(
            case.behaviour, {"agree": 0, "pinned": 0, "not": 0, "pins": {}, "gaps": {}, "seen": []}
        )
        if case.id not in book.put[name]:
            cell["not"] += 1
            if gap := book.frameworks[name].gap(case.layer):
                number = gaps.index(gap)
                cell["gaps"][number] = cell["gaps"].get(number, 0) + 1
            continue
        met = book.pinned[name].get(case.id, ())
        cell["pinned" if met else "agree"] += 1
        for pin in met:
            ids = cell["pins"].setdefault(numbers[id(pin)], [0])
            ids[0] += 1
            if len(ids) <= FEW and case.behaviour not in _MADE:  # a made id is as long as a line
                ids.append(case.id)
        cell["seen"] += [
            [case.id, kind, grid.short(seen[case.id].value)]
            for kind, seen in sorted(records.items())
            if case.id in seen
        ]
    return found
