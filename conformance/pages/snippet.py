"""What a user of a framework would write for a layer, from what its adapter declares."""

from collections.abc import Mapping
from string import Template
from typing import Any

from adapters.contract import ANY, Line
from conformance.lstm.kind import USUAL
from conformance.pages.book import Book
from conformance.pages.option import Asked


def snippet(book: Book, name: str, asked: Asked) -> str | None:
    """The code, which runs as it stands; None where the adapter has none for such a layer.

    Raises KeyError for a ``$name`` that is neither an option nor a size.
    """
    found = book.snippets.get(name)
    if found is None or asked.chosen.keys() - set(found.options):
        return None
    layer, dimensions = asked.layer, asked.dimensions
    has = {**vars(layer), **vars(dimensions)}
    told = [
        one.text if isinstance(one, Line) else one
        for one in found.lines
        if not isinstance(one, Line) or _meets(one.when, has)
    ]
    return Template("\n".join(told)).substitute(
        has,
        rows=dimensions.num_layers * layer.num_directions,
        state_units=layer.projection_size or dimensions.hidden_units,
    )


def _meets(when: Mapping[str, Any], has: Mapping[str, Any]) -> bool:
    return all(
        has[name] != USUAL[name]
        if given == ANY
        else has[name] in (given if isinstance(given, tuple) else (given,))
        for name, given in when.items()
    )
