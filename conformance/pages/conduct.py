"""Topics that follow from what was recorded: containers, padding, dtypes, bad input, defaults."""

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.pages import grid
from conformance.pages.book import Book
from conformance.pages.markdown import code, link, table, text
from conformance.pages.option import Asked, parsed, told, valued

_FED = ("float64", "float16", "bfloat16", "int32")


def containers(book: Book) -> Iterator[str]:
    """In what the results are held, and in which order."""
    yield from grid.of_records(book, "container")


def forget(book: Book) -> Iterator[str]:
    """What the forget gate's bias begins at."""
    seen = _defaults(book)
    rows = []
    for name in book.frameworks:
        begins = text(seen.get(name, {}).get("forget_bias", ""))
        rows.append([grid.page_of(name), begins, f"{book.convention(name).forget_offset:g}"])
    yield from table(["", "begins at", "added as it runs"], rows)
    yield "Where a cell is empty nothing is on record, most often as the caller makes the weights."
    yield ""


def padding(book: Book) -> Iterator[str]:
    """What stands behind a sequence's end."""
    asked = ("lengths=given", "lengths=given, bidirectional")
    yield from grid.of_layers(book, {one: parsed(one) for one in asked})
    yield "`zeros`; `repeated`: the output of the last valid step; `computed`: anything else;"
    yield "`cut`: the time axis ends with the longest sequence."
    yield ""
    yield from grid.of_records(book, "padding")


def dtypes(book: Book) -> Iterator[str]:
    """Which dtypes there are, and what an input of another one becomes."""
    yield from grid.of_layers(
        book, {told("dtype", Asked().layer.dtype): Asked(), **valued("dtype")}
    )
    yield from ("## What an input of another dtype becomes", "")
    rows = []
    for name, values in _defaults(book).items():
        if promotes := values.get("promotes"):
            rows.append([grid.page_of(name), *(code(promotes.get(one, "")) for one in _FED)])
    yield from table(["a float32 layer, fed", *map(code, _FED)], rows)
    yield "The output's dtype, or the exception."
    yield ""


def empty(book: Book) -> Iterator[str]:
    """What becomes of an axis of size 0."""
    yield from grid.of_cases(book, [one for one in book.cases if one.behaviour == "empty-axis"])


def bad(book: Book) -> Iterator[str]:
    """What refuses which wrong input, and what is taken in silence."""
    yield "The exception that refuses it; `none`: it is taken in silence."
    yield ""
    yield from grid.of_records(book, "exception")
    yield from ("## What is taken in silence, and what comes out", "")
    rows = [
        [
            grid.page_of(pin.framework),
            code(grid.where(pin)),
            grid.instead(pin),
            text(pin.why),
            link("source", pin.source),
        ]
        for pin in book.deviations
        if "rejects" in pin.claims
    ]
    yield from table(["", "where", "instead", "why", ""], rows)


def inference(book: Book) -> Iterator[str]:
    """Which have shape inference, and where it is wrong."""
    rows = []
    for name, framework in book.frameworks.items():
        pins = [pin for pin in book.deviations if pin.framework == name]
        pins = [pin for pin in pins if pin.claims == ("inferred_shapes",)]
        why = " ".join(f"{text(pin.why)} {link('source', pin.source)}" for pin in pins)
        rows.append([grid.page_of(name), "yes" if "infer" in framework.functions else "no", why])
    yield from table(["", "infers shapes", "where a run gives something else"], rows)


def defaults(book: Book) -> Iterator[str]:
    """The layer that one gets without choosing."""
    for name, values in _defaults(book).items():
        rows = [[code(key), code(grid.short(value))] for key, value in values.items()]
        yield from (f"## {text(name)}", "")
        yield from table(["", "as observed"], rows)


def checkpoints(book: Book) -> Iterator[str]:
    """What can be saved, and by which names."""
    yield from grid.of_layers(book, valued("checkpoint"))
    yield from grid.of_records(book, "checkpoint")


def states(book: Book) -> Iterator[str]:
    """What carries a state from call to call."""
    columns = {**valued("initial_state"), **valued("stateful"), **valued("return_state")}
    yield from grid.of_layers(book, columns)


def execution(book: Book) -> Iterator[str]:
    """In which ways a layer is run."""
    yield from grid.of_layers(
        book, {**valued("execution"), **valued("gradients"), **valued("dropout")}
    )


def functions(book: Book) -> Iterator[str]:
    """By which functions gates are made and cells squashed, and which variants of the cell are."""
    yield from grid.of_layers(
        book, {**valued("recurrent_activation"), **valued("activation"), **valued("cell")}
    )


def gaps(book: Book) -> Iterator[str]:
    """What there is not, with links."""
    rows = []
    for name, declared in book.every_gap.items():
        for gap in declared:
            options = ", ".join(f"{one}={grid.short(value)}" for one, value in gap.options.items())
            own = "the adapter's own" if gap.own else ""
            rows.append(
                [
                    grid.page_of(name),
                    code(options),
                    text(gap.why),
                    link("source", gap.source),
                    code(gap.versions) if gap.versions else "",
                    own,
                ]
            )
    yield from table(["", "no layer with", "why", "", "versions", ""], rows)


def _defaults(book: Book) -> Mapping[str, Mapping[str, Any]]:
    found = {}
    for name, records in book.seen("defaults").items():
        for one in records.values():
            if isinstance(one.value, Mapping):
                found[name] = one.value
    return found
