"""Native <-> canonical, from the patterns that an adapter declares; einops does the work.

The canonical form of every tensor is fixed in `conformance.pattern`. A declared `Native` names
either one tensor or, by ``{layer}``, ``{direction}`` and ``{gate}`` in its name, a family of them;
the axes in braces then stand in front of those in its pattern. From that follow a tensor's place in
the canonical form, the shape that it must have, and how weights are laid out for the framework.
"""

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
from einops import rearrange

from adapters.contract import Convention, Native
from conformance.case import Case, Dimensions, Layer, sizes
from conformance.law import Law
from conformance.pattern import WEIGHTS, canonical, names, native
from conformance.sample import Floats

GATES = "ifgo"


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
    axes = sizes(layer, dimensions)
    return {
        name: Law(form.axes, axes)
        for form in results(convention, layer).values()
        for name, _ in _members(convention, form, axes)
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
    laws = {}
    axes = sizes(layer, dimensions)
    for form in weights(convention, layer).values():
        for name, index in _members(convention, form, axes):
            width = layer.num_outputs * axes["hidden"] if index.get("layer") else axes["input"]
            laws[name] = Law(form.axes, {**axes, "input": width})
    return laws


def weights(convention: Convention, layer: Layer) -> dict[str, Native]:
    """The declared weights that `layer` has, keyed by canonical name."""
    return {
        name: form
        for name, form in convention.weights.items()
        if (layer.bias or "bias" not in name)
        and (layer.projection_size or name != "projection_weights")
    }


def canonical_results(
    convention: Convention, layer: Layer, dimensions: Dimensions, got: Mapping[str, Any]
) -> dict[str, Any]:
    """``output``, ``h_n`` and ``c_n`` in canonical axis order; the states only where asked for.

    Expects results that meet `result_laws`: check those first. Where the native result has a layer
    axis and the canonical one has none, the last layer is meant.
    """
    views = canonical_views(convention, layer, dimensions, got)
    if "last" in views:
        views["output"] = views.pop("last")
    return views


def canonical_views(
    convention: Convention, layer: Layer, dimensions: Dimensions, got: Mapping[str, Any]
) -> dict[str, Any]:
    """The same, with ``last`` beside a sequence that is due all the same."""
    axes = sizes(layer, dimensions)
    views = {}
    for name, form in results(convention, layer).items():
        members = _members(convention, form, axes)
        leading = _indices(form)
        stacked = np.stack([np.asarray(got[member]) for member, _ in members])
        counts = [axes[index] for index in leading]
        stacked = stacked.reshape(*counts, *stacked.shape[1:])
        source, target = " ".join([*leading, form.axes]), canonical(name, layer)
        if "layer" in names(source) and "layer" not in names(target):
            views[name] = _rearrange(stacked, source, f"layer {target}", axes)[-1]
        else:
            views[name] = _rearrange(stacked, source, target, axes)
    return views


def native_inputs(
    convention: Convention, layer: Layer, dimensions: Dimensions, inputs: Mapping[str, Any]
) -> dict[str, Any]:
    """The inputs by the framework's own names, in its own layout.

    An input of another rank than the canonical one (a case that must be rejected) has no axes to
    reorder and is handed over as it is; one that the framework does not have is left out.
    """
    axes = sizes(layer, dimensions)
    laid_out: dict[str, Any] = {}
    for name, array in inputs.items():
        if name not in convention.inputs:
            continue
        form = native(name, convention.inputs[name], layer)
        leading = _indices(form)
        if array.ndim != len(Law(canonical(name, layer), axes).places):
            laid_out[form.name] = array
            continue
        target = " ".join([*leading, form.axes])
        known = {name: axes[name] for name in ("layer", "direction")}
        laid = _rearrange(array, canonical(name, layer), target, known)
        laid_out |= _apart(convention, form, axes, laid, leading)
    return laid_out


def native_weights(
    convention: Convention, layer: Layer, dimensions: Dimensions, stack: tuple[Any, ...]
) -> dict[str, Floats]:
    """Every parameter by the framework's own name, in its own layout and gate order.

    `stack` has the `LayerWeights` of each layer, or the gradients of those.
    """
    axes = sizes(layer, dimensions)
    order = [GATES.index(gate) for gate in convention.gates]
    laid_out: dict[str, Floats] = {}
    for name, form in weights(convention, layer).items():
        leading = [index for index in _indices(form) if index != "layer"]
        target = " ".join([*leading, form.axes])
        laid = []
        for one in stack:
            array = getattr(one, name)
            if "gate" in names(WEIGHTS[name]):
                array = array[:, order]
            array = _rearrange(array, WEIGHTS[name], target, {})
            count = prod(array.shape[: len(leading)])
            laid += list(array.reshape(count, *array.shape[len(leading) :]))
        members = _members(convention, form, axes)
        laid_out |= {member: array for (member, _), array in zip(members, laid, strict=True)}
    return laid_out


def cotangents(convention: Convention, case: Case) -> dict[str, Floats]:
    """A cotangent for every native result, by its name; drawn from the case's id and that name."""
    drawn = {}
    for name, law in result_laws(convention, case.layer, case.dimensions).items():
        random = np.random.default_rng(list(f"{case.id} {name}".encode()))
        drawn[name] = np.rint(random.uniform(-1, 1, law.shape) * 2**20) / 2**20
    return drawn


def _apart(
    convention: Convention, form: Native, axes: Mapping[str, int], laid: Any, leading: list[str]
) -> dict[str, Any]:
    """The members of a family that stand on the `leading` axes of one array."""
    count = prod(laid.shape[: len(leading)])
    laid = laid.reshape(count, *laid.shape[len(leading) :])
    return {member: laid[k] for k, (member, _) in enumerate(_members(convention, form, axes))}


def _indices(form: Native) -> list[str]:
    """The axes that the name spells out, in the order in which members are listed."""
    return [name for name in ("layer", "direction", "gate") if f"{{{name}}}" in form.name]


def _members(
    convention: Convention, form: Native, axes: Mapping[str, int]
) -> Iterator[tuple[str, dict[str, int]]]:
    """Each member of a family: its name, and where it stands on the axes that the name spells."""
    labels = {
        "layer": [str(number) for number in range(axes["layer"])],
        "direction": convention.directions[axes["direction"] - 1],
        "gate": form.gates or tuple(convention.gates),
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
