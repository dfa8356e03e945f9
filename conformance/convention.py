"""Native <-> canonical, from the patterns that an adapter declares; einops does the work.

The canonical form of every tensor is fixed here, in `CANONICAL`. A declared `Native` names either
one tensor or, by ``{layer}``, ``{direction}`` and ``{gate}`` in its name, a family of them; the
axes in braces then stand in front of those in its pattern. From that follow a tensor's place in
the canonical form, the shape that it must have, and how weights are laid out for the framework.
"""

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from einops import rearrange

from adapters.contract import Convention, Native
from conformance.case import Dimensions, Layer, sizes
from conformance.law import Law
from conformance.sample import Floats, LayerWeights

GATES = "ifgo"
CANONICAL = {
    "input": "batch time input",
    "h_0": "(layer direction) batch hidden",
    "c_0": "(layer direction) batch cell",
    "output": "batch time (direction hidden)",
    "last": "batch (direction hidden)",
    "h_n": "(layer direction) batch hidden",
    "c_n": "(layer direction) batch cell",
    "input_weights": "direction gate cell input",
    "recurrent_weights": "direction gate cell hidden",
    "bias": "direction gate cell",
    "input_bias": "direction gate cell",
    "recurrent_bias": "direction gate cell",
}


def results(convention: Convention, layer: Layer) -> dict[str, Native]:
    """What the framework hands back for `layer`, keyed by canonical name.

    Where the layer does not return sequences, ``last`` is what its users read as the output. A
    framework that returns its sequence all the same declares `last` under another native name, and
    the sequence is still due.
    """
    declared = dict(convention.results)
    if layer.return_sequences:
        del declared["last"]
    elif declared["last"].name == declared["output"].name:
        del declared["output"]
    return declared


def result_laws(convention: Convention, layer: Layer, dimensions: Dimensions) -> dict[str, Law]:
    """The law for every native result, keyed by the framework's own name."""
    axes = sizes(layer, dimensions)
    return {
        name: Law(native.axes, axes)
        for native in results(convention, layer).values()
        for name, _ in _members(convention, native, axes)
    }


def parameter_laws(convention: Convention, layer: Layer, dimensions: Dimensions) -> dict[str, Law]:
    """The law for every trainable parameter, keyed by the framework's own name."""
    laws = {}
    for canonical, native in convention.weights.items():
        if layer.bias or "bias" not in canonical:
            axes = sizes(layer, dimensions)
            for name, index in _members(convention, native, axes):
                width = axes["direction"] * axes["hidden"] if index.get("layer") else axes["input"]
                laws[name] = Law(native.axes, {**axes, "input": width})
    return laws


def canonical_results(
    convention: Convention, layer: Layer, dimensions: Dimensions, native: Mapping[str, Any]
) -> dict[str, Any]:
    """``output``, ``h_n`` and ``c_n`` in canonical axis order.

    Expects results that meet `result_laws`: check those first. Where the native result has a layer
    axis and the canonical one has none, the last layer is meant.
    """
    axes = sizes(layer, dimensions)
    declared = results(convention, layer)
    views = {}
    for canonical, form in declared.items():
        members = _members(convention, form, axes)
        leading = _indices(form)
        stacked = np.stack([np.asarray(native[name]) for name, _ in members])
        counts = [axes[name] for name in leading]
        stacked = stacked.reshape(*counts, *stacked.shape[1:])
        source, target = " ".join([*leading, form.axes]), CANONICAL[canonical]
        if "layer" in _names(source) and "layer" not in _names(target):
            views[canonical] = _rearrange(stacked, source, f"layer {target}", axes)[-1]
        else:
            views[canonical] = _rearrange(stacked, source, target, axes)
    if "last" in views:
        views["output"] = views.pop("last")
    return views


def native_inputs(
    convention: Convention, layer: Layer, dimensions: Dimensions, inputs: Mapping[str, Floats]
) -> dict[str, Floats]:
    """The inputs by the framework's own names, in its own layout.

    An input of another rank than the canonical one (a case that must be rejected) has no axes to
    reorder and is handed over as it is.
    """
    axes = sizes(layer, dimensions)
    native: dict[str, Floats] = {}
    for canonical, array in inputs.items():
        form = convention.inputs[canonical]
        leading = _indices(form)
        if array.ndim != len(Law(CANONICAL[canonical], axes).places):
            native[form.name] = array
            continue
        target = " ".join([*leading, form.axes])
        known = {name: axes[name] for name in ("layer", "direction")}
        laid = _rearrange(array, CANONICAL[canonical], target, known)
        laid = laid.reshape(-1, *laid.shape[len(leading) :])
        native |= {name: laid[k] for k, (name, _) in enumerate(_members(convention, form, axes))}
    return native


def native_weights(
    convention: Convention,
    layer: Layer,
    dimensions: Dimensions,
    weights: tuple[LayerWeights, ...],
) -> dict[str, Floats]:
    """Every parameter by the framework's own name, in its own layout and gate order."""
    axes = sizes(layer, dimensions)
    order = [GATES.index(gate) for gate in convention.gates]
    native: dict[str, Floats] = {}
    for canonical, form in convention.weights.items():
        if "bias" in canonical and not layer.bias:
            continue
        leading = [name for name in _indices(form) if name != "layer"]
        target = " ".join([*leading, form.axes])
        laid = []
        for one in weights:
            array = getattr(one, canonical)[:, order]
            array = _rearrange(array, CANONICAL[canonical], target, {})
            laid += list(array.reshape(-1, *array.shape[len(leading) :]))
        members = _members(convention, form, axes)
        native |= {name: array for (name, _), array in zip(members, laid, strict=True)}
    return native


def _indices(native: Native) -> list[str]:
    """The axes that the name spells out, in the order in which members are listed."""
    return [name for name in ("layer", "direction", "gate") if f"{{{name}}}" in native.name]


def _members(
    convention: Convention, native: Native, axes: Mapping[str, int]
) -> Iterator[tuple[str, dict[str, int]]]:
    """Each member of a family: its name, and where it stands on the axes that the name spells."""
    labels = {
        "layer": [str(number) for number in range(axes["layer"])],
        "direction": convention.directions[axes["direction"] - 1],
        "gate": native.gates or tuple(convention.gates),
    }
    leading = _indices(native)
    for place in itertools.product(*(range(axes[name]) for name in leading)):
        index = dict(zip(leading, place, strict=True))
        spelled = {name: labels[name][number] for name, number in index.items()}
        yield native.name.format(**spelled), index


def _names(pattern: str) -> list[str]:
    return re.findall(r"\w+", pattern)


def _rearrange(array: Any, source: str, target: str, axes: Mapping[str, int]) -> Any:
    # einops insists on a size for nothing but the axes inside parentheses.
    grouped = _names(" ".join(re.findall(r"\(.*?\)", source)))
    missing = [name for name in _names(target) if name not in _names(source)]
    if missing or len(_names(source)) != len(_names(target)):
        raise ValueError(f"the pattern {source!r} cannot be viewed as {target!r}")
    known = {name: axes[name] for name in grouped if name in axes}
    return rearrange(array, f"{source} -> {target}", **known)
