"""``jax.experimental.rnn``: ``lstm_ref``, the reference beside its cuDNN LSTM.

Batch-major; it hands its user ``y, h_n, c_n``, a tuple of three, always all of them. ``y`` joins
the directions on its last axis; the states stack layers and directions on their first. Both initial
states, and the length of each sequence, are arguments without a default: who has none feeds zeros
and the full length. What stands behind a sequence's end is zero. The weights are four dicts,
``W_ih``, ``W_hh``, ``b_ih`` and ``b_hh``, whose keys count layers and directions through, 0 1 2 3
for two bidirectional layers; ``unpack_lstm_weights`` makes them of the one flat array that
``init_lstm_weight`` draws. ``jax.export`` refuses dicts with such keys, so an exported function
must take its weights by other names. Every gate has two biases.

``rnn.lstm`` itself needs a GPU: on a CPU it raises AttributeError,
https://github.com/jax-ml/jax/issues/19177
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
from jax.experimental import rnn

from adapters._compilation import keep_compilations as keep_compilations
from adapters._compilation import stages as stages
from adapters._device import DEVICES as DEVICES
from adapters._device import place as place
from adapters._jax import UNEXPORTED, inferred, ran
from adapters.contract import (
    ANY,
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
)

PACKAGES = ("jax", "jaxlib", "flatbuffers")
OLDEST = ("jax==0.4.13", "jaxlib==0.4.13", "numpy<1.27", "scipy<1.12", "ml-dtypes<0.3")

Arrays: TypeAlias = Mapping[str, jax.Array]

CONVENTION = Convention(
    inputs={
        "input": Native("x", "batch time input"),
        "h_0": Native("h_0", "(layer direction) batch hidden"),
        "c_0": Native("c_0", "(layer direction) batch cell"),
        "lengths": Native("seq_lengths", "batch"),
    },
    results={
        "output": Native("y", "batch time (direction hidden)"),
        "h_n": Native("h_n", "(layer direction) batch hidden"),
        "c_n": Native("c_n", "(layer direction) batch cell"),
        "last": Native("h_n", "(layer direction) batch hidden"),
    },
    weights={
        "input_weights": Native("W_ih_l{layer}{direction}", "(gate cell) input"),
        "recurrent_weights": Native("W_hh_l{layer}{direction}", "(gate cell) hidden"),
        "input_bias": Native("b_ih_l{layer}{direction}", "(gate cell)"),
        "recurrent_bias": Native("b_hh_l{layer}{direction}", "(gate cell)"),
    },
    gates="ifgo",
    directions=(("",), ("", "_reverse")),
    source="https://github.com/jax-ml/jax/blob/main/jax/experimental/rnn.py",
    loader="W_ih, W_hh, b_ih, b_hh = (dict(enumerate(weights[name] for name in weights"
    " if name.startswith(kind))) for kind in ('W_ih', 'W_hh', 'b_ih', 'b_hh'))",
    flat="rnn.init_lstm_weight",
)

SNIPPET = Snippet(
    (
        "import jax\nimport jax.numpy as jnp\nfrom jax.experimental import rnn\n",
        Line(
            "sizes = ($embedding_dim, $hidden_units, $num_layers, False)", {"bidirectional": False}
        ),
        Line("sizes = ($embedding_dim, $hidden_units, $num_layers, True)", {"bidirectional": True}),
        "flat = rnn.init_lstm_weight(jax.random.key(0), *sizes)",
        "params = rnn.unpack_lstm_weights(flat, *sizes)",
        "x = jnp.zeros(($batch_size, $time_steps, $embedding_dim))",
        "zeros = jnp.zeros(($rows, $batch_size, $hidden_units))",
        "lengths = jnp.full($batch_size, $time_steps, jnp.int32)  # of each sequence",
    ),
    (
        "dropout = 0.0",
        "y, h_n, c_n = rnn.lstm_ref(",
        "    x, zeros, zeros, *params, lengths, *sizes[:3], dropout, sizes[3]",
        ")",
        'results = {"y": y, "h_n": h_n, "c_n": c_n}',
    ),
    options=(
        "bidirectional",
        "initial_state",
        "lengths",
        "num_layers",
        "return_sequences",
        "return_state",
    ),
    fed="jnp.asarray(array)",
    loading=("$loader", "params = W_ih, W_hh, b_ih, b_hh"),
)
KINDS = ("W_ih", "W_hh", "b_ih", "b_hh")  # the dicts, as lstm_ref takes them
GAPS = (
    Gap(
        {"layers": ANY},
        why="hidden_size and all else is one for all layers of a call",
        source=CONVENTION.source,
    ),
    Gap(
        {"residual": True},
        why="nothing is added to what the layer hands out",
        source=CONVENTION.source,
    ),
    UNEXPORTED,
    Gap({"cell": ANY}, why="the plain cell is the only flavor", source=CONVENTION.source),
    Gap(
        {"recurrent_activation": ANY},
        why="the gates are sigmoids and nothing else",
        source=CONVENTION.source,
    ),
    Gap({"activation": ANY}, why="tanh is fixed, and no argument", source=CONVENTION.source),
    Gap(
        {"initial_state": ("h_0", "c_0")},
        why="h_0 and c_0 are both required",
        source=CONVENTION.source,
    ),
    Gap({"mask": "given"}, why="a layer has seq_lengths, and no mask", source=CONVENTION.source),
    Gap(
        {"bias": False},
        why="the only flavor is an LSTM with two biases",
        source=CONVENTION.source,
    ),
    Gap({"projection_size": ANY}, why="nothing projects its h", source=CONVENTION.source),
    Gap(
        {"reverse": True},
        why="the reverse direction comes with the forward one alone",
        source=CONVENTION.source,
    ),
    Gap(
        {"merge": ANY},
        why="the directions are concatenated and nothing else",
        source=CONVENTION.source,
    ),
    Gap(
        {"layout": ("time_major", "unbatched")},
        why="the input has exactly the axes (batch, time, input)",
        source=CONVENTION.source,
    ),
    Gap(
        {"layout": "extra_batch"},
        why="jax.vmap, which takes another batch axis, is not run",
        source="https://docs.jax.dev/en/latest/_autosummary/jax.vmap.html",
        own=True,
    ),
    Gap(
        {"dtype": ("mixed_bfloat16", "mixed_float16")},
        why="lstm_ref computes in the dtype of what it is fed",
        source=CONVENTION.source,
    ),
    Gap(
        {"dropout": True},
        why="lstm_ref has no dropout, that of cuDNN is another",
        source=CONVENTION.source,
    ),
    Gap(
        {"stateful": ANY},
        why="a function keeps no state, the caller carries it",
        source=CONVENTION.source,
    ),
    Gap({"execution": "unrolled"}, why="lstm_ref scans in its own way", source=CONVENTION.source),
    Gap({"execution": "predict"}, why="a function has no predict", source=CONVENTION.source),
)


def lstm(
    layer: Layer, dimensions: Dimensions, weights: Arrays, inputs: Arrays
) -> tuple[Any, dict[str, jax.Array]]:
    """Return what ``lstm_ref`` does, and the same by name."""
    x, count = inputs["x"], dimensions.num_layers * layer.num_directions
    zeros = jnp.zeros((count, dimensions.batch_size, dimensions.hidden_units), x.dtype)
    full = jnp.full((dimensions.batch_size,), dimensions.time_steps, jnp.int32)
    returned = y, h_n, c_n = rnn.lstm_ref(
        x,
        inputs.get("h_0", zeros),
        inputs.get("c_0", zeros),
        *_dicts(layer, dimensions, weights),
        inputs.get("seq_lengths", full),
        dimensions.embedding_dim,
        dimensions.hidden_units,
        dimensions.num_layers,
        0.0,  # dropout
        layer.bidirectional,
    )
    return returned, {"y": y, "h_n": h_n, "c_n": c_n}


def run(
    layer: Layer, dimensions: Dimensions, weights: Mapping[str, Array], inputs: Mapping[str, Array]
) -> Results:
    """Call ``lstm_ref`` with `weights` in its four dicts; ``y``, ``h_n`` and ``c_n``."""
    return ran(lstm, layer, dimensions, weights, inputs)


def infer(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Read the shapes of the same results from the trace that `run` compiles."""
    size = dimensions.batch_size
    inputs = {"x": (size, dimensions.time_steps, dimensions.embedding_dim)}
    if layer.initial_state == "given":
        count = dimensions.num_layers * layer.num_directions
        inputs |= dict.fromkeys(("h_0", "c_0"), (count, size, dimensions.hidden_units))
    if layer.lengths == "given":
        inputs["seq_lengths"] = (size,)
    return inferred(lstm, layer, dimensions, parameters(layer, dimensions), inputs)


def parameters(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Return the shapes of what ``unpack_lstm_weights`` makes of a fresh flat array."""
    sizes = (
        dimensions.embedding_dim,
        dimensions.hidden_units,
        dimensions.num_layers,
        layer.bidirectional,
    )
    dicts = jax.eval_shape(
        lambda key: rnn.unpack_lstm_weights(rnn.init_lstm_weight(key, *sizes), *sizes),
        jax.random.key(0),
    )
    return {
        name: one[key].shape
        for kind, one in zip(KINDS, dicts, strict=True)
        for key, name in enumerate(_names(kind, layer, dimensions))
    }


def _names(kind: str, layer: Layer, dimensions: Dimensions) -> list[str]:
    """The names of one dict's entries, in the order of its keys."""
    directions = CONVENTION.directions[layer.bidirectional]
    return [
        f"{kind}_l{number}{each}" for number in range(dimensions.num_layers) for each in directions
    ]


def _dicts(layer: Layer, dimensions: Dimensions, weights: Arrays) -> list[dict[int, jax.Array]]:
    return [
        {key: weights[name] for key, name in enumerate(_names(kind, layer, dimensions))}
        for kind in KINDS
    ]
