"""The numbers fed to every framework: weights, inputs and initial states, seeded by the case's id.

Every number is a multiple of `GRID`'s step between -1 and 1, and as coarser a one as its span is
wider: the case's dtype holds each of them, and each sum of two biases, exactly, so that a framework
with one bias a gate gets the very same layer as one with two, and the float64 reference starts from
the very numbers that the framework was given.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import ceil, log2
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adapters.contract import stacked
from conformance.lstm.case import Case, Dimensions, Layer, Shape, sizes
from conformance.lstm.law import Law
from conformance.lstm.layout import in_layout
from conformance.lstm.numbers import UNIT, Span
from conformance.lstm.pattern import WEIGHTS, canonical

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
# Steps in 1. A significand has 24 bits in float32, 11 in float16 and 8 in bfloat16; the largest sum
# of two biases is below 2, so the steps may be one bit finer than half of that range.
GRID = {"float32": 2**20, "float64": 2**20, "float16": 2**9, "bfloat16": 2**6}
# What every dtype holds, and of float16 the largest numbers that a product with a weight leaves so.
LARGE = {"float32": 2.0**100, "float64": 2.0**100, "float16": 2.0**13, "bfloat16": 2.0**100}


@dataclass(frozen=True)
class LayerWeights:
    """The weights of one layer of the stack, with the gates in the order i, f, g, o."""

    input_weights: Floats  # (direction, gate, cell, input)
    recurrent_weights: Floats  # (direction, gate, cell, hidden)
    input_bias: Floats  # (direction, gate, cell); zeros where the layer has no bias
    recurrent_bias: Floats  # (direction, gate, cell); zeros where the layer has no bias
    projection_weights: Floats | None = None  # (direction, hidden, cell), where h is projected
    peephole_weights: Floats | None = None  # (direction, peephole, cell), in the order i, f, o

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
    the input (batch, time, input) and the states (layer*direction, batch, hidden) in ±1, unless
    `Case.numbers` says otherwise. Where the case must be rejected, the inputs named by `Case.feed`
    have the shapes given there.
    """
    random = np.random.default_rng(list(case.id.encode()))
    layer, dimensions, numbers = case.layer, case.dimensions, case.numbers
    grid = GRID[layer.dtype.removeprefix("mixed_")]

    def uniform(shape: Shape, span: Span = UNIT) -> Floats:
        steps = grid / 2.0 ** max(ceil(log2(max(map(abs, span)))), 0)
        return np.rint(random.uniform(*span, shape) * steps) / steps

    def bound_of(cell: int) -> Span:
        return numbers.weights or (-(cell**-0.5), cell**-0.5)

    def weights_of(one: Layer, own: Dimensions) -> LayerWeights:
        axes = sizes(one, own)
        directions, hidden, cell = axes["direction"], axes["hidden"], axes["cell"]
        bound = bound_of(cell)

        def bias() -> Floats:
            shape = (directions, 4, cell)
            return uniform(shape, bound) if one.bias else np.zeros(shape)

        return LayerWeights(
            input_weights=uniform((directions, 4, cell, own.embedding_dim), bound),
            recurrent_weights=uniform((directions, 4, cell, hidden), bound),
            input_bias=bias(),
            recurrent_bias=bias(),
            projection_weights=(
                uniform((directions, hidden, cell), bound) if one.projection_size else None
            ),
            peephole_weights=(
                uniform((directions, 3, cell), bound) if one.cell == "peepholes" else None
            ),
        )

    weights = tuple(weights_of(*one) for one in stacked(layer, dimensions))
    inputs: dict[str, NDArray[Any]] = {
        name: uniform(shape, numbers.input if name == "input" else numbers.states)
        for name, shape in fed_shapes(case).items()
        if name != "mask"
    }
    if wrong := {name: case.feed[name] for name in WEIGHTS if name in case.feed}:
        bound = bound_of(weights[0].bias.shape[-1])
        fed = {name: uniform(shape, bound) for name, shape in wrong.items()}
        weights = (replace(weights[0], **fed), *weights[1:])
    if case.integers:
        inputs["input"] = np.rint(9.0 * inputs["input"]).astype(np.int32)
    if not numbers.usual:
        inputs["input"] = _placed(case, inputs["input"], random)
    if layer.lengths == "given":
        inputs["lengths"] = in_layout(layer, "lengths", np.array(case.lengths, np.int32))
    if layer.mask == "given":
        inputs["mask"] = _mask(case)
    return Sample(weights, inputs)


