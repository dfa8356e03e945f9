"""Flax Linen: ``nn.scan`` over ``nn.LSTMCell``, written out as in the documentation of both.

The scan hands its user ``carry, ys``, and the carry is ``(c, h)``: the other way round than in
PyTorch and Keras. ``reverse=True`` scans from the end and leaves ``ys`` aligned with the input, so
the backward direction's final h is ``ys[:, 0]``: no switch leaves ``ys`` in the order of emission.
The axis to scan is its user's to name, and 0 where it is left out. Layers and directions are the
user's own: the stack joins both directions for the next layer, and hands out the last layer's two
sequences as the two scans return them. A gate has one bias, in the recurrent half. ``features``
only sizes the zero carry: the cell is as wide as the h that it is given. Every axis but the last
counts as batch to it, so a rank-4 input is no error. The zero carry is of ``param_dtype``, and so
under a narrow ``dtype`` with float32 parameters everything handed out is float32.
"""

import inspect
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
import orbax.checkpoint
from flax import linen as nn
from flax import serialization, traverse_util

from adapters.contract import (
    GROUP,
    Array,
    Convention,
    Dimensions,
    Layer,
    Native,
    Results,
    Shape,
    outline,
    promoted,
)

jax.config.update("jax_default_matmul_precision", "highest")

PACKAGES = ("flax", "jax", "jaxlib", "orbax-checkpoint")

Arrays: TypeAlias = Mapping[str, jax.Array]
Call: TypeAlias = Callable[..., dict[str, jax.Array]]

DOCS = "https://flax-linen.readthedocs.io/en/latest/api_reference/flax.linen"

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
    source=f"{DOCS}/layers.html#flax.linen.LSTMCell",
    loader='module.apply({"params": flax.traverse_util.unflatten_dict(weights, sep="/")}, inputs)',
)


class LSTM(nn.Module):
    """A stack of scanned cells, one for every layer and direction."""

    layer: Layer
    dimensions: Dimensions

    @nn.compact
    def __call__(self, inputs: Arrays) -> tuple[list[Any], dict[str, jax.Array]]:
        """Return what the last layer's scans do, and by name every carry and its sequences."""
        layer, dimensions = self.layer, self.dimensions
        x = inputs["input"]
        axis = 0 if layer.layout == "time_major" else len(_batch(layer, dimensions))
        dtype, param_dtype = _dtypes(layer)
        results: dict[str, jax.Array] = {}
        for number in range(dimensions.num_layers):
            returned, sequences = [], {}
            for direction in CONVENTION.directions[layer.bidirectional]:
                name = f"layer_{number}{direction}"
                scan = nn.scan(
                    nn.LSTMCell,
                    variable_broadcast="params",
                    split_rngs={"params": False},
                    in_axes=axis,
                    out_axes=axis,
                    reverse=layer.reverse or direction == "_backward",
                )
                cell = scan(
                    dimensions.hidden_units, dtype=dtype, param_dtype=param_dtype, name=name
                )
                if layer.initial_state == "given":
                    carry = inputs[f"{name}/carry_c"], inputs[f"{name}/carry_h"]
                else:
                    step = x.shape[:axis] + x.shape[axis + 1 :]
                    carry = cell.initialize_carry(jax.random.key(0), step)
                returned.append(cell(carry, x))
                (c, h), sequences[f"output{direction}"] = returned[-1]
                results |= {f"{name}/carry_c": c, f"{name}/carry_h": h}
            x = jnp.concatenate(list(sequences.values()), axis=-1)
            if layer.dropout and number < dimensions.num_layers - 1:
                x = nn.Dropout(0.5, deterministic=True)(x)
        return returned, results | sequences


def unsupported(layer: Layer) -> str | None:
    """Why Linen has no such layer, or None."""
    cell = CONVENTION.source
    gaps = (
        (not layer.bias, "LSTMCell and OptimizedLSTMCell cannot leave the bias out", cell),
        (layer.projection_size, "no LSTM cell of Linen projects its h", cell),
        (layer.stateful != "no", "no layer keeps its state, the caller carries it", cell),
        (
            layer.reverse and not layer.keep_order,
            "a reversed nn.scan leaves its output aligned with the input; nn.RNN has keep_order",
            f"{DOCS}/layers.html#flax.linen.RNN",
        ),
        (
            layer.merge in ("sum", "mul", "ave"),
            "two scans hand out two sequences; nn.Bidirectional has merge_fn",
            f"{DOCS}/layers.html#flax.linen.Bidirectional",
        ),
        (
            layer.lengths == "given",
            "nn.scan knows no lengths; nn.RNN has seq_lengths",
            f"{DOCS}/layers.html#flax.linen.RNN",
        ),
        (layer.execution == "predict", "Linen has no model with a predict", f"{DOCS}/module.html"),
    )
    return next((f"{reason}: {link}" for applies, reason, link in gaps if applies), None)


