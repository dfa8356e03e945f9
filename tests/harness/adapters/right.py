"""A right adapter, in NumPy: what the deliberately wrong ones beside it depart from.

`run` takes three of its steps as arguments, so that a wrong adapter replaces one and no more.
Everything is computed in float64 and handed over in the layer's dtype. Gradients are complex
steps (Squire and Trapp, https://doi.org/10.1137/S003614459631241X), so that nothing here is
derived by hand. A batch of no axis or of two is one of one axis within, before which those that
gradients are taken along may stand.
"""

import math
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from adapters.contract import (
    CLIP,
    GROUP,
    Array,
    Cast,
    Convention,
    Dimensions,
    Layer,
    Native,
    Results,
    Shape,
    outline,
)

PACKAGES = ("numpy",)

CONVENTION = Convention(
    inputs={
        "input": Native("x", "batch time input"),
        "h_0": Native("start_h", "(layer direction) batch hidden"),
        "c_0": Native("start_c", "(layer direction) batch cell"),
        "lengths": Native("lengths", "batch"),
        "mask": Native("mask", "batch time"),
        "first": Native("first", "batch time input"),
    },
    results={
        "output": Native("y", "batch time (direction hidden)"),
        "h_n": Native("end_h", "(layer direction) batch hidden"),
        "c_n": Native("end_c", "(layer direction) batch cell"),
        "last": Native("y", "batch (direction hidden)"),
    },
    weights={
        "input_weights": Native("layer{layer}{direction}.w", "input (gate cell)"),
        "recurrent_weights": Native("layer{layer}{direction}.r", "hidden (gate cell)"),
        "input_bias": Native("layer{layer}{direction}.b", "(gate cell)"),
        "recurrent_bias": Native("layer{layer}{direction}.d", "(gate cell)"),
        "projection_weights": Native("layer{layer}{direction}.p", "cell hidden"),
        "peephole_weights": Native("layer{layer}{direction}.e", "peephole cell"),
    },
    gates="fiog",
    directions=(("",), (".ahead", ".back")),
    source="https://example.org/right",
)

Step = Callable[[Layer, Mapping[str, Array], Array, Array, Array], tuple[Array, Array]]
Scan = Callable[..., tuple[Array, Array, Array]]
Join = Callable[[Sequence[Array]], Array]


def sigmoid(x: Array) -> Array:
    """Return the logistic function of every number, as it is without an exponential's overflow."""
    return (1 + np.tanh(x / 2)) / 2


FUNCTIONS: dict[str, Callable[[Array], Array]] = {  # of real numbers and, by branches, of complex
    "sigmoid": sigmoid,
    "hard_sigmoid": lambda x: _cut(x / 6 + 0.5),
    "hard_sigmoid_fifth": lambda x: _cut(x / 5 + 0.5),
    "tanh": np.tanh,
    "relu": lambda x: np.where(x.real > 0, x, 0),
    "linear": lambda x: x,
    "softsign": lambda x: x / (1 + np.where(x.real > 0, x, -x)),
}


def step(
    layer: Layer, weights: Mapping[str, Array], x: Array, h: Array, c: Array
) -> tuple[Array, Array]:
    """Return h (batch, hidden) and c (batch, cell) after one step with x (batch, input)."""
    gate, squash = FUNCTIONS[layer.recurrent_activation], FUNCTIONS[layer.activation]
    eyes = weights.get("e", np.zeros((3, 1)))
    of_f, of_i, of_o = (eyes[..., [gate], :] for gate in range(3))
    total = x @ weights["w"] + h @ weights["r"] + weights.get("b", 0) + weights.get("d", 0)
    f, i, o, g = np.split(total, 4, axis=-1)
    clip = _clip if layer.cell == "clipped" else np.asarray
    i, f = gate(clip(i + of_i * c)), gate(clip(f + of_f * c))
    c = (1 - i if layer.cell == "coupled" else f) * c + i * squash(clip(g))
    h = gate(clip(o + of_o * c)) * squash(clip(c))
    return h @ weights["p"] if "p" in weights else h, c


def scan(
    advance: Callable[..., tuple[Array, Array]], x: Array, backward: bool, h: Array, c: Array
) -> tuple[Array, Array, Array]:
    """Return every h (batch, time, hidden), aligned with x in time, and the final h and c."""
    sequence = np.empty((*h.shape[:-1], x.shape[-2], h.shape[-1]), h.dtype)
    steps = range(x.shape[-2])
    for t in steps[::-1] if backward else steps:
        h, c = advance(x[..., t, :], h, c)
        sequence[..., t, :] = h
    return sequence, h, c


