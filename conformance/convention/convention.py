"""Native <-> canonical, from the patterns that an adapter declares; einops does the work.

The canonical form of every tensor is fixed in `conformance.lstm.pattern`. A declared `Native` names
either one tensor or, by ``{layer}``, ``{direction}`` and ``{gate}`` in its name, a family of them;
the axes in braces then stand in front of those in its pattern. From that follow a tensor's place in
the canonical form, the shape that it must have, and how weights are laid out for the framework.

A stack whose layers differ is here so many stacks of one layer, each alike in itself: `_apart`.
What is declared with an axis ``layer`` is then a tensor of each of them.
"""

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from typing import Any

import numpy as np
from einops import rearrange

from adapters.contract import Convention, Native, stacked
from conformance.lstm.case import Case, Dimensions, Layer, sizes
from conformance.lstm.law import Law
from conformance.lstm.pattern import STATES, WEIGHTS, canonical, names, native
from conformance.lstm.row import parted
from conformance.lstm.sample import Floats, LayerWeights, emitted_steps, turned

GATES = "ifgo"
ORDERS = {"gate": GATES, "peephole": "ifo"}  # of the canonical form, along each of these axes


def results(convention: Convention, layer: Layer) -> dict[str, Native]:
    """What the framework hands back for `layer`, keyed by canonical name.

    Where the layer does not return sequences, ``last`` is what its users read as the output. A
    framework that returns its sequence all the same declares `last` under another native name, and
    the sequence is still due.
    """
    declared = {name: native(name, form, layer) for name, form in convention.results.items()}
    if layer.return_sequences:
        del declared["last"]
    elif declared["last"].name == declared["output"].name:
        del declared["output"]
    if not layer.return_state:
        del declared["h_n"], declared["c_n"]
    return declared


def result_laws(convention: Convention, layer: Layer, dimensions: Dimensions) -> dict[str, Law]:
    """The law for every native result, keyed by the framework's own name."""
    return {
        name: Law(form.axes, part.axes)
        for part in _alike(convention, layer, dimensions)
        for form in part.due.values()
        for name, _ in _members(part, form)
    }


def unasked_laws(convention: Convention, layer: Layer, dimensions: Dimensions) -> dict[str, Law]:
    """The law for what may come although it was not asked for: states that have no switch."""
    if layer.return_state:
        return {}
    whole = result_laws(convention, replace(layer, return_state=True), dimensions)
    asked = result_laws(convention, layer, dimensions)
    return {name: law for name, law in whole.items() if name not in asked}


def parameter_laws(convention: Convention, layer: Layer, dimensions: Dimensions) -> dict[str, Law]:
    """The law for every trainable parameter, keyed by the framework's own name."""
    laws: dict[str, Law] = {}
    for name, _, law in _parts(convention, layer, dimensions):
        if name in laws:
            law = replace(laws[name], behind=(*laws[name].behind, law))
        laws[name] = law
    return laws


def weights(convention: Convention, layer: Layer) -> dict[str, Native]:
    """The declared weights that `layer` has, keyed by canonical name."""
    return {
        name: form
        for name, form in convention.weights.items()
        if (layer.bias or "bias" not in name)
        and (layer.projection_size or name != "projection_weights")
        and (layer.cell == "peepholes" or name != "peephole_weights")
    }


def canonical_results(
    convention: Convention, layer: Layer, dimensions: Dimensions, got: Mapping[str, Any]
) -> dict[str, Any]:
    """``output``, ``h_n`` and ``c_n`` in canonical axis order; the states only where asked for.

    Expects results that meet `result_laws`: check those first. Where the native result has a layer
    or a time axis and the canonical one has none, the last layer or step is meant; of none, NaN.
    """
    views = canonical_views(convention, layer, dimensions, got)
    if "last" in views:
        views["output"] = views.pop("last")
    return views


