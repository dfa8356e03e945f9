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

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn
from flax import traverse_util

from adapters import _older
from adapters._compilation import keep_compilations as keep_compilations
from adapters._compilation import stages as stages
from adapters._device import DEVICES as DEVICES
from adapters._device import place as place
from adapters._flax import (
    Trace,
    abstract,
    declared,
    dtypes,
    functions,
    initializers,
    ran,
    reloaded,
    signature,
)
from adapters._jax import Arrays, batch, unrolled
from adapters._older import enable_x64
from adapters.contract import (
    ANY,
    Array,
    Convention,
    Dimensions,
    File,
    Gap,
    Layer,
    Line,
    Native,
    Results,
    Shape,
    Snippet,
    Spelling,
    outline,
    promoted,
    stacked,
)

PACKAGES = ("flax", "jax", "jaxlib", "orbax-checkpoint")
OLDEST = ("flax==0.8.5", "jax==0.4.30", "jaxlib==0.4.30", "numpy<2")

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
    loader="""params = {**params, **{
    cell: flax.traverse_util.unflatten_dict({
        name.removeprefix(f"{layer}/"): jnp.asarray(one)
        for name, one in weights.items() if name.startswith(f"{layer}/")
    }, sep="/")
    for layer, cell in cells.items()
}}""",
    spellings=(
        Spelling(
            "params of a Bidirectional of RNNs",
            {
                "input_weights": Native("{direction}/cell/i{gate}/kernel", "input cell"),
                "recurrent_weights": Native("{direction}/cell/h{gate}/kernel", "hidden cell"),
                "bias": Native("{direction}/cell/h{gate}/bias", "cell"),
            },
            directions=(("rnn",), ("forward_rnn", "backward_rnn")),
        ),
        Spelling(
            "params of LSTMCell and OptimizedLSTMCell",
            {
                "input_weights": Native("i{gate}/kernel", "input cell"),
                "recurrent_weights": Native("h{gate}/kernel", "hidden cell"),
                "bias": Native("h{gate}/bias", "cell"),
            },
        ),
    ),
    files=(
        File(
            ".msgpack",
            "tree",
            save='open(FILE, "wb").write(flax.serialization.to_bytes(variables))',
            load="state = flax.traverse_util.flatten_dict("
            'flax.serialization.msgpack_restore(open(FILE, "rb").read()), sep="/")',
        ),
        File(
            ".orbax",
            "checkpoint",
            save="ocp.StandardCheckpointer().save(FILE, variables)",
            load="state = flax.traverse_util.flatten_dict("
            'ocp.StandardCheckpointer().restore(os.path.abspath(FILE)), sep="/")',
        ),
    ),
)

SNIPPET = Snippet(
    (
        "import jax\nimport jax.numpy as jnp\nfrom flax import linen as nn\n",
        "scan = nn.scan(",
        "    nn.LSTMCell,",
        '    variable_broadcast="params",',
        '    split_rngs={"params": False},',
        Line("    in_axes=1,\n    out_axes=1,", {"layout": "batch_major"}),
        Line("    in_axes=2,\n    out_axes=2,", {"layout": "extra_batch"}),
        Line("    reverse=True,", {"reverse": True}),
        ")",
        "cell = scan(features=$hidden_units)",
        Line(
            "x = jnp.zeros(($batch_size, $time_steps, $embedding_dim))", {"layout": "batch_major"}
        ),
        Line("x = jnp.zeros(($time_steps, $batch_size, $embedding_dim))", {"layout": "time_major"}),
        Line("x = jnp.zeros(($time_steps, $embedding_dim))", {"layout": "unbatched"}),
        Line(
            "x = jnp.zeros((2, $batch_size, $time_steps, $embedding_dim))",
            {"layout": "extra_batch"},
        ),
        Line(
            "zeros = jnp.zeros(($batch_size, $hidden_units))",
            {"layout": ("batch_major", "time_major")},
        ),
        Line("zeros = jnp.zeros($hidden_units)", {"layout": "unbatched"}),
        Line("zeros = jnp.zeros((2, $batch_size, $hidden_units))", {"layout": "extra_batch"}),
        "variables = cell.init(jax.random.key(0), (zeros, zeros), x)  # c, h",
    ),
    (
        "(c, h), output = cell.apply(variables, (zeros, zeros), x)",
        'results = {"output": output, "layer_0/carry_h": h, "layer_0/carry_c": c}',
    ),
    options=(
        "initial_state",
        "keep_order",
        "layout",
        "return_sequences",
        "return_state",
        "reverse",
    ),
    fed="jnp.asarray(array)",
    loading=(
        'import flax\n\nparams, cells = {}, {"layer_0": "cell"}',
        "$loader",
        'variables = {"params": params["cell"]}',
    ),
)

