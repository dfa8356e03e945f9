"""The LSTMs of a state: found by the names that adapters declare, and by the shapes behind them.

A spelling is made into patterns once, and every name of the state is put to them, so that a state
of thousands of arrays costs no more than a look at each.
"""

import re
import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from adapters.contract import Convention, Layer, Spelling
from conformance.convention.convention import (
    canonical_weights,
    offset,
    parameter_laws,
    weights,
)
from conformance.formats.saved import BFLOAT16
from conformance.lstm.case import Dimensions
from conformance.lstm.law import places
from conformance.lstm.sample import LayerWeights

Arrays = Mapping[str, Any]
BIASES = ("bias", "input_bias", "recurrent_bias")
LABEL = 1_000  # characters of a name, of which more is none of a layer's
MAX_LAYERS = 1_000
# The labels of directions where names have no place for one.
ONE_WAY: tuple[tuple[str], tuple[str, str]] = (("",), ("", ""))
MOMENTS = re.compile(
    r"(?:^|[/.])(?:optimi[sz]er|opt_state)"
)  # what a name has on its way that is no weight


@dataclass(frozen=True)
class Spelled:
    """One spelling of the LSTMs of some frameworks, which all mean the same by it."""

    convention: Convention  # with the names of the spelling
    met: str
    sure: bool
    frameworks: tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """An LSTM in a state: which arrays are its, and how they are read."""

    where: str  # what stands before its names
    spelled: Spelled
    layer: Layer
    dimensions: Dimensions  # with a batch and a time of 1
    names: Mapping[str, str]  # the state's, by those of the spelling
    arrays: Arrays = field(repr=False)  # by those of the spelling
    given: tuple[LayerWeights, ...] | None = None  # of layers that are read as one stack

    @cached_property
    def stack(self) -> tuple[LayerWeights, ...]:
        """The weights of each layer, in canonical form, with what is added at run time counted in.

        float64.
        """
        if self.given is not None:
            return self.given
        where = self.spelled.convention, self.layer, self.dimensions
        real = {name: _real(one) for name, one in self.arrays.items()}
        return offset(self.spelled.convention, canonical_weights(*where, real), 1)

    @property
    def parameters(self) -> int:
        """How many numbers it has."""
        return sum(int(np.size(one)) for one in self.arrays.values())

    @property
    def biases(self) -> int:
        """How many a gate has: 0, 1 or 2."""
        if not self.layer.bias:
            return 0
        return 1 if "bias" in self.spelled.convention.weights else 2

    def __str__(self) -> str:
        """``encoder: 2 layers, both ways, 3 -> 4``."""
        sizes = self.dimensions
        layers = f"{sizes.num_layers} layer{'s' if sizes.num_layers > 1 else ''}"
        ways = "both ways" if self.layer.bidirectional else "one way"
        projected = self.layer.projection_size
        more = f", projected to {projected}" if projected else ""
        biases = ("no bias", "one bias a gate", "two biases a gate")[self.biases]
        return (
            f"{layers}, {ways}, {sizes.embedding_dim} -> {sizes.hidden_units}{more}, {biases}, "
            f"{self.parameters:,} parameters"
        )


def _real(array: Any) -> Any:
    """The numbers of an array, where they are real; of no other is a layer converted."""
    array = np.asarray(array)
    if array.dtype.kind == "V" and array.dtype != BFLOAT16:
        return np.zeros(array.shape)
    return np.real(array)


@dataclass(frozen=True)
class Misfit:
    """Arrays that have the names of an LSTM and are none: why, and what they look like instead."""

    where: str
    names: tuple[str, ...]
    spelled: Spelled
    why: str
    half: bool = False  # a weight alone, which may be another layer's


