"""Options by name and value: each that a page speaks of, as text, and text made a layer of."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, get_args, get_origin, get_type_hints

from adapters.contract import Dimensions, Layer
from conformance.casefile.suggest import hint
from conformance.convention.gap import DEFAULTS, ONE, values
from conformance.lstm.agreement import contradictions
from conformance.lstm.kind import SIZES

GUIDE = Dimensions(batch_size=2, time_steps=5, embedding_dim=3, hidden_units=4)
PLAIN = Layer()
STACK = 2  # layers, where a stack is meant
_TYPES = get_type_hints(Layer)
_SIZE = {one.name: one.default for one in fields(Dimensions)}
_MOST = 1_000_000  # of a size


class OptionError(ValueError):
    """A text that names no layer; one line."""


@dataclass(frozen=True)
class Asked:
    """A layer, and the sizes that it is asked for with."""

    layer: Layer = PLAIN
    dimensions: Dimensions = GUIDE

    @property
    def chosen(self) -> dict[str, Any]:
        """What is not the default: options, and whether it is a stack."""
        own = {name: value for name, value in vars(self.layer).items() if value != DEFAULTS[name]}
        count = self.dimensions.num_layers
        return {**own, "num_layers": count} if count > 1 else own

    def __str__(self) -> str:
        """``bidirectional, merge=sum``; ``no option`` where all is the default."""
        return ", ".join(told(*one) for one in self.chosen.items()) or "no option"


def told(name: str, value: Any) -> str:
    """``bidirectional``, ``bias=false``, ``merge=sum``."""
    return name if value is True else f"{name}={str(value).lower()}"


def singles() -> dict[str, Mapping[str, Any]]:
    """Every value but the default of every option, and a stack, each by its text."""
    found: dict[str, Mapping[str, Any]] = {told("num_layers", STACK): {"num_layers": STACK}}
    for name, default in DEFAULTS.items():
        for value in values(name):
            if value != default:
                found[told(name, value)] = {name: value}
    return found


def valued(option: str) -> dict[str, Asked]:
    """A layer for each value of `option` but its default, by its text."""
    found = {}
    for text, chosen in singles().items():
        if option in chosen and (asked := completed(chosen)):
            found[text] = asked
    return found


def completed(chosen: Mapping[str, Any]) -> Asked | None:
    """The layer with `chosen`, and what they cannot do without; None where they exclude each other.

    ``merge=sum`` needs bidirectional, ``keep_order`` needs reverse.
    """
    own = {name: value for name, value in chosen.items() if name not in SIZES}
    sizes = replace(GUIDE, **{name: value for name, value in chosen.items() if name in SIZES})
    needs: list[dict[str, Any]] = [{}, {"bidirectional": True}, {"reverse": True}]
    needs += [{"reverse": True, "keep_order": True}]
    for need in needs:
        if need.items() & own.items() or any(name in own for name in need):
            continue
        layer = Layer(**{**own, **need})
        if not any(contradictions(layer, ONE)):
            batch = 1 if layer.layout == "unbatched" else sizes.batch_size
            return Asked(layer, replace(_as_wide(layer, sizes), batch_size=batch))
    return None


def _as_wide(layer: Layer, sizes: Dimensions) -> Dimensions:
    """`sizes`; of a residual layer with as many features as it hands out."""
    width = layer.num_outputs * (layer.projection_size or sizes.hidden_units)
    return replace(sizes, embedding_dim=width) if layer.residual else sizes


def parsed(text: str) -> Asked:
    """The layer that ``bidirectional, lengths=given, hidden_units=7`` names. Raises OptionError."""
    given: dict[str, Any] = {}
    for part in filter(None, (one.strip() for one in text.split(","))):
        name, is_set, value = (one.strip() for one in part.partition("="))
        if name not in DEFAULTS and name not in SIZES:
            known = [*DEFAULTS, *_SIZE]
            raise OptionError(f"{name[:80]!r} is no option and no size{hint(name, known)}")
        if name in given:
            raise OptionError(f"{name} is given twice")
        given[name] = _value(name, value if is_set else None)
    if given.get("layout") == "unbatched":
        given.setdefault("batch_size", 1)
    layer = Layer(**{name: value for name, value in given.items() if name in DEFAULTS})
    sizes = replace(GUIDE, **{name: value for name, value in given.items() if name in SIZES})
    if "embedding_dim" not in given:
        sizes = _as_wide(layer, sizes)
    for problem in contradictions(layer, sizes):
        raise OptionError(problem)
    return Asked(layer, sizes)


def _value(name: str, given: str | None) -> Any:
    may = list(_may(name))
    if given is None and True in may:
        return True
    if name in SIZES or _TYPES[name] is int:
        least = 0 if name != "num_layers" else 1
        if given is not None and given.isascii() and given.isdigit() and len(given) <= 7:
            number = int(given)
            if least <= number <= _MOST:
                return number
        raise OptionError(f"{name} is a whole number from {least} to {_MOST:,}")
    words = {str(one).lower(): one for one in may}
    if given is None or given.lower() not in words:
        raise OptionError(f"{name} is one of {', '.join(words)}")
    return words[given.lower()]


def _may(name: str) -> Iterator[Any]:
    kind = _TYPES.get(name)
    if kind is bool:
        yield from (True, False)
    elif kind is str:
        yield from values(name)
    elif get_origin(kind) is not None:
        yield from get_args(kind)