RNN = f"{DOCS}/layers.html#flax.linen.RNN"
GAPS = (  # of nn.scan: nn.RNN, which has more, is run by flax_rnn
    Gap({"cell": ANY}, why="no cell clips, sees c or couples its gates", source=CONVENTION.source),
    Gap(
        {"initial_state": ("h_0", "c_0")},
        why="a carry is a pair of c and h",
        source=CONVENTION.source,
    ),
    Gap(
        {"bias": False},
        why="LSTMCell and OptimizedLSTMCell cannot leave the bias out",
        source=CONVENTION.source,
    ),
    Gap(
        {"projection_size": ANY},
        why="no LSTM cell of Linen projects its h",
        source=CONVENTION.source,
    ),
    Gap(
        {"stateful": ANY},
        why="no layer keeps its state, the caller carries it",
        source=CONVENTION.source,
    ),
    Gap(
        {"reverse": True, "keep_order": False},
        why="a reversed nn.scan leaves its output aligned with the input; nn.RNN has keep_order",
        source=RNN,
    ),
    Gap(
        {"merge": ("sum", "mul", "ave")},
        why="two scans hand out two sequences; nn.Bidirectional has merge_fn",
        source=f"{DOCS}/layers.html#flax.linen.Bidirectional",
    ),
    Gap(
        {"lengths": "given"},
        why="nn.scan knows no lengths; nn.RNN has seq_lengths",
        source=RNN,
    ),
    Gap(
        {"mask": "given"},
        why="a cell takes every step that it is fed, and nn.scan knows no mask",
        source=RNN,
    ),
    Gap(
        {"execution": "predict"},
        why="Linen has no model with a predict",
        source=f"{DOCS}/module.html",
    ),
)

INITIALIZERS = initializers(nn.LSTMCell)


class LSTM(nn.Module):
    """A stack of scanned cells, one for every layer and direction."""

    layer: Layer
    dimensions: Dimensions

    @nn.compact
    def __call__(self, inputs: Arrays) -> tuple[list[Any], dict[str, jax.Array]]:
        """Return what the last layer's scans do, and by name every carry and its sequences."""
        layer, dimensions = self.layer, self.dimensions
        x = inputs["input"]
        axis = 0 if layer.layout == "time_major" else len(batch(layer, dimensions))
        dtype, param_dtype = dtypes(layer)
        results: dict[str, jax.Array] = {}
        for number, (one, own) in enumerate(stacked(layer, dimensions)):
            returned, sequences = [], {}
            for direction in CONVENTION.directions[one.bidirectional]:
                name = f"layer_{number}{direction}"
                scan = nn.scan(
                    nn.LSTMCell,
                    variable_broadcast="params",
                    split_rngs={"params": False},
                    in_axes=axis,
                    out_axes=axis,
                    reverse=one.reverse or direction == "_backward",
                    unroll=unrolled(layer, dimensions),
                )
                cell = scan(
                    own.hidden_units,
                    dtype=dtype,
                    param_dtype=param_dtype,
                    name=name,
                    **functions(one),
                    **INITIALIZERS,
                )
                if layer.initial_state == "given":
                    carry = inputs[f"{name}/carry_c"], inputs[f"{name}/carry_h"]
                else:
                    step = x.shape[:axis] + x.shape[axis + 1 :]
                    carry = cell.initialize_carry(jax.random.key(0), step)
                returned.append(cell(carry, x))
                (c, h), sequences[f"output{direction}"] = returned[-1]
                results |= {f"{name}/carry_c": c, f"{name}/carry_h": h}
            if one.residual:
                sequences = {"output": sequences["output"] + x}
            x = jnp.concatenate(list(sequences.values()), axis=-1)
            if layer.dropout and number < dimensions.num_layers - 1:
                x = nn.Dropout(0.5, deterministic=True)(x)
        return returned, results | sequences