def canonical_views(
    convention: Convention, layer: Layer, dimensions: Dimensions, got: Mapping[str, Any]
) -> dict[str, Any]:
    """The same, with ``last`` beside a sequence that is due all the same."""
    parts = _alike(convention, layer, dimensions)
    views = {name: _view(parts[-1], name, form, got) for name, form in parts[-1].due.items()}
    if not layer.layers:
        return views
    for name in views.keys() & STATES.keys():
        each = [_view(part, name, part.due[name], got) for part in parts]
        views[name] = np.concatenate([row for view in each for row in view], axis=-1)
    return views


def _view(part: "_Alike", name: str, form: Native, got: Mapping[str, Any]) -> Any:
    """One canonical result of some layers, from the native ones."""
    leading = _indices(form)
    whole = np.stack([np.asarray(got[member]) for member, _ in _members(part, form)])
    counts = [part.axes[index] for index in leading]
    whole = whole.reshape(*counts, *whole.shape[1:])
    source, target = " ".join([*leading, form.axes]), canonical(name, part.layer)
    last = [axis for axis in ("layer", "time") if axis in names(source)]
    last = [axis for axis in last if axis not in names(target)]
    view = _rearrange(whole, source, " ".join([*last, target]), part.axes)
    return _last(view, len(last))


def _last(view: Any, axes: int) -> Any:
    """The last along the first `axes` of `view`; where there is none, as of no steps, NaN."""
    if 0 in view.shape[:axes]:
        return np.full_like(view, np.nan, shape=view.shape[axes:])
    return view[(-1,) * axes]


class UnfedError(ValueError):
    """An input that the framework's own tensors cannot carry. One line."""


def native_inputs(
    convention: Convention, layer: Layer, dimensions: Dimensions, inputs: Mapping[str, Any]
) -> dict[str, Any]:
    """The inputs by the framework's own names, in its own layout.

    An input of a wrong shape (of a case that must be rejected) reaches every tensor that the
    convention declares for it, see `_misfit`. Raises UnfedError where it cannot, or where the
    convention declares no such input.
    """
    parts = _alike(convention, layer, dimensions)
    laid_out: dict[str, Any] = {}
    for name, array in inputs.items():
        if name not in convention.inputs:
            raise UnfedError(f"the framework takes no {name}")
        if layer.layers and name in STATES:
            of = "hidden" if name == "h_0" else "cell"
            rows = [part.axes[of] for part in parts for _ in range(part.layer.num_directions)]
            left = iter(parted(layer, array, rows))
            for part in parts:
                own = np.stack([next(left) for _ in range(part.layer.num_directions)])
                laid_out |= _native_input(part, name, own)
        else:
            laid_out |= _native_input(parts[0], name, array)
    return laid_out


def _native_input(part: "_Alike", name: str, array: Any) -> dict[str, Any]:
    """One input of some layers, by the framework's own names."""
    axes, form = part.axes, native(name, part.convention.inputs[name], part.layer)
    pattern = canonical(name, part.layer)
    leading = _indices(form)
    grouped = pattern.startswith("(layer direction)")
    rows = axes["layer"] * axes["direction"]
    known = {axis: axes[axis] for axis in ("layer", "direction")}
    if array.ndim != len(Law(pattern, axes).places) or (grouped and len(array) != rows):
        laid = _misfit(name, form, pattern, known, array)
    else:
        laid = _rearrange(array, pattern, " ".join([*leading, form.axes]), known)
    return _apart(part, form, laid, leading)


