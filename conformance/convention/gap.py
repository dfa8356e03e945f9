"""Which layers an adapter is not asked for, by the gaps that it declares."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from itertools import combinations, product
from typing import Any, Literal, get_args, get_origin, get_type_hints

from packaging.requirements import InvalidRequirement, Requirement

from adapters.contract import ANY, Dimensions, Gap, Layer, stacked
from conformance.casefile.suggest import hint
from conformance.lstm.agreement import contradictions

DEFAULTS: Mapping[str, Any] = {option.name: option.default for option in fields(Layer)}
PROJECTION = 4  # a size of the option that is one
OTHERS = 2  # options at most that are set beside a gap's own, to make it a layer
# As wide as it is fed, so that it may be residual too.
ONE = Dimensions(batch_size=1, time_steps=5, embedding_dim=11, hidden_units=11)
APART = '[{"hidden_units": 11}]'  # of the option that lists layers
_TYPES = get_type_hints(Layer)


def gap_of(layer: Layer, gaps: Sequence[Gap]) -> Gap | None:
    """The first of `gaps` that `layer` falls into; None where the adapter has it."""
    return next((gap for gap in gaps if meets(gap, layer)), None)


def meets(gap: Gap, layer: Layer) -> bool:
    """Whether `layer` has every value that `gap` names, or one of the layers of a stack has."""
    members = [one for one, _ in stacked(layer, ONE)] if layer.layers else []
    return any(
        all(allows(name, given, getattr(one, name)) for name, given in gap.options.items())
        for one in (layer, *members)
    )


def allows(name: str, given: Any, value: Any) -> bool:
    """Whether `value` of the option `name` is among those that a gap gives for it."""
    if given == ANY:
        return bool(value != DEFAULTS[name])
    return value in given if isinstance(given, tuple | list) else bool(value == given)


def holds(gap: Gap, versions: Mapping[str, str]) -> bool:
    """Whether `gap` is there in these versions; one that names another package never is."""
    if not gap.versions:
        return True
    requirement = Requirement(gap.versions)
    version = versions.get(requirement.name)
    return version is not None and requirement.specifier.contains(version, prereleases=True)


def mistakes(gaps: Sequence[Gap], packages: Sequence[str]) -> Iterator[tuple[Gap, str]]:
    """Each gap that says nothing, with the line that tells why.

    `packages` are those on whose versions a gap may depend.
    """
    gaps = tuple(gaps)
    for number, gap in enumerate(gaps):
        if text := _wrong(gap, packages):
            yield gap, text
            continue
        for other in gaps[:number] + gaps[number + 1 :]:
            if not _wrong(other, packages) and _covers(other, gap):
                later = gaps.index(other) > number
                if later and _covers(gap, other):  # two alike: the second is told
                    continue
                yield gap, f"{dict(gap.options)} is covered by the gap at {other.where}"
                break


def layers(gap: Gap) -> Iterator[Layer]:
    """Every layer in `gap` that does not contradict itself, those with few options first."""
    open_ = [name for name in DEFAULTS if name not in gap.options]
    own = [
        [value for value in values(name) if allows(name, given, value)]
        for name, given in gap.options.items()
    ]
    for count in range(OTHERS + 1):
        for chosen in product(*own):
            for others in combinations(open_, count):
                changes = [[v for v in values(name) if v != DEFAULTS[name]] for name in others]
                for changed in product(*changes):
                    options = dict(zip((*gap.options, *others), (*chosen, *changed), strict=True))
                    layer = Layer(**options)
                    if not any(contradictions(layer, ONE)):
                        yield layer


def values(name: str) -> tuple[Any, ...]:
    """The values that an option can have; of a size or a list, its default and one other."""
    kind = _TYPES[name]
    if kind is str:
        return DEFAULTS[name], APART
    if get_origin(kind) is Literal:
        return get_args(kind)
    return (False, True) if kind is bool else (DEFAULTS[name], PROJECTION)


def _wrong(gap: Gap, packages: Sequence[str]) -> str | None:
    if not gap.options:
        return "names no option"
    for name, given in gap.options.items():
        if name not in DEFAULTS:
            return f"{name!r} is no option{hint(name, DEFAULTS, 'options')}"
        for one in given if isinstance(given, tuple | list) else (given,):
            if not any(allows(name, one, value) for value in values(name)) and not (
                _TYPES[name] is int and isinstance(one, int)
            ):
                told = ", ".join(map(repr, values(name)))
                return f"no layer can meet {name}: {one!r} (the values are {told}, and ANY)"
        if given == () or given == []:
            return f"no layer can meet {name}: it gives no value"
    if not gap.why.strip():
        return "says not why"
    if not gap.source.startswith(("https://", "http://")):
        return f"source: a link is missing, got {gap.source!r}"
    if next(layers(gap), None) is None:
        return f"no layer can meet {dict(gap.options)}: its options contradict each other"
    return _unversioned(gap.versions, packages) if gap.versions else None


def _unversioned(versions: str, packages: Sequence[str]) -> str | None:
    try:
        requirement = Requirement(versions)
    except InvalidRequirement:
        return f"versions: {versions!r} is no requirement like 'name<3.5'"
    if not requirement.specifier or requirement.marker or requirement.extras or requirement.url:
        return f"versions: {versions!r} must name versions, and nothing else"
    if requirement.name not in packages:
        return f"versions: {requirement.name!r} is none of PACKAGES ({', '.join(packages)})"
    return None


def _covers(wide: Gap, narrow: Gap) -> bool:
    """Whether every layer in `narrow`, in every version, is in `wide` too."""
    if wide.versions and wide.versions != narrow.versions:
        return False
    return all(
        name in narrow.options
        and all(
            allows(name, given, value)
            for value in values(name)
            if allows(name, narrow.options[name], value)
        )
        for name, given in wide.options.items()
    )


def located(gap: Gap, root: str) -> Gap:
    """`gap` with its place below `root`."""
    return replace(gap, where=gap.where.removeprefix(f"{root}/"))
