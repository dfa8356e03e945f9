"""A report as one page of HTML, which needs nothing else: no script, no request."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from markupsafe import Markup

from conformance import plain
from conformance.convention import snippet
from conformance.lstm.case import Dimensions, Layer
from conformance.lstm.result import result_shapes
from conformance.pages import times
from conformance.pages.template import filled
from conformance.process import source
from conformance.report import margin, matrix
from conformance.report.report import Entry, Header

MOST = 200  # failures told in full


def page(header: Header, entries: Sequence[Entry]) -> str:
    """The text of the page."""
    told = list(_failures(entries))
    seconds = times.seconds(entries)
    return filled(
        "report.html",
        header=header,
        labels=list(header.frameworks),
        summary=list(_summary(header, entries, seconds)),
        failures=list(islice(told, MOST)),
        more=max(len(told) - MOST, 0),
        matrix=list(_rows(header, entries)),
        pins=list(_pins(entries)),
        margins=_margins(entries),
        times=Markup(times.drawing(seconds)),  # its labels are escaped there
    )


def _summary(
    header: Header, entries: Sequence[Entry], seconds: times.Seconds
) -> Iterator[Mapping[str, Any]]:
    counts: dict[str, Counter[str]] = {label: Counter() for label in header.frameworks}
    for entry in entries:
        counts[entry.framework][matrix.worst(entry)] += 1
    for label, one in header.frameworks.items():
        yield {
            "label": label,
            "missing": ", ".join(one.missing),
            "counts": {word: counts[label][word] for word in matrix.WORDS},
            "seconds": sum(seconds.get(label, {}).values()),
            "versions": ", ".join(f"{name} {version}" for name, version in one.versions.items()),
        }


def _rows(
    header: Header, entries: Sequence[Entry]
) -> Iterator[tuple[str, list[Mapping[str, str]]]]:
    for behaviour, row in matrix.rows(header, entries).items():
        cells: list[Mapping[str, str]] = []
        for label in header.frameworks:
            kind = next((word for word in _WORST if row[label][word]), "")
            cells.append({"kind": kind, "text": matrix.cell(row[label])})
        yield behaviour, cells


_WORST = ("fails", "pinned", "agrees", "unsupported")


def _failures(entries: Sequence[Entry]) -> Iterator[Mapping[str, Any]]:
    for entry in entries:
        for name, claim in entry.claims.items():
            if claim.settled == "fails":
                yield {
                    "framework": entry.framework,
                    "case": entry.case,
                    "claim": name,
                    "outcome": claim.outcome,
                    "facts": {key: plain.cut(text, 2_000) for key, text in _facts(entry, name)},
                }


def _facts(entry: Entry, claim: str) -> Iterator[tuple[str, str]]:
    """What is known of one failure: what was due, what came, and how to see it again."""
    yield "expected", _expected(entry)
    yield "got", json.dumps(entry.claims[claim].got) or entry.outcome
    if entry.native:
        shapes = {name: list(one.shape) for name, one in entry.native.items()}
        yield "came", json.dumps(shapes)
    if entry.errors and claim == "values":
        yield "errors", f"{json.dumps(entry.errors)}, allowed {entry.tolerance:.3g} at most"
    if entry.exception:
        yield "raised", f"{entry.exception.type}: {entry.exception.message}"
    if entry.detail:
        yield "detail", entry.detail
    if pin := entry.claims[claim].pin:
        yield "pin", f"{pin}, which is no longer what happens"
    yield "case", entry.where
    yield "rerun", f"pytest --framework {entry.framework} --case {entry.case}"
    if code := _snippet(entry):
        yield "as written", code


def _snippet(entry: Entry) -> str | None:
    """What a user would write, by the adapter of that name here: a report's own is not read."""
    name = entry.framework.partition("@")[0].replace("-", "_")
    found = source.snippet(f"adapters.{name}") if re.fullmatch("[a-z_]+", name) else None
    if found is None:
        return None
    try:
        return snippet.code(found, Layer(**entry.layer), Dimensions(**entry.dimensions))
    except (TypeError, ValueError, KeyError):  # of newer code: an option that is not known here
        return None


def _expected(entry: Entry) -> str:
    try:
        layer, sizes = Layer(**entry.layer), Dimensions(**entry.dimensions)
        return json.dumps({name: list(one) for name, one in result_shapes(layer, sizes).items()})
    except (TypeError, ValueError, KeyError):  # of newer code: an option that is not known here
        return f"of an unknown layer: {json.dumps(entry.layer)}"


def _pins(entries: Sequence[Entry]) -> Iterator[Mapping[str, Any]]:
    met: dict[str, dict[str, Any]] = {}
    for entry in entries:
        for claim in entry.claims.values():
            if claim.settled == "pinned":
                first = {
                    "pin": claim.pin or "",
                    "count": 0,
                    "framework": entry.framework,
                    "case": entry.case,
                    "outcome": claim.outcome,
                    "got": plain.cut(json.dumps(claim.got), 300),
                }
                met.setdefault(claim.pin or "", first)["count"] += 1
    yield from (met[pin] for pin in sorted(met))


def _margins(entries: Sequence[Entry]) -> Markup:
    try:
        return Markup(margin.drawing(entries))  # its labels are escaped there
    except ValueError:
        return Markup()
