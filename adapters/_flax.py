"""What the adapters of Flax share: a traced stack is called, differentiated and saved.

Parameters and inputs go by name. A narrow ``dtype`` is that of the computation alone, parameters
stay in ``param_dtype``.
"""

import inspect
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
import orbax.checkpoint
from flax import serialization, traverse_util

from adapters._jax import FUNCTIONS, Call, batch, cast, cotangents, differentiated
from adapters._older import enable_x64
from adapters.contract import Array, Convention, Dimensions, Layer, Line, Results, Shape, stacked

Named: TypeAlias = Mapping[str, Array]
Shapes: TypeAlias = tuple[tuple[str, Shape], ...]


# Of the snippet of an RNN, of Linen and of NNX: how it is built, and from where it starts.
BUILT: tuple[Line | str, ...] = (
    Line("    merge_fn=lambda one, other: one + other,", {"merge": "sum"}),
    Line("    merge_fn=lambda one, other: one * other,", {"merge": "mul"}),
    Line("    merge_fn=lambda one, other: (one + other) / 2,", {"merge": "ave"}),
    Line("    merge_fn=lambda one, other: (one, other),", {"merge": "none"}),
    Line("    reverse=True,", {"reverse": True}),
    Line("    keep_order=True,", {"keep_order": True}),
    Line("    time_major=True,", {"layout": "time_major"}),
    ")",
    Line("x = jnp.zeros(($batch_size, $time_steps, $embedding_dim))", {"layout": "batch_major"}),
    Line("x = jnp.zeros(($time_steps, $batch_size, $embedding_dim))", {"layout": "time_major"}),
    Line("x = jnp.zeros(($time_steps, $embedding_dim))", {"layout": "unbatched"}),
    Line(
        "x = jnp.zeros((2, $batch_size, $time_steps, $embedding_dim))",
        {"layout": "extra_batch"},
    ),
    Line(
        "zeros = jnp.zeros(($batch_size, $hidden_units))",
        {"initial_state": "given", "layout": ("batch_major", "time_major")},
    ),
    Line("zeros = jnp.zeros($hidden_units)", {"initial_state": "given", "layout": "unbatched"}),
    Line(
        "zeros = jnp.zeros((2, $batch_size, $hidden_units))",
        {"initial_state": "given", "layout": "extra_batch"},
    ),
    Line(
        "carry = (zeros, zeros)  # c, h",
        {"initial_state": "given", "bidirectional": False},
    ),
    Line(
        "carry = ((zeros, zeros), (zeros, zeros))  # c, h of each direction",
        {"initial_state": "given", "bidirectional": True},
    ),
)
# ... and how it is called.
CALLED: tuple[Line | str, ...] = (
    Line("    initial_carry=carry,", {"initial_state": "given"}),
    Line(
        "    seq_lengths=jnp.full($batch_size, $time_steps),  # of each sequence",
        {"lengths": "given"},
    ),
    "    return_carry=True,\n)",
    Line("(c, h), output = returned", {"bidirectional": False}),
    Line("((c, h), (back_c, back_h)), output = returned", {"bidirectional": True}),
    Line(
        'results = {"output": output}',
        {"merge": ("concat", "sum", "mul", "ave")},
    ),
)
OPTIONS = (
    "bidirectional",
    "initial_state",
    "keep_order",
    "layout",
    "lengths",
    "merge",
    "return_sequences",
    "return_state",
    "reverse",
)


class Trace(NamedTuple):
    """A stack, traced for inputs of some shapes."""

    eager: Call
    jitted: Call
    results: dict[str, jax.ShapeDtypeStruct]
    container: str


