"""A kind of cases: certain ids, options of the layer and sizes, and how each is run."""

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, replace
from fnmatch import fnmatchcase
from typing import Any

from adapters.contract import stacked
from conformance.lstm.case import Case, Deviation, Dimensions, Layer
from conformance.lstm.numbers import Numbers

ANY = "any"  # every value but the default, as in a Gap; what has no default has no such word
SIZES = frozenset(size.name for size in fields(Dimensions))
USUAL: Mapping[str, Any] = {
    one.name: one.default
    for one in (*fields(Layer), *fields(Dimensions))
    if one.default is not MISSING
} | {"behind": Numbers.behind}


def speaks_of(pin: Deviation, case: Case) -> bool:
    """Whether `case` has such an id, and all that the pin's kind names."""
    return names(pin, case) and not unlike(case, pin.kind)


def names(pin: Deviation, case: Case) -> bool:
    """Whether one of the pin's globs has the id of `case`."""
    return any(fnmatchcase(case.id, glob) for glob in pin.cases.split())


def unlike(case: Case, kind: Mapping[str, tuple[Any, ...]]) -> dict[str, Any]:
    """What keeps `case` from being of `kind`, with the values that it has.

    A stack whose layers differ is of the kind that any of its layers is.
    """
    found = []
    for one in (case, *_alone(case)):
        has = {name: value_of(one, name) for name in kind}
        found.append({n: value for n, value in has.items() if not _among(n, value, kind[n])})
    return found[0] if all(found) else {}


def _alone(case: Case) -> Iterator[Case]:
    """Each layer as a case of its own, where they differ."""
    for layer, dimensions in stacked(case.layer, case.dimensions) if case.layer.layers else ():
        yield replace(case, layer=layer, dimensions=dimensions)


def value_of(case: Case, name: str) -> Any:
    """The value of an option or a size, by its name.

    ``run`` is whether the case is run, ``behind`` what stands behind a sequence's end.
    """
    if name == "run":
        return case.run
    if name == "behind":
        return case.numbers.behind
    return getattr(case.dimensions if name in SIZES else case.layer, name)


def _among(name: str, value: Any, values: tuple[Any, ...]) -> bool:
    return value in values or (ANY in values and value != USUAL[name])
