"""One framework's weights made another's, by what both adapters declare.

Names and shapes of the state tell the layers, directions and sizes, so nothing else is asked. A
gate's two biases become their sum; where two are wanted of one, the second is zero. Numbers are
added in float64 and handed out in the dtype that came.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from adapters.contract import Convention, Layer
from conformance.convention.convention import (
    canonical_weights,
    native_weights,
    offset,
    parameter_laws,
    weights,
)
from conformance.lstm.case import Dimensions
from conformance.lstm.law import places

Arrays = Mapping[str, Any]
NAMED = 8  # of what a state lacks or has too much


class ConvertError(ValueError):
    """A state that is none of the source's, or has no counterpart in the target. One line."""


def convert(source: Convention, target: Convention, state: Arrays) -> dict[str, Any]:
    """The weights of `state`, named and laid out for `target`, in the order it declares.

    Raises ConvertError where names or shapes are not those of a stack of the source's layers, or
    where the layer has a projection and the target none.
    """
    layer, dimensions = recognized(source, state)
    if layer.projection_size and "projection_weights" not in target.weights:
        raise ConvertError(f"the layer has a projection, the target none: {target.source}")
    stack = offset(source, canonical_weights(source, layer, dimensions, state), 1)
    laid_out = native_weights(target, layer, dimensions, offset(target, stack, -1))
    dtype = np.result_type(*state.values())
    return {name: array.astype(dtype) for name, array in laid_out.items()}


def recognized(source: Convention, state: Arrays) -> tuple[Layer, Dimensions]:
    """The layer, and the sizes with a batch and a time of 1, whose parameters `state` has.

    Raises ConvertError with the names, or the first shape, that no such layer has.
    """
    shapes = {name: np.shape(array) for name, array in state.items()}
    candidates = []
    for layer, num_layers in _layers(source, len(state)):
        due = _names(source, layer, num_layers)
        candidates.append(due)
        if due == shapes.keys():
            sized = _sized(source, layer, num_layers, shapes)
            laws = parameter_laws(source, *sized)
            if all(law.shape == shapes[name] for name, law in laws.items()):
                return sized
    nearest = min(candidates, key=lambda due: len(due ^ shapes.keys()))
    told = [f"missing {name}" for name in sorted(nearest - shapes.keys())]
    told += [f"unknown {name}" for name in sorted(shapes.keys() - nearest)]
    told = told or [f"{name} {shape}" for name, shape in shapes.items()]
    raise ConvertError(f"no such layer has these weights: {listed(told)}")


def listed(words: Sequence[str]) -> str:
    """The words with commas; of many, the first and how many more there are."""
    more = [f"and {len(words) - NAMED:,} more"] if len(words) > NAMED else []
    return ", ".join([*words[:NAMED], *more])


def _layers(source: Convention, count: int) -> Iterator[tuple[Layer, int]]:
    """Every layer, and number of layers, that `count` weights can be of, or nearly."""
    projections = (0, 1) if "projection_weights" in source.weights else (0,)
    options = itertools.product((False, True), (True, False), projections)
    for bidirectional, bias, projection in options:
        layer = Layer(bidirectional=bidirectional, bias=bias, projection_size=projection)
        one, two = (len(_names(source, layer, num_layers)) for num_layers in (1, 2))
        # Each layer of a stack brings as many names as the one below it.
        whole, rest = divmod(count - one, two - one) if two > one else (0, 0)
        for num_layers in sorted({max(whole + 1, 1), max(whole + 1 + bool(rest), 1)}):
            yield layer, num_layers


def _names(source: Convention, layer: Layer, num_layers: int) -> set[str]:
    return set(parameter_laws(source, layer, Dimensions(1, 1, 1, 1, num_layers)))


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