def spellings(conventions: Mapping[str, Convention]) -> list[Spelled]:
    """Every spelling of the frameworks, those that mean the same as one, in order of declaration.

    The names that adapters give their own layers come first, for only they tell of a stack.
    """
    found: dict[Any, Spelled] = {}
    own = {name: [Spelling("", one.weights, one.gates)] for name, one in conventions.items()}
    more = {name: list(one.spellings) for name, one in conventions.items()}
    for declared in (own, more):
        for name, few in declared.items():
            convention = conventions[name]
            for one in few:
                spelled = _convention(convention, one)
                key = (
                    tuple(spelled.weights.items()),
                    spelled.gates,
                    spelled.directions,
                    spelled.forget_offset,
                )
                before = found.get(key)
                names = (*before.frameworks, name) if before else (name,)
                met = before.met if before else one.met
                found[key] = Spelled(spelled, met, one.sure, tuple(dict.fromkeys(names)))
    return list(found.values())


def _convention(convention: Convention, spelling: Spelling) -> Convention:
    """The convention with the names of a spelling; of a cell's, with a direction that has none."""
    forms = spelling.weights
    directions: Any = spelling.directions or convention.directions
    if not any("direction" in f"{form.name} {form.axes}" for form in forms.values()):
        forms = {key: replace(one, name="{direction}" + one.name) for key, one in forms.items()}
        directions = ONE_WAY
    return replace(
        convention,
        weights=forms,
        gates=spelling.gates or convention.gates,
        directions=directions,
    )


def search(few: Sequence[Spelled], arrays: Arrays) -> tuple[list[Found], list[Misfit]]:
    """Every LSTM that some spelling finds, and what has the names of one and is none.

    Of two readings of the same arrays both are there; of one whose arrays are all another's, the
    larger alone.
    """
    names = [name for name in arrays if len(name) <= LABEL and not MOMENTS.search(name)]
    shapes = {name: np.shape(arrays[name]) for name in names}
    found: list[Found] = []
    misfits: list[Misfit] = []
    for spelled in few:
        taken: set[str] = set()
        for ways in (2, 1) if _two_ways(spelled.convention) else (1,):
            for where, group in _groups(spelled.convention, ways, names):
                if taken.issuperset(group.values()):
                    continue
                one = _fitted(spelled, ways, where, group, shapes, arrays)
                if isinstance(one, Found):
                    found.append(one)
                    taken |= set(one.names.values())
                elif one is not None:
                    misfits.append(one)
    found = _larger(found)
    read = {name for one in found for name in one.names.values()}
    odd = {one.names: one for one in reversed(misfits) if not read.issuperset(one.names)}
    # Of arrays that one spelling calls whole, another may know a part alone.
    odd = {few: one for few, one in odd.items() if not any(set(few) < set(more) for more in odd)}
    whole = [one for one in odd.values() if not one.half]
    kept = whole or ([] if found else list(odd.values()))
    return found, kept[::-1]


def _larger(found: list[Found]) -> list[Found]:
    """Without those whose arrays are a part of another's."""
    owner: dict[str, list[int]] = {}
    sets = [set(one.names.values()) for one in found]
    for number, names in enumerate(sets):
        for name in names:
            owner.setdefault(name, []).append(number)
    return [
        one
        for number, one in enumerate(found)
        if not any(sets[number] < sets[other] for other in owner[next(iter(one.names.values()))])
    ]


@dataclass(frozen=True)
class _Pattern:
    """The names of one weight: what each says of layer, direction and gate."""

    weight: str
    form: re.Pattern[str]
    tail: str  # what every such name ends with


def plainly(name: str) -> str:
    """A name as it is compared: a slash is as good as a dot, and what is added to all is gone.

    That is the number of an output, ``:0``, and the attribute that a variable keeps its array in.
    """
    return name.replace("/", ".").removesuffix(":0").removesuffix(".value")