def run(
    layer: Layer, dimensions: Dimensions, weights: Mapping[str, Array], inputs: Mapping[str, Array]
) -> Results:
    """Compile the stack for the shapes of `inputs` and call it; every scan's carry and sequence.

    Raises TypeError where a weight is missing, surplus or of another shape.
    """
    return ran(layer, dimensions, weights, inputs, parameters, _trace, _reloaded)


def infer(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Read the shapes of the same results from the trace that `run` compiles."""
    with enable_x64(layer.dtype == "float64"):
        results = _trace(layer, dimensions, declared(CONVENTION, layer, dimensions)).results
    return {name: result.shape for name, result in results.items()}


def parameters(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Return the shape of every parameter by its path."""
    with enable_x64(layer.dtype == "float64"):
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
    shapes = jax.tree_util.tree_map(lambda part: str(list(part.shape)), returned)
    carry = cell.initialize_carry(jax.random.key(0), shape[::2])
    return {
        "signature": signature(nn.LSTMCell),
        "output_shape": list(returned[1].shape),
        "returns": str(shapes).replace("'", ""),
        "dtype": str(returned[1].dtype),
        "promotes": promoted(
            lambda dtype: str(jax.eval_shape(call, jnp.zeros(shape, dtype))[0][1].dtype)
        ),
        "parameters": {name: list(param.shape) for name, param in params.items()},
        "forget_bias": float(bias.mean()),
        "initialize_carry": [list(one.shape) for one in carry],
    }


@lru_cache(maxsize=4)
def _params(layer: Layer, dimensions: Dimensions) -> dict[str, jax.ShapeDtypeStruct]:
    """Trace ``init`` for the parameters that it would make; no initializer runs."""
    inputs = abstract(layer, declared(CONVENTION, layer, dimensions))
    variables = jax.eval_shape(LSTM(layer, dimensions).init, jax.random.key(0), inputs)
    return traverse_util.flatten_dict(variables["params"], sep="/")


@lru_cache(maxsize=4)
def _trace(layer: Layer, dimensions: Dimensions, shapes: tuple[tuple[str, Shape], ...]) -> Trace:
    """Trace the stack of the declared dimensions for inputs of `shapes`, right or wrong."""
    containers = []

    def call(weights: Arrays, inputs: Arrays) -> dict[str, jax.Array]:
        params = traverse_util.unflatten_dict(weights, sep="/")
        returned, results = LSTM(layer, dimensions).apply({"params": params}, inputs)
        containers.append(" and ".join(outline(one, results) for one in returned))
        return results

    jitted = jax.jit(call)
    traced = _older.shapes(jitted, _params(layer, dimensions), abstract(layer, shapes))
    return Trace(call, jitted, traced, containers[0])


def _reloaded(
    layer: Layer, dimensions: Dimensions, weights: Mapping[str, Array]
) -> tuple[Mapping[str, Array], dict[str, list[int]]]:
    return reloaded(weights, _params(layer, dimensions), layer.checkpoint == "model")
