"""Flax Linen: a stack of ``nn.RNN(nn.LSTMCell(...))``, or of ``nn.Bidirectional`` over two.

``return_carry=True`` hands its user ``carry, outputs``; the carry is ``(c, h)``, and of a
bidirectional layer a pair of those, forward then backward. It is off unless asked for.
Bidirectional hands both sequences, the backward one turned around to align with the input, to
``merge_fn``, which joins them on their last axis unless another function is given; one that pairs
them hands out the two. ``reverse=True`` leaves the output in the order of emission, where a
reversed ``nn.scan`` would align it with the input; ``keep_order`` turns it around. With
``seq_lengths`` the carry is that of each sequence's last step, but outputs go on through the
padding. A gate has one bias, in the recurrent half. Parameters lie under the RNN's own name where
the stack is built in ``setup``; in a compact ``__call__`` they lie beside it, as ``LSTMCell_0`` and
so on. An RNN counts its axes from the end: a rank-2 input is one sequence without a batch, a rank-4
one has two batch axes. The zero carry is of ``param_dtype``, and so under a narrow ``dtype`` with
float32 parameters everything handed out is float32.
"""

import inspect
import operator
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
    lacking,
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
        "h_0": Native("layers_{layer}{direction}/carry_h", "batch hidden"),
        "c_0": Native("layers_{layer}{direction}/carry_c", "batch cell"),
        "lengths": Native("seq_lengths", "batch"),
    },
    results={
        "output": Native("output", "batch time (direction hidden)"),
        "h_n": Native("layers_{layer}{direction}/carry_h", "batch hidden"),
        "c_n": Native("layers_{layer}{direction}/carry_c", "batch cell"),
        "last": Native("layers_{layer}{direction}/carry_h", "batch hidden"),
    },
    weights={
        "input_weights": Native("layers_{layer}{direction}/cell/i{gate}/kernel", "input cell"),
        "recurrent_weights": Native("layers_{layer}{direction}/cell/h{gate}/kernel", "hidden cell"),
        "bias": Native("layers_{layer}{direction}/cell/h{gate}/bias", "cell"),
    },
    gates="ifgo",
    directions=(("",), ("/forward_rnn", "/backward_rnn")),
    source=f"{DOCS}/layers.html#flax.linen.RNN",
    loader='module.apply({"params": flax.traverse_util.unflatten_dict(weights, sep="/")}, inputs)',
)

CELL = f"{DOCS}/layers.html#flax.linen.LSTMCell"
GAPS = {
    "bias": f"no LSTM cell of Linen can leave the bias out: {CELL}",
    "projection_size": f"no LSTM cell of Linen projects its h: {CELL}",
    "stateful": f"no RNN keeps its state, the caller carries it: {CONVENTION.source}",
    "execution=predict": f"Linen has no model with a predict: {DOCS}/module.html",
}
MERGES: dict[str, dict[str, Callable[..., Any]]] = {
    "concat": {},
    "sum": {"merge_fn": operator.add},
    "mul": {"merge_fn": operator.mul},
    "ave": {"merge_fn": lambda forward, backward: (forward + backward) / 2},
    "none": {"merge_fn": lambda forward, backward: (forward, backward)},
}