def _patterns(convention: Convention, ways: int) -> list[_Pattern]:
    labels: dict[str, tuple[str, ...]] = {"direction": convention.directions[ways - 1]}
    patterns: dict[str, _Pattern] = {}
    for weight, native in convention.weights.items():
        labels["gate"] = native.gates or tuple(convention.gates)
        text, tail, free = "", "", 0
        for literal, name, _, _ in string.Formatter().parse(native.name):
            for number, part in enumerate(plainly(literal).split("*")):
                if number:
                    free += 1
                    text += f"(?P<free{free}>[^.]*?)"
                    tail = ""
                text += re.escape(part)
                tail += part
            if name == "layer":
                text += r"(?P<layer>\d{1,3})"
            elif name is not None:
                found = sorted(map(plainly, labels[name]), key=len, reverse=True)
                text += f"(?P<{name}>{'|'.join(map(re.escape, found))})"
            tail = "" if name is not None else tail
        # A part that is chosen begins behind a slash or a dot, or it would have no beginning; a
        # name of one part may have been joined to what stands before it.
        edge = r"\." if re.search("[*/.]", native.name) else "[._:-]"
        form = re.compile(rf"(?P<prefix>(?:.*{edge})?){text}", re.DOTALL)
        patterns.setdefault(native.name, _Pattern(weight, form, tail))
    return list(patterns.values())


def _groups(
    convention: Convention, ways: int, names: Sequence[str]
) -> Iterator[tuple[str, dict[str, str]]]:
    """The state's names by the spelling's, for each place of a model where some are."""
    groups: dict[tuple[str, ...], dict[str, str]] = {}
    places: dict[tuple[str, ...], str] = {}
    labels = {plainly(one): one for one in convention.directions[ways - 1]}
    for pattern in _patterns(convention, ways):
        form = convention.weights[pattern.weight]
        for name in names:
            said_plainly = plainly(name)
            if not said_plainly.endswith(pattern.tail):
                continue
            match = pattern.form.fullmatch(said_plainly)
            if match is None:
                continue
            parts = match.groupdict()
            free = [parts[one] for one in parts if one.startswith("free")]
            key = (parts["prefix"], *free)
            said = {one: parts[one] for one in ("layer", "direction", "gate") if one in parts}
            said["direction"] = labels.get(said.get("direction", ""), "")
            places.setdefault(key, _place(name, match))
            groups.setdefault(key, {})[form.name.format(**said)] = name
    yield from ((places[key], group) for key, group in groups.items())


def _place(name: str, match: re.Match[str]) -> str:
    """Where in its model a layer lies: what stands before its names, and a part that is chosen."""
    start = end = match.end("prefix")
    parts = match.groupdict()
    if "free1" in parts:
        end = match.start("free1") + len(re.split("[/.]", name[match.start("free1") :])[0])
    label = parts.get("direction") or ""
    if label and match.start("direction") < end:
        start = match.end("direction")
    return (name[: match.end("prefix")] + name[start:end]).strip("/.:")


def _fitted(
    spelled: Spelled,
    ways: int,
    where: str,
    group: Mapping[str, str],
    shapes: Mapping[str, tuple[int, ...]],
    arrays: Arrays,
) -> Found | Misfit | None:
    """The LSTM that a group of names is; None where it is not even the half of one."""
    convention = spelled.convention
    layer = Layer(
        bidirectional=ways == 2,
        bias=any(_has(convention, name, group, ways) for name in BIASES),
        projection_size=int(_has(convention, "projection_weights", group, ways)),
    )
    both = all(
        _has(convention, name, group, ways) for name in ("input_weights", "recurrent_weights")
    )
    if not both:
        if spelled.met or ways == 2 or not _has(convention, "input_weights", group, ways):
            return None
        count = _layers(convention, group)
        due = set(parameter_laws(convention, layer, Dimensions(1, 1, 1, 1, count)))
        told = _missing(sorted(due - group.keys()), group, shapes)
        return Misfit(where, tuple(group.values()), spelled, ", ".join(told), half=True)
    count = _layers(convention, group)
    due = set(parameter_laws(convention, layer, Dimensions(1, 1, 1, 1, count)))
    names = tuple(group.values())
    if ways == 2 and due != group.keys():
        return None  # one direction of each of several layers, as numbered in common
    if due != group.keys():
        missing = sorted(one for one in due - group.keys())
        surplus = sorted(group[one] for one in group.keys() - due)
        told = _missing(missing, group, shapes) + [f"unknown {one}" for one in surplus[:4]]
        return Misfit(where, names, spelled, ", ".join(told))
    held = {name: arrays[one] for name, one in group.items()}
    by_name = {name: shapes[one] for name, one in group.items()}
    if ways == 1 and "direction" not in _spelled_axes(convention):
        layer = replace(layer, bidirectional=_stacked_ways(convention, by_name) == 2)
    if (found := sized(convention, layer, count, by_name)) is not None:
        return Found(where, spelled, *found, dict(group), held)
    laws = _laws(convention, layer, count, by_name)
    return Misfit(where, names, spelled, likeness(convention, layer, by_name, laws))