def join(halves: Sequence[Array]) -> Array:
    """Return what the layer above reads of both directions: (batch, time, direction*hidden)."""
    return np.concatenate(halves, axis=-1)


def run(
    layer: Layer,
    dimensions: Dimensions,
    weights: Mapping[str, Array],
    inputs: Mapping[str, Array],
    step: Step = step,
    scan: Scan = scan,
    join: Join = join,
) -> Results:
    """Return y, end_h and end_c, and gradients where they are asked for.

    Raises ValueError for an input or a weight of a wrong shape, and for a length that is none.
    """
    if layer.layers:
        alone = partial(run, step=step, scan=scan, join=join)
        return apart().composed(alone, layer, dimensions, weights, inputs)
    fed = dict(inputs)
    cotangents = {name: fed.pop(name) for name in inputs if name.startswith("cotangent of ")}
    first = fed.pop("first", fed["x"])
    _check("weight", weights, parameters(layer, dimensions))
    _check("input", fed, _declared(layer, dimensions))
    if fed["x"].dtype.kind != "f":
        raise ValueError(f"an input of {fed['x'].dtype}")
    properties: dict[str, Any] = {}
    if layer.checkpoint != "none":
        weights = _restored(weights)
        properties["checkpoint"] = {name: list(one.shape) for name, one in weights.items()}
    valid = _counted(layer, dimensions, fed)
    fed = {name: one for name, one in fed.items() if name not in ("lengths", "mask")}
    zeros = map(np.zeros, _states(layer, dimensions))
    wide = {name: one.astype(np.float64) for name, one in {**weights, **fed}.items()}
    arrays = {**dict(zip(("start_h", "start_c"), zeros, strict=True)), **wide}
    first = _read(layer, first.astype(np.float64))
    if layer.stateful != "no" and len(first) != len(_read(layer, arrays["x"])):
        raise ValueError(f"a state of {len(first)} sequences is kept")
    forward = partial(_forward, layer, step, scan, join, valid, first)
    dtype = layer.dtype.removeprefix("mixed_")
    results = {name: _cast(one, dtype) for name, one in forward(arrays).items()}
    properties["container"] = outline(_returned(layer, results), results)
    if layer.gradients:
        dtype = layer.dtype if dtype == layer.dtype else "float32"
        for name in wide:
            gradient = _gradient(forward, arrays, name, cotangents)
            results[f"gradient of {name}"] = _cast(gradient, dtype)
    return Results(results, **properties)


