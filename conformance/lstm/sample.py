"""The numbers fed to every framework: weights, inputs and initial states, seeded by the case's id.

Every number is a multiple of `GRID`'s step between -1 and 1: the case's dtype holds each of them,
and each sum of two biases, exactly, so that a framework with one bias a gate gets the very same
layer as one with two, and the float64 reference starts from the very numbers that the framework was
given.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.lstm.case import Case, Dimensions, Layer, Shape, sizes
from conformance.lstm.law import Law
from conformance.lstm.pattern import canonical

Floats = NDArray[np.float64]
# Steps in 1. A significand has 24 bits in float32, 11 in float16 and 8 in bfloat16; the largest sum
# of two biases is below 2, so the steps may be one bit finer than half of that range.
GRID = {"float32": 2**20, "float64": 2**20, "float16": 2**9, "bfloat16": 2**6}


@dataclass(frozen=True)
class LayerWeights:
    """The weights of one layer of the stack, with the gates in the order i, f, g, o."""

    input_weights: Floats  # (direction, gate, cell, input)
    recurrent_weights: Floats  # (direction, gate, cell, hidden)
    input_bias: Floats  # (direction, gate, cell); zeros where the layer has no bias
    recurrent_bias: Floats  # (direction, gate, cell); zeros where the layer has no bias
    projection_weights: Floats | None = None  # (direction, hidden, cell), where h is projected

    @property
    def bias(self) -> Floats:
        """(direction, gate, cell): what a framework with one bias a gate is given."""
        return self.input_bias + self.recurrent_bias


@dataclass(frozen=True)
class Sample:
    """What one case feeds: the weights of each layer and the inputs by canonical name."""

    weights: tuple[LayerWeights, ...]
    inputs: Mapping[str, NDArray[Any]] = field(default_factory=dict)


def draw(case: Case) -> Sample:
    """The numbers of `case`: the same on every machine, others for every id.

    Weights and biases are uniform in ±1/sqrt(hidden_units), as PyTorch initializes them
    (https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTM.html), and never zero by design;
    the input (batch, time, input) and the states (layer*direction, batch, hidden) in ±1. Where the
    case must be rejected, the inputs named by `Case.feed` have the shapes given there.
    """
    random = np.random.default_rng(list(case.id.encode()))
    layer, dimensions = case.layer, case.dimensions
    axes = sizes(layer, dimensions)
    directions, hidden, cell = axes["direction"], axes["hidden"], axes["cell"]
    bound, steps = cell**-0.5, GRID[layer.dtype.removeprefix("mixed_")]

    def uniform(shape: Shape, limit: float = 1.0) -> Floats:
        return np.rint(random.uniform(-limit, limit, shape) * steps) / steps

    def bias() -> Floats:
        shape = (directions, 4, cell)
        return uniform(shape, bound) if layer.bias else np.zeros(shape)

    widths = [dimensions.embedding_dim]
    widths += [layer.num_outputs * hidden] * (dimensions.num_layers - 1)
    weights = tuple(
        LayerWeights(
            input_weights=uniform((directions, 4, cell, width), bound),
            recurrent_weights=uniform((directions, 4, cell, hidden), bound),
            input_bias=bias(),
            recurrent_bias=bias(),
            projection_weights=(
                uniform((directions, hidden, cell), bound) if layer.projection_size else None
            ),
        )
        for width in widths
    )
    shapes = fed_shapes(case)
    inputs: dict[str, NDArray[Any]] = {name: uniform(shape) for name, shape in shapes.items()}
    if layer.lengths == "given":
        inputs["lengths"] = np.array(case.lengths, np.int32)
    return Sample(weights, inputs)


def fed_shapes(case: Case) -> dict[str, Shape]:
    """The canonical shape of everything but lengths that `case` feeds, wrong ones among them."""
    return {**input_shapes(case.layer, case.dimensions), **case.feed}


def input_shapes(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """The canonical shape of the input, and of both initial states where they are given."""
    names = ("input", "h_0", "c_0") if layer.initial_state == "given" else ("input",)
    axes = sizes(layer, dimensions)
    return {name: Law(canonical(name, layer), axes).shape for name in names}