def sized(
    convention: Convention,
    layer: Layer,
    num_layers: int,
    shapes: Mapping[str, tuple[int, ...]],
) -> tuple[Layer, Dimensions] | None:
    """The layer and sizes whose weights have those shapes, by name; None where there is none."""
    laws = _laws(convention, layer, num_layers, shapes)
    if not laws or any(law.shape != shapes[name] for name, law in laws.items()):
        return None
    found = _sized(convention, layer, num_layers, shapes)
    return found if found[1].hidden_units and found[1].embedding_dim else None


def _laws(
    convention: Convention,
    layer: Layer,
    num_layers: int,
    shapes: Mapping[str, tuple[int, ...]],
) -> Mapping[str, Any]:
    """The shapes that are due by the sizes of the lowest layer; none where it has no sizes."""
    try:
        return parameter_laws(convention, *_sized(convention, layer, num_layers, shapes))
    except (ValueError, IndexError, KeyError, ZeroDivisionError):
        return {}


def _missing(
    names: Sequence[str], group: Mapping[str, str], shapes: Mapping[str, tuple[int, ...]]
) -> list[str]:
    """What is missing, and what stands in its place: the parts that a weight is made of."""
    told = []
    # With what stands before the names in this state.
    before = {own[: -len(one)] for one, own in group.items() if own.endswith(one)}
    for name in names[:4]:
        parts = [
            f"{one} {shape}"
            for one, shape in shapes.items()
            if any(one.startswith(f"{prefix}{name}_") for prefix in before)
            or f"parametrizations.{name}." in one
        ]
        there = f", of which there is {', '.join(parts[:4])}" if parts else ""
        told.append(f"missing {name}{there}")
    return told


def likeness(
    convention: Convention,
    layer: Layer,
    shapes: Mapping[str, tuple[int, ...]],
    laws: Mapping[str, Any],
) -> str:
    """What arrays with the names of an LSTM look like, since they have not its shapes."""
    form = weights(convention, layer)["recurrent_weights"]
    labels = {"layer": 0, "direction": "", "gate": ""}
    match = re.escape(form.name)
    for one in labels:
        match = match.replace(re.escape("{" + one + "}"), ".*")
    shape = next((one for name, one in shapes.items() if re.fullmatch(match, name)), ())
    spelled = list(places(form.axes))
    flat = [size for size in shape if size > 1]
    told = ", ".join(f"{name} {shapes[name]}" for name in list(shapes)[:4])
    if not all(shape):
        return f"without a number ({told})"
    if len(shape) > len(spelled):
        return f"a convolution's, with kernels of {len(shape)} axes ({told})"
    if "gate" not in form.name and form.along is None and len(shape) == len(spelled):
        ((gate, _),) = [(n, axes) for n, axes in enumerate(spelled) if "gate" in axes]
        ((hidden, _),) = [(n, axes) for n, axes in enumerate(spelled) if "hidden" in axes]
        units, gated = shape[hidden], shape[gate]
        if gated == 3 * units:
            return f"a GRU: {gated} = 3 gates of {units} units ({told})"
        if gated == units:
            return f"a plain recurrent layer: one gate of {units} units ({told})"
        if units == 4 * gated:
            return f"transposed: {shape} where ({form.axes}) is due ({told})"
        if gated % 4 == 0 and units < gated // 4:
            return f"projected: {gated // 4} units, of h {units}, without a projection ({told})"
    if len(flat) == 1:
        return f"one vector of {flat[0]:,} numbers, as the fused layout of a GPU's kernels ({told})"
    wrong = [name for name, law in laws.items() if law.shape != shapes[name]]
    if wrong and all(shapes[name] == (2 * laws[name].shape[0],) for name in wrong):
        return f"fused, with a bias of two for each gate, as a GPU's own layer has ({told})"
    odd = [f"{name} {shapes[name]}, not {laws[name].shape}" for name in wrong]
    return f"shapes of no LSTM: {', '.join(odd[:4]) or told}"