class LSTM(nn.Module):
    """A stack of RNNs, each fed the sequence of the one below."""

    layer: Layer
    dimensions: Dimensions

    def setup(self) -> None:
        """Declare every RNN. Where the state is the output, or asked for, there are carries."""
        layer = self.layer
        dtype, param_dtype = _dtypes(layer)
        options: dict[str, Any] = {
            "time_major": layer.layout == "time_major",
            "return_carry": layer.return_state or not layer.return_sequences,
        }

        def rnn() -> nn.RNN:
            cell = nn.LSTMCell(self.dimensions.hidden_units, dtype=dtype, param_dtype=param_dtype)
            return nn.RNN(cell, reverse=layer.reverse, keep_order=layer.keep_order, **options)

        self.layers = [
            nn.Bidirectional(rnn(), rnn(), **MERGES[layer.merge], **options)
            if layer.bidirectional
            else rnn()
            for _ in range(self.dimensions.num_layers)
        ]
        self.dropout = nn.Dropout(0.5, deterministic=True) if layer.dropout else None

    def __call__(self, inputs: Arrays) -> tuple[Any, dict[str, jax.Array]]:
        """Return what the last RNN does, and by name every RNN's carry and the last outputs."""
        layer, x = self.layer, inputs["input"]
        directions = CONVENTION.directions[layer.bidirectional]
        results: dict[str, jax.Array] = {}
        for number, rnn in enumerate(self.layers):
            if number:
                x = jnp.concatenate(x, axis=-1) if layer.merge == "none" else x
                x = self.dropout(x) if self.dropout else x
            names = [
                (f"layers_{number}{direction}/carry_c", f"layers_{number}{direction}/carry_h")
                for direction in directions
            ]
            given: Any = None
            if layer.initial_state == "given":
                given = tuple((inputs[name_c], inputs[name_h]) for name_c, name_h in names)
                given = given if layer.bidirectional else given[0]
            returned = rnn(x, initial_carry=given, seq_lengths=inputs.get("seq_lengths"))
            x = returned
            if rnn.return_carry:
                carry, x = returned
                carries = carry if layer.bidirectional else [carry]
                for pair, states in zip(names, carries, strict=True):
                    results |= dict(zip(pair, states, strict=True))
        if layer.merge != "none":
            return returned, {"output": x, **results}
        outputs = {f"output{each}": one for each, one in zip(directions, x, strict=True)}
        return returned, outputs | results


def unsupported(layer: Layer) -> str | None:
    """Why Linen has no such layer, or None."""
    if layer.merge in ("sum", "mul", "ave") and not layer.return_sequences:
        link = f"{DOCS}/layers.html#flax.linen.Bidirectional"
        return f"merge_fn joins the sequences, and never the two directions' final states: {link}"
    return lacking(layer, GAPS)


def run(
    layer: Layer, dimensions: Dimensions, weights: Mapping[str, Array], inputs: Mapping[str, Array]
) -> Results:
    """Compile the stack for the shapes of `inputs` and call it; the output and every carry.

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
        params = _params(layer, dimensions)
    return {name: params[name].shape for name in sorted(params)}


def defaults(dimensions: Dimensions) -> dict[str, Any]:
    """Describe an RNN of `dimensions` with none of the options that have a default."""
    rnn = nn.RNN(nn.LSTMCell(dimensions.hidden_units))
    shape = dimensions.batch_size, dimensions.time_steps, dimensions.embedding_dim

    def call(dtype: str) -> tuple[jax.ShapeDtypeStruct, Any]:
        x = jax.ShapeDtypeStruct(shape, dtype)
        return jax.eval_shape(rnn.init_with_output, jax.random.key(0), x)

    output, variables = call("float32")
    params = traverse_util.flatten_dict(variables["params"], sep="/")
    bias = params["cell/hf/bias"]
    return {
        "signature": _signature(nn.RNN),
        "output_shape": list(output.shape),
        "returns": str(list(output.shape)),
        "dtype": str(output.dtype),
        "promotes": promoted(lambda dtype: str(call(dtype)[0].dtype)),
        "parameters": {name: list(param.shape) for name, param in params.items()},
        "forget_bias": float(rnn.cell.bias_init(None, bias.shape, bias.dtype).mean()),
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
        containers.append(outline(returned, results))
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
    dtypes, dtype = {"seq_lengths": jnp.int32}, _dtypes(layer)[1]
    return {name: jax.ShapeDtypeStruct(shape, dtypes.get(name, dtype)) for name, shape in shapes}


def _declared(layer: Layer, dimensions: Dimensions) -> tuple[tuple[str, Shape], ...]:
    """The shape of every input, were it right."""
    batch: Shape = (GROUP, dimensions.batch_size)[layer.layout != "extra_batch" :]
    if layer.layout == "unbatched":
        batch = ()
    time = (dimensions.time_steps,)
    axes = time + batch if layer.layout == "time_major" else batch + time
    shapes: dict[str, Shape] = {"input": (*axes, dimensions.embedding_dim)}
    if layer.lengths == "given":
        shapes["seq_lengths"] = batch
    if layer.initial_state == "given":
        for number in range(dimensions.num_layers):
            for direction in CONVENTION.directions[layer.bidirectional]:
                for state in ("carry_h", "carry_c"):
                    name = f"layers_{number}{direction}/{state}"
                    shapes[name] = (*batch, dimensions.hidden_units)
    return tuple(sorted(shapes.items()))