def _misfit(name: str, form: Native, pattern: str, axes: Mapping[str, int], array: Any) -> Any:
    """An input with other axes than its pattern, or other rows, as what `form` can carry of it.

    The first axis of a state holds its rows, one for each layer and direction: what the framework
    keeps apart is handed to those tensors. The axes behind it stay in their order, however many
    they are. Raises UnfedError.
    """
    if not pattern.startswith("(layer direction)"):
        return array  # no axis of it is known, and it goes to one tensor
    leading, places = _indices(form), Law(form.axes, dict.fromkeys(names(form.axes), 1)).places
    if not leading and places[0] == ("layer", "direction"):
        return array
    apart = prod(axes[axis] for axis in leading)
    told = f"{name} of {' x '.join(map(str, array.shape)) or 'no axis'}"
    kept = [place for place in places if set(place) & axes.keys()]  # rows within a tensor
    fixed = apart * prod(axes[axis] for place in kept[:-1] for axis in place)
    if not array.ndim or not len(array) or len(array) % fixed or (not kept and len(array) != apart):
        one = " and ".join(leading) or "layer and direction"
        raise UnfedError(f"each {one} has a tensor of its own, which carry no {told}")
    want = [axis for axis in names(pattern) if axis not in axes]
    have = [axis for axis in names(form.axes) if axis not in axes]
    if have != want and array.ndim - 1 != len(want):
        raise UnfedError(f"a tensor with the axes {form.axes!r} carries no {told}")
    rest = array.shape[1:]
    if kept == [("layer", "direction")]:
        laid = array
    else:  # one of the two alone is kept within a tensor, or each in its place
        rows = {**axes, **{place[0]: len(array) // fixed for place in kept[-1:]}}
        laid = array.reshape(*rows.values(), *rest)
        laid = np.moveaxis(laid, [list(rows).index(axis) for axis in leading], range(len(leading)))
    behind = len(leading) + len(kept)
    if have != want:
        laid = laid.transpose(*range(behind), *(behind + want.index(axis) for axis in have))
    for place in kept:
        target = min(len(leading) + places.index(place), laid.ndim - 1)
        laid = np.moveaxis(laid, len(leading) + kept.index(place), target)
    return laid


def native_weights(
    convention: Convention, layer: Layer, dimensions: Dimensions, stack: tuple[Any, ...]
) -> dict[str, Floats]:
    """Every parameter by the framework's own name, in its own layout and gate order.

    `stack` has the `LayerWeights` of each layer, or the gradients of those. Raises UnfedError for
    weights of a wrong shape that do not fit into one tensor beside right ones.
    """
    laid_out: dict[str, Floats] = {}
    for member, part, _ in _parts(convention, layer, dimensions):
        array = getattr(stack[part.index["layer"]], part.name)
        for axis, order in ORDERS.items():
            if axis in names(WEIGHTS[part.name]):
                array = array[:, [order.index(one) for one in convention.gates if one in order]]
        leading = [axis for axis in part.index if axis != "layer"]
        array = _rearrange(array, WEIGHTS[part.name], " ".join([*leading, part.form.axes]), {})
        array = array[tuple(part.index[axis] for axis in leading)]
        if member in laid_out:
            try:
                array = np.concatenate([laid_out[member], array], axis=part.form.along)
            except ValueError as problem:
                told = f"{laid_out[member].shape} and {array.shape} have no tensor in common"
                raise UnfedError(f"{member}: {told}") from problem
        laid_out[member] = array
    return laid_out


def canonical_weights(
    convention: Convention, layer: Layer, dimensions: Dimensions, held: Mapping[str, Any]
) -> tuple[LayerWeights, ...]:
    """The weights of each layer in canonical form, from the framework's own: `native_weights` back.

    Expects arrays that meet `parameter_laws`. A framework of one bias a gate has it in
    `input_bias`. What it adds at run time is not counted in: see `offset`.
    """
    axes = sizes(layer, dimensions)
    stack: list[dict[str, Floats]] = []
    used: dict[str, int] = {}
    for member, part, law in _parts(convention, layer, dimensions):
        number, array = part.index["layer"], np.asarray(held[member], np.float64)
        if part.form.along is not None:
            start = used.get(member, 0)
            used[member] = end = start + law.shape[part.form.along]
            array = np.moveaxis(array, part.form.along, 0)[start:end]
            array = np.moveaxis(array, 0, part.form.along)
        if number == len(stack):
            stack.append({})
        pattern = WEIGHTS[part.name]
        leading = [axis for axis in part.index if axis != "layer"]
        rest = " ".join(axis for axis in names(pattern) if axis not in leading)
        array = _rearrange(array, part.form.axes, rest, axes)
        whole = stack[number].setdefault(part.name, np.zeros(Law(pattern, law.sizes).shape))
        at = tuple(part.index.get(axis, slice(None)) for axis in names(pattern))
        whole[at] = array
    nothing = np.zeros(Law(WEIGHTS["bias"], axes).shape)
    layers = []
    for held_by_name in stack:
        gated = dict(held_by_name)
        for axis, order in ORDERS.items():
            own = [one for one in convention.gates if one in order]
            for name in held_by_name:
                if axis in names(WEIGHTS[name]):
                    gated[name] = held_by_name[name][:, [own.index(one) for one in order]]
        bias = gated.pop("bias", nothing)
        layers.append(LayerWeights(**{"input_bias": bias, "recurrent_bias": nothing, **gated}))
    return tuple(layers)


def offset(
    convention: Convention, stack: tuple[LayerWeights, ...], sign: int
) -> tuple[LayerWeights, ...]:
    """`stack` with what the framework adds at run time in (1) or taken out (-1) of its biases."""
    moved = np.zeros((4, 1))
    moved[GATES.index("f")] = sign * convention.forget_offset
    return tuple(replace(one, input_bias=one.input_bias + moved) for one in stack)


def cotangents(convention: Convention, case: Case) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """A cotangent for every native result, by its name, and the same numbers by canonical name.

    They are drawn from the case's id and the native name. What no canonical result reads (the
    steps before the last, of a state that comes as the last step of a sequence) has zeros, and so
    has what is handed out at a step that does not count; a number that two of them read is counted
    for the first alone.
    """
    where = convention, case.layer, case.dimensions
    drawn: dict[str, Floats] = {}
    places: dict[str, Any] = {}
    start = 0
    for name, law in result_laws(*where).items():
        random = np.random.default_rng(list(f"{case.id} {name}".encode()))
        drawn[name] = np.rint(random.uniform(-1, 1, law.shape) * 2**20) / 2**20
        places[name] = np.arange(start, start + prod(law.shape)).reshape(law.shape)
        start += prod(law.shape)
    if not _viewable(_alike(*where)[-1]):  # the adapter will say that it is unsupported
        return drawn, {}
    numbers = np.concatenate([array.ravel() for array in drawn.values()])
    counted = np.zeros(start, bool)
    views = {}
    for name, place in canonical_views(*where, places).items():
        due = ~counted[place] & _within(case, name)
        views[name] = np.where(due, numbers[place], 0.0)
        counted[place[due]] = True
    native = {name: np.where(counted[places[name]], one, 0.0) for name, one in drawn.items()}
    return native, views


def _within(case: Case, name: str) -> Any:
    """Whether a number of a canonical result is of a step that counts; of its axes or one."""
    layer = case.layer
    every = layer.lengths == "full" and layer.mask == "none"
    if name != "output" or every or case.must_reject:  # with wrong lengths, maybe
        return np.True_
    if layer.lengths == "given" and turned(layer.at(-1)):  # a sequence that is handed out unasked
        return np.False_
    return emitted_steps(case)[..., None]


def _viewable(part: "_Alike") -> bool:
    """Whether no result stands apart by an axis over which the layer's own merge would join it."""
    return all(
        not set(names(" ".join([*_indices(form), form.axes])))
        - {"layer", "time", *names(canonical(name, part.layer))}
        for name, form in part.due.items()
    )


def _apart(part: "_Alike", form: Native, laid: Any, leading: list[str]) -> dict[str, Any]:
    """The members of a family that stand on the `leading` axes of one array."""
    count = prod(laid.shape[: len(leading)])
    laid = laid.reshape(count, *laid.shape[len(leading) :])
    return {member: laid[k] for k, (member, _) in enumerate(_members(part, form))}


def _indices(form: Native) -> list[str]:
    """The axes that the name spells out, in the order in which members are listed."""
    return [name for name in ("layer", "direction", "gate") if f"{{{name}}}" in form.name]


@dataclass(frozen=True)
class _Alike:
    """Layers of a stack that are alike in all: those of a plain one, or one of unlike layers."""

    convention: Convention
    layer: Layer
    dimensions: Dimensions
    first: int = 0  # the number of its first layer in the whole
    top: bool = True  # whether its last layer is the whole's

    @cached_property
    def axes(self) -> dict[str, int]:
        """The sizes of all axes."""
        return sizes(self.layer, self.dimensions)

    @cached_property
    def due(self) -> dict[str, Native]:
        """The results that are handed out of these layers; the output is that of the last."""
        found = results(self.convention, self.layer)
        return {name: form for name, form in found.items() if self.top or name in STATES}


def _alike(convention: Convention, layer: Layer, dimensions: Dimensions) -> list[_Alike]:
    """The whole, or each of its layers where they differ; those have no tensor in common."""
    if not layer.layers:
        return [_Alike(convention, layer, dimensions)]
    convention, top = (
        replace(
            convention,
            inputs={name: _of_each(form) for name, form in convention.inputs.items()},
            results={name: _of_each(form) for name, form in convention.results.items()},
            weights={name: _of_each(form) for name, form in convention.weights.items()},
        ),
        dimensions.num_layers - 1,
    )
    return [
        _Alike(convention, one, own, number, top=number == top)
        for number, (one, own) in enumerate(stacked(layer, dimensions))
    ]


def _of_each(form: Native) -> Native:
    """A tensor of all layers as one of each."""
    if "layer" not in names(form.axes):
        return form
    axes = " ".join(re.sub(r"\blayer\b", "", form.axes).split()).replace("( ", "(")
    return replace(form, name=form.name + ".{layer}", axes=axes)


@dataclass(frozen=True)
class _Part:
    """One weight of one layer, or of one direction and gate of it, where names tell those apart."""

    name: str  # canonical
    form: Native
    index: dict[str, int]  # of the layer, and of what else the native name spells


def _parts(
    convention: Convention, layer: Layer, dimensions: Dimensions
) -> Iterator[tuple[str, _Part, Law]]:
    """Every weight by its native name, in the order of declaration, and the law for it alone."""
    for part in _alike(convention, layer, dimensions):
        axes = part.axes
        for name, form in weights(part.convention, part.layer).items():
            for member, index in _members(part, form):
                number = index.get("layer", 0)
                width = part.layer.num_outputs * axes["hidden"] if number else axes["input"]
                law = Law(form.axes, {**axes, "input": width}, along=form.along or 0)
                yield member, _Part(name, form, {**index, "layer": part.first + number}), law


def _members(part: _Alike, form: Native) -> Iterator[tuple[str, dict[str, int]]]:
    """Each member of a family: its name, and where it stands on the axes that the name spells."""
    axes = part.axes
    labels = {
        "layer": [str(part.first + number) for number in range(axes["layer"])],
        "direction": part.convention.directions[axes["direction"] - 1],
        "gate": form.gates or tuple(part.convention.gates),
    }
    leading = _indices(form)
    for place in itertools.product(*(range(axes[name]) for name in leading)):
        index = dict(zip(leading, place, strict=True))
        spelled = {name: labels[name][number] for name, number in index.items()}
        yield form.name.format(**spelled), index


def _rearrange(array: Any, source: str, target: str, axes: Mapping[str, int]) -> Any:
    # einops insists on a size for nothing but the axes inside parentheses.
    grouped = names(" ".join(re.findall(r"\(.*?\)", source)))
    missing = [name for name in names(target) if name not in names(source)]
    if missing or len(names(source)) != len(names(target)):
        raise ValueError(f"the pattern {source!r} cannot be viewed as {target!r}")
    known = {name: axes[name] for name in grouped if name in axes}
    return rearrange(array, f"{source} -> {target}", **known)
