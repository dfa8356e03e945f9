"""What a user of a framework would write for a layer, from what its adapter declares."""

import re
from collections.abc import Iterable, Mapping
from string import Template
from typing import Any

from adapters.contract import ANY, Dimensions, Layer, Line, Snippet
from conformance.lstm.kind import USUAL


def code(found: Snippet, layer: Layer, dimensions: Dimensions) -> str | None:
    """The code, which runs as it stands; None where the snippet does not speak of such a layer.

    Raises KeyError for a ``$name`` that is neither an option nor a size.
    """
    has = {**vars(layer), "num_layers": dimensions.num_layers}
    if {name for name, value in has.items() if value != USUAL[name]} - set(found.options):
        return None
    return _told(found.lines, layer, dimensions)


def numbered(found: Snippet, loader: str, layer: Layer, dimensions: Dimensions) -> str:
    """The same code, given an ``array`` for its x and ``weights`` by the names of a convention.

    They are loaded by the lines of `loader`, the convention's own.
    """
    built = _told(found.built, layer, dimensions)
    fed = re.sub(r"^x = .*$", lambda _: f"x = {found.fed}", built, count=1, flags=re.MULTILINE)
    loading = _told(found.loading, layer, dimensions, loader=loader)
    return "\n".join([fed, loading, _told(found.called, layer, dimensions)])


def _told(lines: Iterable[Line | str], layer: Layer, dimensions: Dimensions, **others: str) -> str:
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