def run(
    layer: Layer, dimensions: Dimensions, weights: Mapping[str, Array], inputs: Mapping[str, Array]
) -> Results:
    """Compile the stack for the shapes of `inputs` and call it; every scan's carry and sequence.

    Raises TypeError where a weight is missing, surplus or of another shape.
    """
    declared = parameters(layer, dimensions)
    if (got := {name: np.shape(weights[name]) for name in sorted(weights)}) != declared:
        raise TypeError(f"weights of shapes {got}, where the layer has {declared}")
    properties: dict[str, Any] = {}
    with jax.enable_x64(layer.dtype == "float64"):
        if layer.checkpoint != "none":
            weights, properties["checkpoint"] = _reloaded(layer, dimensions, weights)
        dtype = _dtypes(layer)[1]
        names = [name for name in inputs if not name.startswith("cotangent of ")]
        fed = {name: _cast(inputs[name], dtype) for name in names}
        shapes = tuple(sorted((name, array.shape) for name, array in fed.items()))
        trace = _trace(layer, dimensions, shapes)
        eager = layer.execution == "eager"
        call = trace.eager if eager else trace.jitted
        arguments = [{name: _cast(weights[name], dtype) for name in weights}, fed]
        if layer.gradients:
            call = _differentiated(call) if eager else jax.jit(_differentiated(call))
            dtypes = {name: result.dtype for name, result in trace.results.items()}
            arguments.append({to: _cast(inputs[f"cotangent of {to}"], dtypes[to]) for to in dtypes})
        results = call(*arguments)
    return Results(results, container=trace.container, **properties)


