"""Topics that follow from conventions: layouts, results, gates, biases, merges, projections."""

from collections.abc import Iterator
from math import prod

from adapters.contract import Layer, Native
from conformance.convention.convention import parameter_laws, result_laws
from conformance.lstm import pattern
from conformance.pages import grid
from conformance.pages.book import Book
from conformance.pages.markdown import code, table
from conformance.pages.option import GUIDE, Asked, parsed, told, valued

_BOTH = Layer(bidirectional=True)


def layout(book: Book) -> Iterator[str]:
    """The axes of the input in each layout."""
    columns = {told("layout", Layer().layout): Asked(), **valued("layout")}
    yield from grid.of_layers(book, columns, lambda name, asked: _input(book, name, asked))


def results(book: Book) -> Iterator[str]:
    """Names and axes of what a layer hands out."""
    names = ("output", "last", "h_n", "c_n")
    rows = [
        [grid.page_of(name), *(_result(book, name, one, Layer()) for one in names)]
        for name in book.frameworks
    ]
    yield from table(["", *map(code, names)], rows)
    yield "A name with braces stands for several tensors, one for each `{layer}` or `{direction}`."
    yield "`last` is what is read as the output where no sequences are returned."
    yield ""


def gates(book: Book) -> Iterator[str]:
    """The order of gates, and the two matrices."""
    names = ("input_weights", "recurrent_weights")
    rows = []
    for name in book.frameworks:
        convention = book.convention(name)
        told_of = [_form(convention.weights[one]) for one in names]
        rows.append([grid.page_of(name), code(" ".join(convention.gates)), *told_of])
    yield from table(["", "order", *map(code, names)], rows)
    yield "i is the input gate, f the forget gate, g the candidate, o the output gate."
    yield ""


def biases(book: Book) -> Iterator[str]:
    """One bias a gate or two, and what that makes of the number of parameters."""
    rows = []
    for name in book.frameworks:
        convention = book.convention(name)
        own = [form.name for key, form in convention.weights.items() if "bias" in key]
        laws = parameter_laws(convention, Layer(), GUIDE).values()
        count = sum(prod(law.shape) for law in laws)
        rows.append([grid.page_of(name), str(len(own)), str(count), ", ".join(map(code, own))])
    sizes = f"{GUIDE.embedding_dim} features and {GUIDE.hidden_units} units"
    yield from table(["", "biases a gate", f"parameters, of {sizes}", "names"], rows)
    yield "With I features and C units a layer has 4C(I + C + 1) parameters, or 4C(I + C + 2)."
    yield ""


def reverse(book: Book) -> Iterator[str]:
    """Where the reverse direction's final state stands."""
    rows = []
    for name, framework in book.frameworks.items():
        gap = framework.gap(_BOTH)
        labels = ", ".join(map(code, book.convention(name).directions[1]))
        states = _result(book, name, "h_n", _BOTH)
        rows.append([grid.page_of(name), *(("no such layer", "") if gap else (states, labels))])
    yield "The reverse direction ends at the sequence's *first* step. Of an output (batch, time,"
    yield "direction*hidden) its final state is the second half of `output[:, 0]`, not of"
    yield "`output[:, -1]`: that half has seen one step."
    yield ""
    yield from table(["", "`h_n` of both directions", "`{direction}`"], rows)
    asked = ("bidirectional, return_sequences=false", "reverse", "reverse, keep_order")
    yield from grid.of_layers(book, {one: parsed(one) for one in asked})


def merge(book: Book) -> Iterator[str]:
    """How two directions are joined."""
    columns = {told("merge", Layer().merge): parsed("bidirectional"), **valued("merge")}
    yield from grid.of_layers(
        book, columns, lambda name, asked: _result(book, name, "output", asked.layer)
    )


def projection(book: Book) -> Iterator[str]:
    """What becomes narrower under a projection."""

    def shapes(name: str, asked: Asked) -> str:
        laws = result_laws(book.convention(name), asked.layer, asked.dimensions)
        return ", ".join(f"{code(one)} {code(law)}" for one, law in laws.items())

    asked = ("projection_size=2", "projection_size=2, bidirectional")
    yield from grid.of_layers(book, {one: parsed(one) for one in asked}, shapes)


def _input(book: Book, name: str, asked: Asked) -> str:
    return code(pattern.native("input", book.convention(name).inputs["input"], asked.layer).axes)


def _result(book: Book, name: str, canonical: str, layer: Layer) -> str:
    return _form(pattern.native(canonical, book.convention(name).results[canonical], layer))


def _form(form: Native) -> str:
    return f"{code(form.name)} {code(form.axes)}"
