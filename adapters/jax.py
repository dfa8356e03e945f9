"""JAX alone: the equations of an LSTM, written by hand, under ``jax.lax.scan``.

A scan walks the first axis, so that sequences are time-major; it hands its user ``carry, ys``, the
carry as it is written, here ``(h, c)``. ``reverse=True`` scans from the end and leaves ``ys``
aligned with ``xs``, so the backward direction's final h is ``ys[0]``: no switch leaves ``ys`` in
the order of emission. Layers and directions are the user's own: the stack joins both directions for
the next layer, and hands out the last layer's two sequences as the two scans return them. Nothing
but the arithmetic checks a shape: an input without a batch axis is one sequence, one with two batch
axes is as good, and a carry that broadcasts is refused only because it comes back in another shape
than it went in. Mixed precision is a cast of the parameters and the input before the first step.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp

from adapters._compilation import keep_compilations as keep_compilations
from adapters._compilation import stages as stages
from adapters._device import DEVICES as DEVICES
from adapters._device import place as place
from adapters._jax import FUNCTIONS, UNEXPORTED, batch, inferred, ran, unrolled
from adapters.contract import (
    ANY,
    CLIP,
    Array,
    Convention,
    Dimensions,
    Gap,
    Layer,
    Line,
    Native,
    Results,
    Shape,
    Snippet,
    stacked,
)

PACKAGES = ("jax", "jaxlib", "flatbuffers")
OLDEST = ("jax==0.4.13", "jaxlib==0.4.13", "numpy<1.27", "scipy<1.12", "ml-dtypes<0.3")

Arrays: TypeAlias = Mapping[str, jax.Array]

CONVENTION = Convention(
    inputs={
        "input": Native("xs", "time batch input"),
        "h_0": Native("layer_{layer}{direction}.h", "batch hidden"),
        "c_0": Native("layer_{layer}{direction}.c", "batch cell"),
    },
    results={
        "output": Native("ys{direction}", "time batch hidden"),
        "h_n": Native("layer_{layer}{direction}.h", "batch hidden"),
        "c_n": Native("layer_{layer}{direction}.c", "batch cell"),
        "last": Native("layer_{layer}{direction}.h", "batch hidden"),
    },
    weights={
        "input_weights": Native("layer_{layer}{direction}.W_ih", "input (gate cell)"),
        "recurrent_weights": Native("layer_{layer}{direction}.W_hh", "hidden (gate cell)"),
        "bias": Native("layer_{layer}{direction}.b", "(gate cell)"),
        "projection_weights": Native("layer_{layer}{direction}.W_hr", "cell hidden"),
        "peephole_weights": Native("layer_{layer}{direction}.P", "(peephole cell)"),
    },
    gates="ifgo",
    directions=(("",), ("_forward", "_backward")),
    source="https://docs.jax.dev/en/latest/_autosummary/jax.lax.scan.html",
    loader="params = {name: jnp.asarray(array) for name, array in weights.items()}",
)

SNIPPET = Snippet(
    (
        "import jax\nimport jax.numpy as jnp\n",
        "params = {",
        '    "W_ih": jnp.zeros(($embedding_dim, 4 * $hidden_units)),',
        '    "W_hh": jnp.zeros(($state_units, 4 * $hidden_units)),',
        Line('    "b": jnp.zeros(4 * $hidden_units),', {"bias": True}),
        Line('    "W_hr": jnp.zeros(($hidden_units, $state_units)),', {"projection_size": ANY}),
        "}\n\n",
        "def step(carry, x):",
        "    h, c = carry",
        '    gates = x @ params["W_ih"] + h @ params["W_hh"]',
        Line('    gates += params["b"]', {"bias": True}),
        "    i, f, g, o = jnp.split(gates, 4, axis=-1)",
        "    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)",
        "    h = jax.nn.sigmoid(o) * jnp.tanh(c)",
        Line('    h = h @ params["W_hr"]', {"projection_size": ANY}),
        "    return (h, c), h\n\n",
        Line(
            "x = jnp.zeros(($time_steps, $batch_size, $embedding_dim))",
            {"layout": ("batch_major", "time_major")},
        ),
        Line("x = jnp.zeros(($time_steps, $embedding_dim))", {"layout": "unbatched"}),
        Line(
            "x = jnp.zeros(($time_steps, 2, $batch_size, $embedding_dim))",
            {"layout": "extra_batch"},
        ),
        Line(
            "h_0 = jnp.zeros((2, $batch_size, $state_units))\n"
            "c_0 = jnp.zeros((2, $batch_size, $hidden_units))",
            {"layout": "extra_batch"},
        ),
        Line(
            "h_0 = jnp.zeros(($batch_size, $state_units))\n"
            "c_0 = jnp.zeros(($batch_size, $hidden_units))",
            {"layout": ("batch_major", "time_major")},
        ),
        Line(
            "h_0 = jnp.zeros($state_units)\nc_0 = jnp.zeros($hidden_units)", {"layout": "unbatched"}
        ),
    ),
    (
        Line("(h, c), ys = jax.lax.scan(step, (h_0, c_0), x)", {"reverse": False}),
        Line("(h, c), ys = jax.lax.scan(step, (h_0, c_0), x, reverse=True)", {"reverse": True}),
        'results = {"ys": ys, "layer_0.h": h, "layer_0.c": c}',
    ),
    options=(
        "bias",
        "initial_state",
        "keep_order",
        "layout",
        "projection_size",
        "return_sequences",
        "return_state",
        "reverse",
    ),
    fed="jnp.asarray(array)",
    loading=(
        "$loader",
        'params = {name.removeprefix("layer_0."): one for name, one in params.items()}',
    ),
)

GAPS = (
    UNEXPORTED,
    Gap(
        {"initial_state": ("h_0", "c_0")},
        why="the carry of a scan is all that a step is handed",
        source=CONVENTION.source,
    ),
    Gap(
        {"reverse": True, "keep_order": False},
        why="a reversed scan leaves its output aligned with its input",
        source=CONVENTION.source,
    ),
    Gap(
        {"merge": ("sum", "mul", "ave")},
        why="two scans hand out two sequences, which nothing merges",
        source=CONVENTION.source,
    ),
    Gap(
        {"lengths": "given"},
        why="a scan knows one length, that of its first axis",
        source=CONVENTION.source,
    ),
    Gap(
        {"mask": "given"},
        why="a scan takes every step of its first axis",
        source=CONVENTION.source,
    ),
    Gap(
        {"stateful": ANY},
        why="a scan keeps no state, the caller carries it",
        source=CONVENTION.source,
    ),
    Gap(
        {"dropout": True},
        why="JAX has no dropout",
        source="https://docs.jax.dev/en/latest/jax.nn.html",
    ),
    Gap(
        {"execution": "predict"},
        why="JAX has no model with a predict",
        source="https://docs.jax.dev/en/latest/jax.html",
    ),
)


def step(
    layer: Layer, params: Arrays, carry: tuple[jax.Array, jax.Array], x: jax.Array
) -> tuple[Any, jax.Array]:
    """Take one step of the equations, with a bias and a projection where `params` has them."""
    h, c = carry
    gate, squash = FUNCTIONS[layer.recurrent_activation], FUNCTIONS[layer.activation]
    gates = x @ params["W_ih"] + h @ params["W_hh"]
    if "b" in params:
        gates += params["b"]
    clip = partial(jnp.clip, min=-CLIP, max=CLIP) if layer.cell == "clipped" else jnp.asarray
    p_i, p_f, p_o = jnp.split(params["P"], 3) if layer.cell == "peepholes" else (0, 0, 0)
    i, f, g, o = jnp.split(gates, 4, axis=-1)
    i, f = gate(clip(i + p_i * c)), gate(clip(f + p_f * c))
    c = (1 - i if layer.cell == "coupled" else f) * c + i * squash(clip(g))
    h = gate(clip(o + p_o * c)) * squash(clip(c))
    if "W_hr" in params:
        h = h @ params["W_hr"]
    return (h, c), h


def lstm(
    layer: Layer, dimensions: Dimensions, weights: Arrays, inputs: Arrays
) -> tuple[list[Any], dict[str, jax.Array]]:
    """Return what the last layer's scans do, and by name every carry and the last sequences."""
    dtype = jnp.dtype(layer.dtype.removeprefix("mixed_"))
    weights, inputs = jax.tree_util.tree_map(
        lambda array: array.astype(dtype) if jnp.issubdtype(array.dtype, jnp.floating) else array,
        (weights, inputs),
    )
    xs = inputs["xs"]
    results: dict[str, jax.Array] = {}
    for number in range(dimensions.num_layers):
        one = layer.at(number)
        returned, sequences = [], {}
        for direction in CONVENTION.directions[one.bidirectional]:
            name = f"layer_{number}{direction}"
            params = {
                key.removeprefix(f"{name}."): array
                for key, array in weights.items()
                if key.startswith(f"{name}.")
            }
            if layer.initial_state == "given":
                init = inputs[f"{name}.h"], inputs[f"{name}.c"]
            else:
                hidden, gates = params["W_hh"].shape
                init = tuple(jnp.zeros((*xs.shape[1:-1], n), dtype) for n in (hidden, gates // 4))
            reverse = one.reverse or direction == "_backward"
            returned.append(
                jax.lax.scan(
                    partial(step, one, params),
                    init,
                    xs,
                    reverse=reverse,
                    unroll=unrolled(layer, dimensions),
                )
            )
            (h, c), sequences[f"ys{direction}"] = returned[-1]
            results |= {f"{name}.h": h, f"{name}.c": c}
        if one.residual:
            sequences = {"ys": sequences["ys"] + xs}
        xs = jnp.concatenate(list(sequences.values()), axis=-1)
    return returned, results | sequences


def run(
    layer: Layer, dimensions: Dimensions, weights: Mapping[str, Array], inputs: Mapping[str, Array]
) -> Results:
    """Compile the stack for the shapes of `inputs` and call it; every scan's carry and sequence."""
    return ran(lstm, layer, dimensions, weights, inputs)


def infer(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Read the shapes of the same results from the trace that `run` compiles."""
    rows = batch(layer, dimensions)
    inputs = {"xs": (dimensions.time_steps, *rows, dimensions.embedding_dim)}
    weights: dict[str, Shape] = {}
    for number, (one, own) in enumerate(stacked(layer, dimensions)):
        cell, width = own.hidden_units, own.embedding_dim
        hidden = one.projection_size or cell
        for direction in CONVENTION.directions[one.bidirectional]:
            name = f"layer_{number}{direction}"
            weights |= {f"{name}.W_ih": (width, 4 * cell), f"{name}.W_hh": (hidden, 4 * cell)}
            weights |= {f"{name}.b": (4 * cell,)} if one.bias else {}
            weights |= {f"{name}.W_hr": (cell, hidden)} if one.projection_size else {}
            weights |= {f"{name}.P": (3 * cell,)} if one.cell == "peepholes" else {}
            if layer.initial_state == "given":
                inputs |= {f"{name}.h": (*rows, hidden), f"{name}.c": (*rows, cell)}
    return inferred(lstm, layer, dimensions, weights, inputs)
