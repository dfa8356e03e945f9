"""Flax NNX: a stack of ``nnx.RNN(nnx.LSTMCell(...))``, or of ``nnx.Bidirectional`` over two.

``return_carry=True`` hands its user ``carry, outputs``; the carry is ``(c, h)``, and of a
bidirectional layer a pair of those, forward then backward. Bidirectional joins the sequences on
their last axis, the backward one turned around to align with the input. NNX spells one parameter
``if_``, for ``if`` is Python's. A gate has one bias, in the recurrent half. An RNN counts its axes
from the end: a rank-2 input is one sequence without a batch, a rank-4 one has two batch axes, and
a batched carry with a rank-2 input is no error either.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

from adapters.contract import Array, Convention, Dimensions, Layer, Native, Shape

jax.config.update("jax_default_matmul_precision", "highest")

PACKAGES = ("flax", "jax", "jaxlib")

CONVENTION = Convention(
    inputs={
        "input": Native("input", "batch time input"),
        "h_0": Native("layers.{layer}{direction}.carry_h", "batch hidden"),
        "c_0": Native("layers.{layer}{direction}.carry_c", "batch cell"),
    },
    results={
        "output": Native("output", "batch time (direction hidden)"),
        "h_n": Native("layers.{layer}{direction}.carry_h", "batch hidden"),
        "c_n": Native("layers.{layer}{direction}.carry_c", "batch cell"),
        "last": Native("layers.{layer}{direction}.carry_h", "batch hidden"),
    },
    weights={
        "input_weights": Native(
            "layers.{layer}{direction}.cell.{gate}.kernel",
            "input cell",
            gates=("ii", "if_", "ig", "io"),
        ),
        "recurrent_weights": Native("layers.{layer}{direction}.cell.h{gate}.kernel", "hidden cell"),
        "bias": Native("layers.{layer}{direction}.cell.h{gate}.bias", "cell"),
    },
    gates="ifgo",
    directions=(("",), (".forward_rnn", ".backward_rnn")),
    source="https://flax.readthedocs.io/en/latest/api_reference/flax.nnx/nn/recurrent.html",
)


class LSTM(nnx.Module):
    """A stack of RNNs, each fed the sequence of the one below."""

    def __init__(self, layer: Layer, dimensions: Dimensions, rngs: nnx.Rngs) -> None:
        """Build every RNN for the width of what feeds it."""

        def rnn(width: int) -> nnx.RNN:
            # rngs=False: keys come with the call, not as state that lies beside the parameters
            return nnx.RNN(nnx.LSTMCell(width, dimensions.hidden_units, rngs=rngs), rngs=False)

        widths = [dimensions.embedding_dim]
        widths += [layer.num_directions * dimensions.hidden_units] * (dimensions.num_layers - 1)
        self.layers = nnx.List(
            nnx.Bidirectional(rnn(width), rnn(width), rngs=False)
            if layer.bidirectional
            else rnn(width)
            for width in widths
        )
        self.layer = layer

    def __call__(self, inputs: Mapping[str, jax.Array], rngs: nnx.Rngs) -> dict[str, jax.Array]:
        """Return every RNN's carry, and the last one's outputs."""
        x = inputs["input"]
        results: dict[str, jax.Array] = {}
        for number, rnn in enumerate(self.layers):
            names = [
                (f"layers.{number}{direction}.carry_c", f"layers.{number}{direction}.carry_h")
                for direction in CONVENTION.directions[self.layer.bidirectional]
            ]
            given: Any = None
            if self.layer.initial_state == "given":
                given = tuple((inputs[name_c], inputs[name_h]) for name_c, name_h in names)
                given = given if self.layer.bidirectional else given[0]
            carry, x = rnn(x, initial_carry=given, return_carry=True, rngs=rngs)
            carries = carry if self.layer.bidirectional else [carry]
            for (name_c, name_h), (c, h) in zip(names, carries, strict=True):
                results |= {name_c: c, name_h: h}
        return {"output": x, **results}


def unsupported(layer: Layer) -> str | None:
    """Why NNX has no such layer, or None."""
    if not layer.bias:
        return f"LSTMCell and OptimizedLSTMCell cannot leave the bias out: {CONVENTION.source}"
    return None


def run(
    layer: Layer, dimensions: Dimensions, weights: Mapping[str, Array], inputs: Mapping[str, Array]
) -> dict[str, Array]:
    """Compile the stack for the shapes of `inputs` and call it; the output and every carry.

    Raises TypeError where a weight is missing, surplus or of another shape.
    """
    shapes = tuple(sorted((name, jnp.shape(array)) for name, array in inputs.items()))
    return _trace(layer, dimensions, shapes).lower().compile()(dict(weights), dict(inputs))


def infer(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Read the shapes of the same results from the trace that `run` compiles."""
    traced = _trace(layer, dimensions, _declared(layer, dimensions))
    return {name: result.shape for name, result in traced.out_info.items()}


def parameters(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Return the shape of every ``nnx.Param`` by its path."""
    return {name: param.shape for name, (_, param) in _split(layer, dimensions)[1].items()}


@lru_cache(maxsize=4)
def _split(layer: Layer, dimensions: Dimensions) -> tuple[nnx.GraphDef, dict[str, Any]]:
    """Build the stack without running an initializer: its graph, and by joined name its parameters.

    Every parameter is its path and its abstract value. ``nnx.split`` raises ValueError where the
    stack holds anything but parameters.
    """
    model = nnx.eval_shape(lambda: LSTM(layer, dimensions, nnx.Rngs(0)))
    graphdef, params = nnx.split(model, nnx.Param)
    return graphdef, {".".join(map(str, item[0])): item for item in nnx.to_flat_state(params)}


@lru_cache(maxsize=4)
def _trace(
    layer: Layer, dimensions: Dimensions, shapes: tuple[tuple[str, Shape], ...]
) -> jax.stages.Traced:
    """Trace the stack of the declared dimensions for inputs of `shapes`, right or wrong."""
    graphdef, params = _split(layer, dimensions)

    def call(
        weights: Mapping[str, jax.Array], inputs: Mapping[str, jax.Array]
    ) -> dict[str, jax.Array]:
        state = [(path, param.replace(weights[name])) for name, (path, param) in params.items()]
        return nnx.merge(graphdef, nnx.from_flat_state(state))(inputs, nnx.Rngs(0))

    weights = _abstract(tuple(parameters(layer, dimensions).items()))
    return jax.jit(call).trace(weights, _abstract(shapes))


def _abstract(shapes: tuple[tuple[str, Shape], ...]) -> dict[str, jax.ShapeDtypeStruct]:
    return {name: jax.ShapeDtypeStruct(shape, jnp.float32) for name, shape in shapes}


def _declared(layer: Layer, dimensions: Dimensions) -> tuple[tuple[str, Shape], ...]:
    batch, hidden = dimensions.batch_size, dimensions.hidden_units
    shapes: dict[str, Shape] = {"input": (batch, dimensions.time_steps, dimensions.embedding_dim)}
    if layer.initial_state == "given":
        for number in range(dimensions.num_layers):
            for direction in CONVENTION.directions[layer.bidirectional]:
                for state in ("carry_h", "carry_c"):
                    shapes[f"layers.{number}{direction}.{state}"] = (batch, hidden)
    return tuple(sorted(shapes.items()))