def _mask(case: Case) -> Flags:
    """The mask in the layout of the case; one of a wrong shape has as many of its steps as fit."""
    mask = valid_steps(case)
    return np.resize(mask, case.feed["mask"]) if "mask" in case.feed else mask


def _placed(case: Case, sequence: Floats, random: np.random.Generator) -> Floats:
    """The input in its layout, with its steps of zeros and what stands where no step counts."""
    numbers, time = case.numbers, 0 if case.layer.layout == "time_major" else -2
    sequence = sequence.copy()
    np.moveaxis(sequence, time, 0)[list(numbers.zero_steps)] = 0.0
    if numbers.behind == "drawn":
        return sequence
    signs = np.where(random.random(sequence.shape) < 0.5, -1.0, 1.0)
    large = LARGE[case.layer.dtype.removeprefix("mixed_")]
    ended = ~valid_steps(case)
    sequence[ended] = signs[ended] * {"large": large, "inf": np.inf, "nan": np.nan}[numbers.behind]
    return sequence


def valid_steps(case: Case) -> Flags:
    """Which steps of the input count: (batch, time), in the layout of the case."""
    valid: Flags = in_layout(case.layer, "sequence", _counted(case))
    return valid


def emitted_steps(case: Case) -> Flags:
    """The same of the output, in the order in which it is handed out."""
    valid = _counted(case)
    if sum(turned(case.layer.at(number)) for number in range(case.dimensions.num_layers)) % 2:
        valid = valid[:, ::-1]
    emitted: Flags = in_layout(case.layer, "sequence", valid)
    return emitted


def _counted(case: Case) -> Flags:
    time = case.dimensions.time_steps
    if case.layer.mask == "given":
        return np.array(case.mask, bool).reshape(len(case.mask), time)
    return within(time, np.array(case.lengths))


def turned(layer: Layer) -> bool:
    """Whether each layer hands out its output in the other order than it was fed."""
    return layer.reverse and not layer.keep_order


def counted(inputs: Mapping[str, Any]) -> Flags | None:
    """Which steps count by batch-major inputs: (batch, time); None where all do."""
    if "mask" in inputs:
        mask: Flags = inputs["mask"]
        return mask
    if "lengths" in inputs:
        return within(inputs["input"].shape[1], inputs["lengths"])
    return None


def within(time: int, lengths: NDArray[Any]) -> Flags:
    """Which steps lie before the end of sequences of such lengths (batch,): (batch, time)."""
    valid: Flags = np.arange(time) < lengths[:, None]
    return valid


def fed_shapes(case: Case) -> dict[str, Shape]:
    """The canonical shape of every input but lengths that `case` feeds, wrong ones among them."""
    shapes = {**input_shapes(case.layer, case.dimensions), **case.feed}
    if case.first:
        first = replace(case.dimensions, **case.first)
        shapes["first"] = input_shapes(case.layer, first)["input"]
    return {name: shape for name, shape in shapes.items() if name not in WEIGHTS}


def weight_shapes(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """The canonical shape of the weights of the lowest layer that a case may feed wrong ones of."""
    axes = sizes(*stacked(layer, dimensions)[0])
    return {name: Law(WEIGHTS[name], axes).shape for name in ("input_weights", "recurrent_weights")}


def input_shapes(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """The canonical shape of the input, and of both initial states and the mask where given."""
    names = ("input", *layer.given_states, *(("mask",) if layer.mask == "given" else ()))
    axes = sizes(layer, dimensions)
    return {name: Law(canonical(name, layer), axes).shape for name in names}
