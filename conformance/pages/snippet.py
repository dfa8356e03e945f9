"""What a user of a framework would write for a layer, from what its adapter declares."""

import re
from collections.abc import Iterable, Mapping
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
    return _told(found.lines, asked)


def numbered(book: Book, name: str, asked: Asked) -> str:
    """The same code, given an ``array`` for its x and ``weights`` by the names of the convention.

    They are loaded by the convention's own lines. Raises KeyError where there is no such code.
    """
    found, convention = book.snippets[name], book.convention(name)
    built = _told(found.built, asked)
    fed = re.sub(r"^x = .*$", lambda _: f"x = {found.fed}", built, count=1, flags=re.MULTILINE)
    loading = _told(found.loading, asked, loader=convention.loader)
    return "\n".join([fed, loading, _told(found.called, asked)])


def _told(lines: Iterable[Line | str], asked: Asked, **others: str) -> str:
    layer, dimensions = asked.layer, asked.dimensions
    has = {**vars(layer), **vars(dimensions)}
    told = [
        one.text if isinstance(one, Line) else one
        for one in lines
        if not isinstance(one, Line) or _meets(one.when, has)
    ]
    return Template("\n".join(told)).substitute(
        has,
        rows=dimensions.num_layers * layer.num_directions,
        state_units=layer.projection_size or dimensions.hidden_units,
        **others,
    )


def _meets(when: Mapping[str, Any], has: Mapping[str, Any]) -> bool:
    return all(
        has[name] != USUAL[name]
        if given == ANY
        else has[name] in (given if isinstance(given, tuple) else (given,))
        for name, given in when.items()
    )
