"""Flax Linen: ``nn.scan`` over ``nn.LSTMCell``, written out as in the documentation of both.

The scan hands its user ``carry, ys``, and the carry is ``(c, h)``: the other way round than in
PyTorch and Keras. ``reverse=True`` scans from the end and leaves ``ys`` aligned with the input, so
the backward direction's final h is ``ys[:, 0]``. Layers and directions are the user's own: the
stack joins both directions for the next layer, and hands out the last layer's two sequences as the
two scans return them. A gate has one bias, in the recurrent half. ``features`` only sizes the zero
carry: the cell is as wide as the h that it is given. Every axis but the last counts as batch to
it, so a rank-4 input is no error.
"""

from collections.abc import Mapping
from functools import lru_cache

import jax
import jax.numpy as jnp
from flax import linen as nn
from flax import traverse_util

from adapters.contract import Array, Convention, Dimensions, Layer, Native, Shape

jax.config.update("jax_default_matmul_precision", "highest")

PACKAGES = ("flax", "jax", "jaxlib")

CONVENTION = Convention(
    inputs={
        "input": Native("input", "batch time input"),
        "h_0": Native("layer_{layer}{direction}/carry_h", "batch hidden"),
        "c_0": Native("layer_{layer}{direction}/carry_c", "batch cell"),
    },
    results={
        "output": Native("output{direction}", "batch time hidden"),
        "h_n": Native("layer_{layer}{direction}/carry_h", "batch hidden"),
        "c_n": Native("layer_{layer}{direction}/carry_c", "batch cell"),
        "last": Native("layer_{layer}{direction}/carry_h", "batch hidden"),
    },
    weights={
        "input_weights": Native("layer_{layer}{direction}/i{gate}/kernel", "input cell"),
        "recurrent_weights": Native("layer_{layer}{direction}/h{gate}/kernel", "hidden cell"),
        "bias": Native("layer_{layer}{direction}/h{gate}/bias", "cell"),
    },
    gates="ifgo",
    directions=(("",), ("_forward", "_backward")),
    source="https://flax-linen.readthedocs.io/en/latest/api_reference/flax.linen/layers.html"
    "#flax.linen.LSTMCell",
)


class LSTM(nn.Module):
    """A stack of scanned cells, one for every layer and direction."""

    layer: Layer
    dimensions: Dimensions

    @nn.compact
    def __call__(self, inputs: Mapping[str, jax.Array]) -> dict[str, jax.Array]:
        """Return every scan's carry, and the last layer's sequences."""
        x = inputs["input"]
        results: dict[str, jax.Array] = {}
        for number in range(self.dimensions.num_layers):
            sequences = {}
            for direction in CONVENTION.directions[self.layer.bidirectional]:
                name = f"layer_{number}{direction}"
                scan = nn.scan(
                    nn.LSTMCell,
                    variable_broadcast="params",
                    split_rngs={"params": False},
                    in_axes=1,
                    out_axes=1,
                    reverse=direction == "_backward",
                )
                cell = scan(self.dimensions.hidden_units, name=name)
                if self.layer.initial_state == "given":
                    carry = inputs[f"{name}/carry_c"], inputs[f"{name}/carry_h"]
                else:
                    carry = cell.initialize_carry(jax.random.key(0), x[:, 0].shape)
                (c, h), sequences[f"output{direction}"] = cell(carry, x)
                results |= {f"{name}/carry_c": c, f"{name}/carry_h": h}
            x = jnp.concatenate(list(sequences.values()), axis=-1)
        return results | sequences


def unsupported(layer: Layer) -> str | None:
    """Why Linen has no such layer, or None."""
    if not layer.bias:
        return f"LSTMCell and OptimizedLSTMCell cannot leave the bias out: {CONVENTION.source}"
    return None


def run(
    layer: Layer, dimensions: Dimensions, weights: Mapping[str, Array], inputs: Mapping[str, Array]
) -> dict[str, Array]:
    """Compile the stack for the shapes of `inputs` and call it; every scan's carry and sequence.

    Raises TypeError where a weight is missing, surplus or of another shape.
    """
    shapes = tuple(sorted((name, jnp.shape(array)) for name, array in inputs.items()))
    return _trace(layer, dimensions, shapes).lower().compile()(dict(weights), dict(inputs))


def infer(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Read the shapes of the same results from the trace that `run` compiles."""
    traced = _trace(layer, dimensions, _declared(layer, dimensions))
    return {name: result.shape for name, result in traced.out_info.items()}


def parameters(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Return the shape of every parameter by its path."""
    return {name: param.shape for name, param in _params(layer, dimensions).items()}


@lru_cache(maxsize=4)
def _params(layer: Layer, dimensions: Dimensions) -> dict[str, jax.ShapeDtypeStruct]:
    """Trace ``init`` for the parameters that it would make; no initializer runs."""
    inputs = _abstract(_declared(layer, dimensions))
    variables = jax.eval_shape(LSTM(layer, dimensions).init, jax.random.key(0), inputs)
    return traverse_util.flatten_dict(variables["params"], sep="/")


@lru_cache(maxsize=4)
def _trace(
    layer: Layer, dimensions: Dimensions, shapes: tuple[tuple[str, Shape], ...]
) -> jax.stages.Traced:
    """Trace the stack of the declared dimensions for inputs of `shapes`, right or wrong."""

    def call(
        weights: Mapping[str, jax.Array], inputs: Mapping[str, jax.Array]
    ) -> dict[str, jax.Array]:
        params = traverse_util.unflatten_dict(weights, sep="/")
        return LSTM(layer, dimensions).apply({"params": params}, inputs)

    return jax.jit(call).trace(_params(layer, dimensions), _abstract(shapes))


def _abstract(shapes: tuple[tuple[str, Shape], ...]) -> dict[str, jax.ShapeDtypeStruct]:
    return {name: jax.ShapeDtypeStruct(shape, jnp.float32) for name, shape in shapes}


def _declared(layer: Layer, dimensions: Dimensions) -> tuple[tuple[str, Shape], ...]:
    batch, hidden = dimensions.batch_size, dimensions.hidden_units
    shapes: dict[str, Shape] = {"input": (batch, dimensions.time_steps, dimensions.embedding_dim)}
    if layer.initial_state == "given":
        for number in range(dimensions.num_layers):
            for direction in CONVENTION.directions[layer.bidirectional]:
                for state in ("carry_h", "carry_c"):
                    shapes[f"layer_{number}{direction}/{state}"] = (batch, hidden)
    return tuple(sorted(shapes.items()))