def infer(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Read the shapes of the same results from the trace that `run` compiles."""
    with jax.enable_x64(layer.dtype == "float64"):
        results = _trace(layer, dimensions, _declared(layer, dimensions)).results
    return {name: result.shape for name, result in results.items()}


def parameters(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Return the shape of every parameter by its path."""
    with jax.enable_x64(layer.dtype == "float64"):
        return {name: param.shape for name, param in _params(layer, dimensions).items()}


def defaults(dimensions: Dimensions) -> dict[str, Any]:
    """Describe a cell of `dimensions`, scanned with none of the options that have a default."""
    scan = nn.scan(nn.LSTMCell, variable_broadcast="params", split_rngs={"params": False})
    cell = scan(dimensions.hidden_units)
    shape = dimensions.batch_size, dimensions.time_steps, dimensions.embedding_dim
    x = jax.ShapeDtypeStruct(shape, jnp.float32)

    def call(x: jax.Array) -> tuple[Any, Any]:
        carry = cell.initialize_carry(jax.random.key(0), x[0].shape)
        return cell.init_with_output(jax.random.key(0), carry, x)

    returned, variables = jax.eval_shape(call, x)
    params = traverse_util.flatten_dict(variables["params"], sep="/")
    bias = cell.bias_init(jax.random.key(0), params["hf/bias"].shape, params["hf/bias"].dtype)
    shapes = jax.tree.map(lambda part: str(list(part.shape)), returned)
    return {
        "signature": _signature(nn.LSTMCell),
        "output_shape": list(returned[1].shape),
        "returns": str(shapes).replace("'", ""),
        "dtype": str(returned[1].dtype),
        "promotes": promoted(
            lambda dtype: str(jax.eval_shape(call, jnp.zeros(shape, dtype))[0][1].dtype)
        ),
        "parameters": {name: list(param.shape) for name, param in params.items()},
        "forget_bias": float(bias.mean()),
    }


def _signature(function: Callable[..., Any]) -> str:
    """The signature without its annotations, and without the addresses of functions."""
    signature = inspect.signature(function)
    bare = [one.replace(annotation=one.empty) for one in signature.parameters.values()]
    told = signature.replace(parameters=bare, return_annotation=signature.empty)
    return re.sub(" at 0x[0-9a-f]+", "", str(told))


@lru_cache(maxsize=4)
def _params(layer: Layer, dimensions: Dimensions) -> dict[str, jax.ShapeDtypeStruct]:
    """Trace ``init`` for the parameters that it would make; no initializer runs."""
    inputs = _abstract(layer, _declared(layer, dimensions))
    variables = jax.eval_shape(LSTM(layer, dimensions).init, jax.random.key(0), inputs)
    return traverse_util.flatten_dict(variables["params"], sep="/")


class _Trace(NamedTuple):
    eager: Call
    jitted: Call
    results: dict[str, jax.ShapeDtypeStruct]
    container: str


@lru_cache(maxsize=4)
def _trace(layer: Layer, dimensions: Dimensions, shapes: tuple[tuple[str, Shape], ...]) -> _Trace:
    """Trace the stack of the declared dimensions for inputs of `shapes`, right or wrong."""
    containers = []

    def call(weights: Arrays, inputs: Arrays) -> dict[str, jax.Array]:
        params = traverse_util.unflatten_dict(weights, sep="/")
        returned, results = LSTM(layer, dimensions).apply({"params": params}, inputs)
        containers.append(" and ".join(outline(one, results) for one in returned))
        return results

    jitted = jax.jit(call)
    traced = jitted.trace(_params(layer, dimensions), _abstract(layer, shapes))
    return _Trace(call, jitted, traced.out_info, containers[0])


def _differentiated(call: Call) -> Call:
    """`call`, with the cotangents as a third argument and the gradients among the results."""

    def both(weights: Arrays, inputs: Arrays, cotangents: Arrays) -> dict[str, jax.Array]:
        results, pullback = jax.vjp(call, weights, inputs)
        of_weights, of_inputs = pullback(cotangents)
        gradients = {f"gradient of {name}": one for name, one in (of_weights | of_inputs).items()}
        return results | gradients

    return both


def _reloaded(
    layer: Layer, dimensions: Dimensions, weights: Mapping[str, Array]
) -> tuple[dict[str, Array], dict[str, list[int]]]:
    """Save `weights` and load them into the tree of a fresh stack; the names in the file, too."""
    params = traverse_util.unflatten_dict(weights, sep="/")
    fresh = traverse_util.unflatten_dict(_params(layer, dimensions), sep="/")
    with TemporaryDirectory() as folder:
        path = Path(folder, "stack")
        if layer.checkpoint == "weights":
            path.write_bytes(serialization.to_bytes(params))
            loaded = serialization.from_bytes(fresh, path.read_bytes())
            saved = serialization.msgpack_restore(path.read_bytes())
        else:
            with orbax.checkpoint.StandardCheckpointer() as checkpointer:
                checkpointer.save(path, params)
                checkpointer.wait_until_finished()
                loaded = checkpointer.restore(path, fresh)
                saved = checkpointer.metadata(path).item_metadata.tree
    names = traverse_util.flatten_dict(saved, sep="/")
    shapes = {name: list(array.shape) for name, array in names.items()}
    return traverse_util.flatten_dict(loaded, sep="/"), shapes


def _dtypes(layer: Layer) -> tuple[Any, Any]:
    """The cell's ``dtype``, of the computation (None: that of what it is fed), ``param_dtype``."""
    if layer.dtype.startswith("mixed_"):
        return jnp.dtype(layer.dtype.removeprefix("mixed_")), jnp.dtype("float32")
    return None, jnp.dtype(layer.dtype)


def _cast(array: Array, dtype: Any) -> Array:
    return array.astype(dtype) if array.dtype == np.float32 else array


def _abstract(
    layer: Layer, shapes: tuple[tuple[str, Shape], ...]
) -> dict[str, jax.ShapeDtypeStruct]:
    return {name: jax.ShapeDtypeStruct(shape, _dtypes(layer)[1]) for name, shape in shapes}


def _batch(layer: Layer, dimensions: Dimensions) -> Shape:
    """The sizes of the batch axes."""
    if layer.layout == "unbatched":
        return ()
    return (GROUP, dimensions.batch_size)[layer.layout != "extra_batch" :]


def _declared(layer: Layer, dimensions: Dimensions) -> tuple[tuple[str, Shape], ...]:
    batch, time = _batch(layer, dimensions), (dimensions.time_steps,)
    axes = time + batch if layer.layout == "time_major" else batch + time
    shapes: dict[str, Shape] = {"input": (*axes, dimensions.embedding_dim)}
    if layer.initial_state == "given":
        for number in range(dimensions.num_layers):
            for direction in CONVENTION.directions[layer.bidirectional]:
                for state in ("carry_h", "carry_c"):
                    shapes[f"layer_{number}{direction}/{state}"] = (*batch, dimensions.hidden_units)
    return tuple(sorted(shapes.items()))
