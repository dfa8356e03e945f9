"""The numbers fed to every framework: weights, inputs and initial states, seeded by the case's id.

Every number is a multiple of 2**-20 between -1 and 1: float32 holds each of them, and each sum of
two biases, exactly, so that a framework with one bias a gate gets the very same layer as one with
two, and the float64 reference starts from the very numbers that the framework was given.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from conformance.case import Case, Shape

Floats = NDArray[np.float64]
GRID = 2**20


@dataclass(frozen=True)
class LayerWeights:
    """The weights of one layer of the stack, with the gates in the order i, f, g, o."""

    input_weights: Floats  # (direction, gate, cell, input)
    recurrent_weights: Floats  # (direction, gate, cell, hidden)
    input_bias: Floats  # (direction, gate, cell); zeros where the layer has no bias
    recurrent_bias: Floats  # (direction, gate, cell); zeros where the layer has no bias

    @property
    def bias(self) -> Floats:
        """(direction, gate, cell): what a framework with one bias a gate is given."""
        return self.input_bias + self.recurrent_bias


@dataclass(frozen=True)
class Sample:
    """What one case feeds: the weights of each layer and the inputs by canonical name."""

    weights: tuple[LayerWeights, ...]
    inputs: Mapping[str, Floats] = field(default_factory=dict)


def draw(case: Case) -> Sample:
    """The numbers of `case`: the same on every machine, others for every id.

    Weights and biases are uniform in ±1/sqrt(hidden_units), as PyTorch initializes them
    (https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTM.html), and never zero by design;
    the input (batch, time, input) and the states (layer*direction, batch, hidden) in ±1. Where the
    case must be rejected, the inputs named by `Case.feed` have the shapes given there.
    """
    random = np.random.default_rng(list(case.id.encode()))
    layer, dimensions = case.layer, case.dimensions
    directions, hidden = layer.num_directions, dimensions.hidden_units
    bound = hidden**-0.5

    def uniform(shape: Shape, limit: float = 1.0) -> Floats:
        return np.rint(random.uniform(-limit, limit, shape) * GRID) / GRID

    def bias() -> Floats:
        shape = (directions, 4, hidden)
        return uniform(shape, bound) if layer.bias else np.zeros(shape)

    widths = [dimensions.embedding_dim] + [directions * hidden] * (dimensions.num_layers - 1)
    weights = tuple(
        LayerWeights(
            input_weights=uniform((directions, 4, hidden, width), bound),
            recurrent_weights=uniform((directions, 4, hidden, hidden), bound),
            input_bias=bias(),
            recurrent_bias=bias(),
        )
        for width in widths
    )
    right: dict[str, Shape] = {
        "input": (dimensions.batch_size, dimensions.time_steps, dimensions.embedding_dim)
    }
    if layer.initial_state == "given":
        state = (dimensions.num_layers * directions, dimensions.batch_size, hidden)
        right |= {"h_0": state, "c_0": state}
    fed = {**right, **case.feed}
    return Sample(weights, {name: uniform(shape) for name, shape in fed.items()})