def ran(
    layer: Layer,
    dimensions: Dimensions,
    weights: Named,
    inputs: Named,
    parameters: Callable[[Layer, Dimensions], dict[str, Shape]],
    trace: Callable[[Layer, Dimensions, Shapes], Trace],
    reloaded: Callable[[Layer, Dimensions, Named], tuple[Named, dict[str, list[int]]]],
) -> Results:
    """Compile what `trace` gives for the shapes of `inputs`, and call it.

    Raises KeyError where a weight is missing or surplus.
    """
    declared = parameters(layer, dimensions)
    if unmatched := weights.keys() ^ declared.keys():
        raise KeyError(f"weights that are missing or surplus: {sorted(unmatched)}")
    # What was traced for the declared shapes, and for floats, would refuse others unseen by Flax.
    misfit = any(np.shape(weights[name]) != shape for name, shape in declared.items())
    misfit |= inputs["input"].dtype.kind == "i"
    properties: dict[str, Any] = {}
    with enable_x64(layer.dtype == "float64"):
        if layer.checkpoint != "none":
            weights, properties["checkpoint"] = reloaded(layer, dimensions, weights)
        dtype = dtypes(layer)[1]
        names = [name for name in inputs if not name.startswith("cotangent of ")]
        fed = {name: cast(inputs[name], dtype) for name in names}
        traced = trace(
            layer, dimensions, tuple(sorted((name, array.shape) for name, array in fed.items()))
        )
        eager = layer.execution == "eager" or misfit
        call = traced.eager if eager else traced.jitted
        arguments = [{name: cast(weights[name], dtype) for name in weights}, fed]
        if layer.gradients:
            call = differentiated(call) if eager else jax.jit(differentiated(call))
            arguments.append(cotangents(traced.results, inputs))
        results = call(*arguments)
    return Results(results, container=traced.container, **properties)


def reloaded(weights: Named, fresh: Mapping[str, Any], whole: bool) -> tuple[Named, dict[str, Any]]:
    """Save Linen's `weights` and load them into the tree of `fresh`; the names in the file, too.

    `whole` is a checkpoint of Orbax, in place of Flax's own bytes.
    """
    params = traverse_util.unflatten_dict(weights, sep="/")
    fresh = traverse_util.unflatten_dict(fresh, sep="/")
    with TemporaryDirectory() as folder:
        path = Path(folder, "stack")
        if not whole:
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


def initializers(cell: Any) -> dict[str, Any]:
    """The initializers of an LSTMCell, as it has them, each traced once for a shape.

    A layer's parameters are traced anew for every gate, and a call's again, to compare their
    shapes: that is most of what there is to trace.
    """
    defaults = inspect.signature(cell.__init__).parameters
    names = ("kernel_init", "recurrent_kernel_init", "bias_init")
    return {name: jax.jit(defaults[name].default, static_argnums=(1, 2)) for name in names}


def functions(layer: Layer) -> dict[str, Any]:
    """A cell's ``gate_fn`` and ``activation_fn``; under the latter the candidate's and the c's."""
    return {
        "gate_fn": FUNCTIONS[layer.recurrent_activation],
        "activation_fn": FUNCTIONS[layer.activation],
    }


def signature(function: Callable[..., Any]) -> str:
    """The signature without its annotations, and without the addresses of functions."""
    whole = inspect.signature(function)
    bare = [one.replace(annotation=one.empty) for one in whole.parameters.values()]
    told = whole.replace(parameters=bare, return_annotation=whole.empty)
    return re.sub(" at 0x[0-9a-f]+", "", str(told))


def dtypes(layer: Layer) -> tuple[Any, Any]:
    """The cell's ``dtype``, of the computation (None: that of what it is fed), ``param_dtype``."""
    if layer.dtype.startswith("mixed_"):
        return jnp.dtype(layer.dtype.removeprefix("mixed_")), jnp.dtype("float32")
    return None, jnp.dtype(layer.dtype)


def abstract(layer: Layer, shapes: Shapes) -> dict[str, jax.ShapeDtypeStruct]:
    """Inputs of `shapes` by name: the lengths are integers."""
    dtype = dtypes(layer)[1]
    return {
        name: jax.ShapeDtypeStruct(shape, jnp.int32 if name.endswith("lengths") else dtype)
        for name, shape in shapes
    }


def declared(convention: Convention, layer: Layer, dimensions: Dimensions) -> Shapes:
    """The shape of every input that the layer is given, by its name, were it right."""
    sizes, time = batch(layer, dimensions), (dimensions.time_steps,)
    axes = time + sizes if layer.layout == "time_major" else sizes + time
    shapes: dict[str, Shape] = {convention.inputs["input"].name: (*axes, dimensions.embedding_dim)}
    if layer.lengths == "given":
        shapes[convention.inputs["lengths"].name] = sizes
    if layer.initial_state == "given":
        for number, (one, own) in enumerate(stacked(layer, dimensions)):
            for direction in convention.directions[one.bidirectional]:
                for state in ("h_0", "c_0"):
                    name = convention.inputs[state].name
                    name = name.format(layer=number, direction=direction)
                    shapes[name] = (*sizes, own.hidden_units)
    return tuple(sorted(shapes.items()))
