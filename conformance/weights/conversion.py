"""One framework's weights made another's, by what both adapters declare.

Names and shapes of the state tell the layers, directions and sizes, so nothing else is asked. A
gate's two biases become their sum; where two are wanted of one, the second is zero, or both are
half of it. Numbers are added in float64 and handed out in the dtype that came.
"""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from adapters.contract import Convention, Layer
from conformance.convention.convention import native_weights, offset, weights
from conformance.lstm.case import Dimensions
from conformance.lstm.sample import LayerWeights
from conformance.weights.chosen import ConvertError, listed
from conformance.weights.spelled import Found


def converted(
    found: Found, target: Convention, split_bias: bool = False, always_bias: bool = False
) -> dict[str, Any]:
    """The weights of an LSTM, named and laid out for `target`: layer by layer, way by way.

    `split_bias` makes two equal halves of one bias; `always_bias` adds one of zeros where the layer
    has none. Raises ConvertError where the target would not give the same numbers.
    """
    layer = replace(found.layer, bias=True) if always_bias else found.layer
    if layer.projection_size and "projection_weights" not in target.weights:
        raise ConvertError(f"the layer has a projection, the target none: {target.source}")
    dtype = dtype_of(found)
    stack = found.stack
    if split_bias and "bias" in found.spelled.convention.weights and "bias" not in target.weights:
        stack = tuple(_halved(one) for one in stack)
    stack = offset(target, stack, -1)
    laid_out = native_weights(target, layer, found.dimensions, stack)
    ordered = {name: laid_out[name] for name in order(target, layer, found.dimensions)}
    return {name: _narrowed(name, array, dtype) for name, array in ordered.items()}


def order(convention: Convention, layer: Layer, dimensions: Dimensions) -> list[str]:
    """Every name, layer by layer, direction by direction, in the order of declaration."""
    directions = convention.directions[layer.num_directions - 1]
    return list(
        dict.fromkeys(
            form.name.format(layer=number, direction=direction, gate=gate)
            for number in range(dimensions.num_layers)
            for direction in directions
            for form in weights(convention, layer).values()
            for gate in form.gates or tuple(convention.gates)
        )
    )


def dtype_of(found: Found) -> np.dtype[Any]:
    """The dtype of its numbers: the widest of its arrays. Raises ConvertError for what is none."""
    dtypes: dict[np.dtype[Any], None] = {}
    for name, array in found.arrays.items():
        told = found.names[name]
        dtype = np.asarray(array).dtype
        if dtype.kind in "iub":
            text = "whole numbers, as of a quantized layer: dequantize it first"
            raise ConvertError(f"{told}: {dtype}, {text}")
        if dtype.kind == "c":
            raise ConvertError(f"{told}: {dtype}, and an LSTM's weights are real")
        if dtype.name.startswith("float8"):
            text = "eight bits a number, as of a quantized layer: dequantize it first"
            raise ConvertError(f"{told}: {dtype}, {text}")
        if dtype.kind == "V" and dtype.name != "bfloat16":
            raise ConvertError(f"{told}: {dtype}, which is no number")
        dtypes[dtype.newbyteorder("=") if dtype.kind == "f" else dtype] = None
    try:
        return np.result_type(*dtypes)
    except TypeError:  # of two narrow ones, neither of which holds the other
        return np.dtype(np.float32)


def told_numbers(found: Found) -> Iterator[str]:
    """What is odd about the numbers of an LSTM, a line each."""
    for name, array in found.arrays.items():
        wide = np.asarray(array, np.float64)
        counts = {"NaN": int(np.isnan(wide).sum()), "infinite": int(np.isinf(wide).sum())}
        told = [f"{count:,} {kind}" for kind, count in counts.items() if count]
        if told:
            yield f"{found.names[name]}: {' and '.join(told)} of {wide.size:,} numbers"


def prefixes(wheres: list[str], target: Convention) -> list[str]:
    """What stands before the target's names of each LSTM: nothing where there is one alone.

    Raises ConvertError where two would bear the same.
    """
    if len(wheres) == 1:
        return [""]
    dotted = any("." in form.name and "/" not in form.name for form in target.weights.values())
    separator = "/" if any("/" in form.name for form in target.weights.values()) else "."
    separator = "." if dotted else separator
    found = []
    for where in wheres:
        parts = [one for one in where.replace("/", ".").split(".") if one]
        found.append(separator.join(parts) + separator if parts else "")
    if twice := sorted({one for one in found if found.count(one) > 1}):
        raise ConvertError(f"two layers would both be {listed(twice)}: convert them one by one")
    return found


def stacked(few: list[Found]) -> Found:
    """Several LSTMs as the layers of one, each reading what the one before gives.

    Raises ConvertError where they are not of one kind and width, or do not fit.
    """
    first = few[0]
    for lower, upper in itertools.pairwise(few):
        kind = (upper.layer, upper.dimensions.hidden_units)
        if kind != (first.layer, first.dimensions.hidden_units) or upper.biases != first.biases:
            text = f"{first.where} is {first}; {upper.where} is {upper}"
            raise ConvertError(f"layers of unlike kinds are no stack: {text}")
        width = lower.layer.num_directions * (
            lower.layer.projection_size or lower.dimensions.hidden_units
        )
        if upper.dimensions.embedding_dim != width:
            text = f"{upper.where} reads {upper.dimensions.embedding_dim} features"
            raise ConvertError(f"{text}, and {lower.where} gives {width}: they are no stack")
    layers = sum(one.dimensions.num_layers for one in few)
    return replace(
        first,
        dimensions=replace(first.dimensions, num_layers=layers),
        names={f"{k}:{name}": own for k, one in enumerate(few) for name, own in one.names.items()},
        arrays={f"{k}:{name}": a for k, one in enumerate(few) for name, a in one.arrays.items()},
        given=tuple(part for one in few for part in one.stack),
    )


def _halved(one: LayerWeights) -> LayerWeights:
    half = one.input_bias / 2
    return replace(one, input_bias=half, recurrent_bias=one.input_bias - half)


def _narrowed(name: str, array: Any, dtype: np.dtype[Any]) -> Any:
    with np.errstate(over="ignore"):
        narrow = array.astype(dtype)
    lost = np.isfinite(array) & ~np.isfinite(np.asarray(narrow, np.float64))
    if lost.any():
        large = float(np.abs(array[lost]).max())
        raise ConvertError(f"{name}: {large:g} is more than {dtype} holds")
    return narrow
