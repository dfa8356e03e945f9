"""A right adapter, in NumPy: what the deliberately wrong ones beside it depart from.

`run` takes three of its steps as arguments, so that a wrong adapter replaces one and no more.
Everything is computed in float64 and handed over in float32.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np

from adapters.contract import Array, Convention, Dimensions, Layer, Native, Shape

PACKAGES = ("numpy",)

CONVENTION = Convention(
    inputs={
        "input": Native("x", "batch time input"),
        "h_0": Native("start_h", "(layer direction) batch hidden"),
        "c_0": Native("start_c", "(layer direction) batch cell"),
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
    },
    gates="fiog",
    directions=(("",), (".ahead", ".back")),
    source="https://example.org/right",
)

Step = Callable[[Mapping[str, Array], Array, Array, Array], tuple[Array, Array]]


def unsupported(layer: Layer) -> str | None:  # noqa: ARG001, an adapter without a gap
    """None: every option of `Layer` is there."""
    return None


def sigmoid(x: Array) -> Array:
    """Return the logistic function of every number."""
    return 1 / (1 + np.exp(-x))


def step(weights: Mapping[str, Array], x: Array, h: Array, c: Array) -> tuple[Array, Array]:
    """Return h and c, both (batch, hidden), after one step with x (batch, input)."""
    total = x @ weights["w"] + h @ weights["r"] + weights.get("b", 0) + weights.get("d", 0)
    f, i, o, g = np.split(total, 4, axis=-1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def scan(
    advance: Callable[..., tuple[Array, Array]], x: Array, backward: bool, h: Array, c: Array
) -> tuple[Array, Array, Array]:
    """Return every h (batch, time, hidden), aligned with x in time, and the final h and c."""
    ordered = x[:, ::-1] if backward else x
    seen = []
    for now in ordered.swapaxes(0, 1):
        h, c = advance(now, h, c)
        seen.append(h)
    sequence = np.stack(seen, axis=1)
    return sequence[:, ::-1] if backward else sequence, h, c


def join(halves: Sequence[Array]) -> Array:
    """Return what the layer above reads of both directions: (batch, time, direction*hidden)."""
    return np.concatenate(halves, axis=-1)


def run(
    layer: Layer,
    dimensions: Dimensions,
    weights: Mapping[str, Array],
    inputs: Mapping[str, Array],
    step: Step = step,
    scan: Callable[..., tuple[Array, Array, Array]] = scan,
    join: Callable[[Sequence[Array]], Array] = join,
) -> dict[str, Array]:
    """Return y, end_h and end_c. Raises ValueError for an input or a weight of a wrong shape."""
    _check("weight", weights, parameters(layer, dimensions))
    _check("input", inputs, _declared(layer, dimensions))
    sequence = inputs["x"].astype(np.float64)
    zeros = np.zeros(_states(layer, dimensions))
    h, c = (inputs.get(name, zeros).astype(np.float64) for name in ("start_h", "start_c"))
    for number in range(dimensions.num_layers):
        halves = []
        for direction, label in enumerate(CONVENTION.directions[layer.bidirectional]):
            prefix = f"layer{number}{label}."
            ours = {
                name.removeprefix(prefix): array.astype(np.float64)
                for name, array in weights.items()
                if name.startswith(prefix)
            }
            row = number * layer.num_directions + direction
            half, h[row], c[row] = scan(
                partial(step, ours), sequence, direction == 1, h[row], c[row]
            )
            halves.append(half)
        sequence = join(halves)
    ends = halves if layer.return_sequences else list(h[-layer.num_directions :])
    results = {"y": np.concatenate(ends, axis=-1), "end_h": h, "end_c": c}
    return {name: result.astype(np.float32) for name, result in results.items()}


def infer(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Return the shapes that `run` gives, by formula."""
    width = layer.num_directions * dimensions.hidden_units
    times = (dimensions.time_steps,) if layer.return_sequences else ()
    states = _states(layer, dimensions)
    return {"y": (dimensions.batch_size, *times, width), "end_h": states, "end_c": states}


def parameters(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Return the shape of every weight, by formula."""
    shapes: dict[str, Shape] = {}
    hidden, width = dimensions.hidden_units, dimensions.embedding_dim
    for number in range(dimensions.num_layers):
        for label in CONVENTION.directions[layer.bidirectional]:
            prefix = f"layer{number}{label}."
            shapes[f"{prefix}w"] = (width, 4 * hidden)
            shapes[f"{prefix}r"] = (hidden, 4 * hidden)
            if layer.bias:
                shapes |= {f"{prefix}b": (4 * hidden,), f"{prefix}d": (4 * hidden,)}
        width = layer.num_directions * hidden
    return shapes


def _declared(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    sequence = (dimensions.batch_size, dimensions.time_steps, dimensions.embedding_dim)
    states = _states(layer, dimensions)
    given = {"start_h": states, "start_c": states} if layer.initial_state == "given" else {}
    return {"x": sequence, **given}


def _states(layer: Layer, dimensions: Dimensions) -> Shape:
    rows = dimensions.num_layers * layer.num_directions
    return rows, dimensions.batch_size, dimensions.hidden_units


def _check(kind: str, arrays: Mapping[str, Array], right: Mapping[str, Shape]) -> None:
    shapes = {name: array.shape for name, array in arrays.items()}
    if shapes != right:
        raise ValueError(f"another {kind} than built for: {shapes} in place of {right}")
