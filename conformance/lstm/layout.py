"""A layer's tensors in its layout, and as those of the batch-major layer that it stands for.

The same numbers either way: a layout moves the axes of batch and time, splits the batch, or leaves
it out.
"""

from typing import Any

import numpy as np

from adapters.contract import GROUP
from conformance.lstm.case import Layer

# (layer*direction, batch, ...) where the layers of a stack are alike, all others (batch, ...).
_STATES = ("h_0", "c_0", "h_n", "c_n")
_SEQUENCES = ("input", "first", "mask", "sequence")  # (batch, time, ...)


def batch_major(layer: Layer, name: str, array: Any) -> Any:
    """An input or a result in the layout of `layer`, as the batch-major one.

    `name` is ``input``, ``first`` of the call before, ``sequence`` or ``last`` of an output with or
    without its steps, ``h_0``, ``c_0``, ``h_n``, ``c_n``, ``lengths`` or ``mask``.
    """
    batch = 1 if name in _STATES and not layer.layers else 0
    if layer.layout == "unbatched":
        return np.expand_dims(array, batch)
    if layer.layout == "extra_batch":
        shape = array.shape
        return array.reshape(*shape[:batch], GROUP * shape[batch + 1], *shape[batch + 2 :])
    return _swapped(layer, name, array)


def in_layout(layer: Layer, name: str, array: Any) -> Any:
    """A batch-major input or result in the layout of `layer`: `batch_major` back."""
    batch = 1 if name in _STATES and not layer.layers else 0
    if layer.layout == "unbatched":
        return array.squeeze(batch)
    if layer.layout == "extra_batch":
        shape = array.shape
        return array.reshape(*shape[:batch], GROUP, shape[batch] // GROUP, *shape[batch + 1 :])
    return _swapped(layer, name, array)


def _swapped(layer: Layer, name: str, array: Any) -> Any:
    time_major = layer.layout == "time_major" and name in _SEQUENCES
    return array.swapaxes(0, 1) if time_major else array
