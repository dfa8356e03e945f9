"""The axis patterns of a layer's tensors: the canonical ones, and what its options make of them.

Patterns are declared for a batch-major layer whose directions are joined side by side. Another
layout, or another merge, moves the same axes in every framework in the same way, so it is derived
here, once, from what an adapter declares and from the canonical form alike.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from adapters.contract import Layer, Native

BATCH_MAJOR: Mapping[str, str] = {
    "input": "batch time input",
    "first": "batch time input",
    "lengths": "batch",
    "mask": "batch time",
    "h_0": "(layer direction) batch hidden",
    "c_0": "(layer direction) batch cell",
    "output": "batch time (direction hidden)",
    "last": "batch (direction hidden)",
    "h_n": "(layer direction) batch hidden",
    "c_n": "(layer direction) batch cell",
}
STATES: Mapping[str, str] = {  # of a stack whose layers differ
    "h_0": "batch every_hidden",
    "c_0": "batch every_cell",
    "h_n": "batch every_hidden",
    "c_n": "batch every_cell",
}
WEIGHTS: Mapping[str, str] = {
    "input_weights": "direction gate cell input",
    "recurrent_weights": "direction gate cell hidden",
    "bias": "direction gate cell",
    "input_bias": "direction gate cell",
    "recurrent_bias": "direction gate cell",
    "projection_weights": "direction hidden cell",
    "peephole_weights": "direction peephole cell",
}


def canonical(name: str, layer: Layer) -> str:
    """The canonical pattern of an input or a result of `layer`.

    Where the directions are not joined the output is what concat makes of the two. Layers that
    differ have no axes in common but the batch: their states lie side by side, row by row.
    """
    if layer.layers and name in STATES:
        return _laid_out(STATES[name], layer)
    axes, last = _laid_out(BATCH_MAJOR[name], layer), layer.at(-1)
    if name in ("output", "last") and last.num_outputs < last.num_directions:
        return axes.replace("(direction hidden)", "hidden")
    return axes


def native(name: str, declared: Native, layer: Layer) -> Native:
    """The tensor that an adapter declares as `declared`, as it is with the options of `layer`."""
    form = replace(declared, axes=_laid_out(declared.axes, layer))
    if name not in ("output", "last") or layer.merge == "concat":
        return form
    if "(direction hidden)" not in form.axes:  # each direction is handed out on its own already
        return form
    axes = form.axes.replace("(direction hidden)", "hidden")
    if layer.merge == "none":
        return replace(form, name=form.name + "{direction}", axes=axes)
    return replace(form, axes=axes)


def names(axes: str) -> list[str]:
    """The axes that a pattern names, in order."""
    return re.findall(r"\w+", axes)


def _laid_out(axes: str, layer: Layer) -> str:
    """A batch-major pattern in the layout of `layer`."""
    found = names(axes)
    if "batch" not in found:
        return axes
    if layer.layout == "unbatched":
        return " ".join(re.sub(r"\bbatch\b", "", axes).split())
    if layer.layout == "extra_batch":
        return re.sub(r"\bbatch\b", "group batch", axes)
    if layer.layout == "time_major" and "time" in found[found.index("batch") :]:
        swap = {"batch": "time", "time": "batch"}
        return re.sub(r"\w+", lambda name: swap.get(name[0], name[0]), axes)
    return axes
