"""The rows of a stack: the h and the c of each direction of each layer, as wide as its layer."""

from collections.abc import Mapping, Sequence
from itertools import accumulate

import numpy as np

from adapters.contract import Layer
from conformance.lstm.sample import Floats, LayerWeights


def states(
    layer: Layer, stack: Sequence[LayerWeights], inputs: Mapping[str, Floats]
) -> tuple[list[Floats], list[Floats]]:
    """The h and c (batch, ...) that each row starts from: of batch-major inputs, or zeros."""
    found = []
    for name, axis in (("h_0", -1), ("c_0", -2)):
        widths = [
            one.recurrent_weights.shape[axis]
            for number, one in enumerate(stack)
            for _ in range(layer.at(number).num_directions)
        ]
        if name in inputs:
            found.append(parted(layer, inputs[name], widths))
        else:
            found.append([np.zeros((len(inputs["input"]), width)) for width in widths])
    return found[0], found[1]


def parted(layer: Layer, state: Floats, widths: Sequence[int]) -> list[Floats]:
    """Each row of a state, which are so wide: `joined` back."""
    if not layer.layers:
        return list(state)
    return np.split(state, list(accumulate(widths))[:-1], axis=-1)


def joined(layer: Layer, rows: Sequence[Floats]) -> Floats:
    """(layer*direction, batch, width), or side by side (batch, all widths) where layers differ."""
    return np.concatenate(rows, axis=-1) if layer.layers else np.stack(rows)