def infer(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Return the shapes that `run` gives, by formula."""
    if layer.layers:
        return apart().described(infer, layer, dimensions)
    axes = _axes(layer, dimensions) if layer.return_sequences else _batch(layer, dimensions)
    h, c = _states(layer, dimensions)
    width = h[-1] * (1 if layer.merge == "none" else layer.num_outputs)
    outputs = dict.fromkeys(_outputs(layer), (*axes, width))
    return {**outputs, "end_h": h, "end_c": c} if layer.return_state else outputs


def parameters(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Return the shape of every weight, by formula."""
    if layer.layers:
        return apart().described(parameters, layer, dimensions)
    shapes: dict[str, Shape] = {}
    cell, width = dimensions.hidden_units, dimensions.embedding_dim
    hidden = layer.projection_size or cell
    for number in range(dimensions.num_layers):
        for label in CONVENTION.directions[layer.bidirectional]:
            prefix = f"layer{number}{label}."
            shapes[f"{prefix}w"] = (width, 4 * cell)
            shapes[f"{prefix}r"] = (hidden, 4 * cell)
            if layer.bias:
                shapes |= {f"{prefix}b": (4 * cell,), f"{prefix}d": (4 * cell,)}
            if layer.projection_size:
                shapes[f"{prefix}p"] = (cell, hidden)
            if layer.cell == "peepholes":
                shapes[f"{prefix}e"] = (3, cell)
        width = layer.num_outputs * hidden
    return shapes


def defaults(dimensions: Dimensions) -> dict[str, Any]:
    """What the layer is where no option is chosen."""
    return {
        "signature": "(embedding_dim, hidden_units, num_layers=1)",
        "output_shape": list(infer(Layer(), dimensions)["y"]),
        "dtype": Layer().dtype,
    }


def _forward(
    layer: Layer,
    step: Step,
    scan: Scan,
    join: Join,
    valid: Array | None,
    first: Array,
    arrays: Mapping[str, Array],
) -> dict[str, Array]:
    """The results in float64, or in complex128 where a weight, an input or a state is complex."""
    x = _read(layer, arrays["x"])
    h, c = (list(_batched(layer, arrays[name], behind=1)) for name in ("start_h", "start_c"))
    turned = layer.reverse and not layer.keep_order
    for call in range(2 if layer.stateful == "carried" else 1):
        if call:  # the state that was kept is a constant
            h, c = ([one.real.astype(one.dtype) for one in state] for state in (h, c))
        last = call or layer.stateful != "carried"
        sequence, counted = x if last else first, valid
        for row in range(0, len(h), layer.num_directions):
            halves = []
            over = scan if counted is None else partial(_where_counted, scan, counted)
            for direction, label in enumerate(CONVENTION.directions[layer.bidirectional]):
                prefix = f"layer{row // layer.num_directions}{label}."
                ours = {
                    name.removeprefix(prefix): array
                    for name, array in arrays.items()
                    if name.startswith(prefix)
                }
                backward, at = layer.reverse or direction == 1, row + direction
                half, h[at], c[at] = over(
                    partial(step, layer, ours), sequence, backward, h[at], c[at]
                )
                halves.append(half[..., ::-1, :] if turned else half)
            side_by_side = layer.num_outputs == layer.num_directions
            read = sequence
            sequence = join(halves) if side_by_side else _merged(layer.merge, halves)
            sequence = sequence + read if layer.residual else sequence
            counted = counted[:, ::-1] if turned and counted is not None else counted
    ends = halves if layer.return_sequences else h[-layer.num_directions :]
    outputs = ends if layer.merge == "none" else [_merged(layer.merge, ends)]
    outputs = [sequence] if layer.residual else outputs
    outputs = [_unbatched(layer, one, behind=1 + layer.return_sequences) for one in outputs]
    if layer.layout == "time_major" and layer.return_sequences:
        outputs = [one.swapaxes(-3, -2) for one in outputs]
    results = dict(zip(_outputs(layer), outputs, strict=True))
    if not layer.return_state:
        return results
    ends = {"end_h": np.stack(h), "end_c": np.stack(c)}
    return results | {name: _unbatched(layer, end, behind=1) for name, end in ends.items()}


def apart() -> Any:
    """What puts layers together that differ; a project of a test has no such adapter."""
    return import_module("adapters.numpy")


def _read(layer: Layer, x: Array) -> Array:
    """An input with one batch axis, and time behind it."""
    x = _batched(layer, x, behind=2)
    return x.swapaxes(-3, -2) if layer.layout == "time_major" else x


def _batched(layer: Layer, array: Array, behind: int) -> Array:
    """`array` with one batch axis, before `behind` others."""
    if layer.layout == "unbatched":
        return np.expand_dims(array, -1 - behind)
    if layer.layout != "extra_batch":
        return array
    before, (group, size, *rest) = array.shape[: -2 - behind], array.shape[-2 - behind :]
    return array.reshape(*before, group * size, *rest)


def _unbatched(layer: Layer, array: Array, behind: int) -> Array:
    """`array` with the batch axes of the layout."""
    if layer.layout == "unbatched":
        return array.squeeze(-1 - behind)
    if layer.layout != "extra_batch":
        return array
    before, (size, *rest) = array.shape[: -1 - behind], array.shape[-1 - behind :]
    return array.reshape(*before, GROUP, size // GROUP, *rest)


def _counted(layer: Layer, dimensions: Dimensions, fed: Mapping[str, Array]) -> Array | None:
    """Which steps count, (batch, time); None where all do."""
    if "mask" in fed:
        mask = fed["mask"].T if layer.layout == "time_major" else fed["mask"]
        return mask.reshape(-1, dimensions.time_steps)
    if "lengths" not in fed:
        return None
    lengths, time = fed["lengths"].ravel(), dimensions.time_steps
    if not ((lengths >= 0) & (lengths <= time)).all():
        raise ValueError(f"lengths {lengths} that are not within 0 and {time}")
    return np.arange(time) < lengths[:, None]


def _where_counted(
    scan: Scan, valid: Array, advance: Any, x: Array, backward: bool, h: Array, c: Array
) -> tuple[Array, Array, Array]:
    """`scan` of each sequence on its own, over the steps that count; zeros stand at the others."""
    sequence, h, c = np.zeros((*h.shape[:-1], *x.shape[-2:-1], h.shape[-1]), h.dtype), +h, +c
    for row, steps in enumerate(valid):
        one = slice(row, row + 1)
        half, h[..., one, :], c[..., one, :] = scan(
            advance, x[..., one, steps, :], backward, h[..., one, :], c[..., one, :]
        )
        sequence[..., row, steps, :] = half[..., 0, :, :]
    return sequence, h, c


def _gradient(
    forward: Callable[..., dict[str, Array]],
    arrays: Mapping[str, Array],
    name: str,
    cotangents: Mapping[str, Array],
) -> Array:
    """That of one tensor: each of its numbers is moved in a batch of its own, all at once."""
    size, tiny, moved = arrays[name].size, 1e-30, dict(arrays)
    for state in ("start_h", "start_c"):
        moved[state] = np.repeat(arrays[state][:, None], size, axis=1).astype(complex)
    moves = tiny * 1j * np.eye(size).reshape(size, *arrays[name].shape)
    if name.startswith("start_"):
        moved[name] = moved[name] + moves.swapaxes(0, 1)
    else:
        moved[name] = arrays[name] + (moves if arrays[name].ndim > 1 else moves[:, None])
    total = 0.0
    for result, array in forward(moved).items():
        by_move = array.imag.swapaxes(0, 1) if result.startswith("end_") else array.imag
        weighed = by_move / tiny * cotangents[f"cotangent of {result}"]
        total = total + weighed.reshape(size, -1).sum(axis=1)
    return total.reshape(arrays[name].shape)


def _cut(x: Array) -> Array:
    return np.where(x.real < 0, 0, np.where(x.real > 1, 1, x))


def _clip(x: Array) -> Array:
    return np.where(np.abs(x.real) < CLIP, x, np.copysign(CLIP, x.real))


def _merged(merge: str, halves: Sequence[Array]) -> Array:
    if merge in ("sum", "ave"):
        return sum(halves) / (2 if merge == "ave" else 1)
    return math.prod(halves) if merge == "mul" else np.concatenate(halves, axis=-1)


def _cast(array: Array, dtype: str) -> Array:
    if dtype != "bfloat16":
        return array.astype(dtype)
    bits = array.astype(np.float32).view(np.uint32)  # bfloat16 is the upper half of them
    bits = bits + 0x7FFF + (bits >> 16 & 1)  # to the nearest; of two, to the even one
    return Cast((bits & 0xFFFF0000).astype(np.uint32).view(np.float32), dtype)


def _restored(weights: Mapping[str, Array]) -> dict[str, Array]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "right.npz"
        np.savez(file, **weights)
        with np.load(file) as saved:
            return dict(saved)


def _returned(layer: Layer, results: Mapping[str, Array]) -> Any:
    outputs = [results[name] for name in _outputs(layer)]
    output = tuple(outputs) if layer.merge == "none" else outputs[0]
    return (output, (results["end_h"], results["end_c"])) if layer.return_state else output


def _outputs(layer: Layer) -> list[str]:
    return ["y.ahead", "y.back"] if layer.merge == "none" else ["y"]


def _batch(layer: Layer, dimensions: Dimensions) -> Shape:
    batch = {"unbatched": (), "extra_batch": (GROUP, dimensions.batch_size)}
    return batch.get(layer.layout, (dimensions.batch_size,))


def _axes(layer: Layer, dimensions: Dimensions) -> Shape:
    axes = (*_batch(layer, dimensions), dimensions.time_steps)
    return axes[::-1] if layer.layout == "time_major" else axes


def _states(layer: Layer, dimensions: Dimensions) -> tuple[Shape, Shape]:
    axes = (dimensions.num_layers * layer.num_directions, *_batch(layer, dimensions))
    cell = dimensions.hidden_units
    return (*axes, layer.projection_size or cell), (*axes, cell)


def _declared(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    shapes: dict[str, Shape] = {"x": (*_axes(layer, dimensions), dimensions.embedding_dim)}
    states = dict(zip(("h_0", "c_0"), _states(layer, dimensions), strict=True))
    shapes |= {f"start_{name[0]}": states[name] for name in layer.given_states}
    if layer.lengths == "given":
        shapes["lengths"] = _batch(layer, dimensions)
    if layer.mask == "given":
        shapes["mask"] = _axes(layer, dimensions)
    return shapes


def _check(kind: str, arrays: Mapping[str, Array], right: Mapping[str, Shape]) -> None:
    shapes = {name: array.shape for name, array in arrays.items()}
    if shapes != right:
        raise ValueError(f"another {kind} than built for: {shapes} in place of {right}")