def _spelled_axes(convention: Convention) -> set[str]:
    return {
        axis
        for native in convention.weights.values()
        for axis in ("layer", "direction", "gate")
        if f"{{{axis}}}" in native.name
    }


def _two_ways(convention: Convention) -> bool:
    """Whether names tell two directions apart."""
    return "direction" in _spelled_axes(convention) and convention.directions != ONE_WAY


def _has(convention: Convention, weight: str, group: Mapping[str, str], ways: int) -> bool:
    """Whether a group has any array of a weight."""
    if weight not in convention.weights:
        return False
    native = convention.weights[weight]
    own = re.escape(native.name)
    for axis, few in (
        ("layer", (r"\d+",)),
        ("direction", tuple(map(re.escape, convention.directions[ways - 1]))),
        ("gate", tuple(map(re.escape, native.gates or tuple(convention.gates)))),
    ):
        own = own.replace(re.escape("{" + axis + "}"), f"(?:{'|'.join(few)})")
    return any(re.fullmatch(own, name) for name in group)


def _layers(convention: Convention, group: Mapping[str, str]) -> int:
    """How many layers the names count, from 0."""
    if "layer" not in _spelled_axes(convention):
        return 1
    numbers = set()
    for native in convention.weights.values():
        text = re.escape(native.name).replace(re.escape("{layer}"), r"(\d+)")
        for axis in ("direction", "gate"):
            text = text.replace(re.escape("{" + axis + "}"), ".*")
        numbers |= {found[1] for name in group if (found := re.fullmatch(text, name))}
    return max(1, min(len(numbers), MAX_LAYERS))


def _stacked_ways(convention: Convention, shapes: Mapping[str, tuple[int, ...]]) -> int:
    """How many directions stand on an axis of the arrays: 1 where there is no such axis."""
    form = convention.weights["recurrent_weights"]
    for place, axes in enumerate(places(form.axes)):
        if axes == ("direction",):
            name = form.name.format(layer=0, direction="", gate="")
            return shapes[name][place] if place < len(shapes.get(name, ())) else 1
    return 1


def _sized(
    source: Convention, layer: Layer, num_layers: int, shapes: Mapping[str, tuple[int, ...]]
) -> tuple[Layer, Dimensions]:
    """`layer` and dimensions, with the sizes that the lowest layer's weights have."""
    declared = weights(source, layer)
    lowest = {}
    for name, form in declared.items():
        directions = source.directions[layer.bidirectional]
        gates = form.gates or tuple(source.gates)
        lowest[name] = shapes[form.name.format(layer=0, direction=directions[0], gate=gates[0])]

    def extent(name: str, axis: str) -> int:
        """The size of the axis of one weight, whatever stands beside it in its place."""
        found = enumerate(places(declared[name].axes))
        ((place, beside),) = [(number, axes) for number, axes in found if axis in axes]
        size = lowest[name][place] if place < len(lowest[name]) else 0
        known = {"gate": 4, "direction": layer.num_directions}
        for other in beside:
            size //= known.get(other, 1)
        return size

    cell = extent("input_weights", "cell")
    projected = bool(layer.projection_size)
    hidden = extent("projection_weights", "hidden") if projected else cell
    sized = replace(layer, projection_size=hidden if projected else 0)
    width = extent("input_weights", "input")
    form = declared["input_weights"]
    if form.along is not None and form.name == declared["recurrent_weights"].name:
        width -= hidden  # both stand behind one another on that axis
    return sized, Dimensions(1, 1, max(width, 0), cell, num_layers)
