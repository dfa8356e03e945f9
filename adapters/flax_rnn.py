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

import operator
from collections.abc import Callable, Mapping
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
    BUILT,
    CALLED,
    OPTIONS,
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
from adapters._jax import Arrays, unrolled
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
    loader="""params = {**params, **{
    cell: flax.traverse_util.unflatten_dict({
        name.removeprefix(f"{layer}/cell/"): jnp.asarray(one)
        for name, one in weights.items() if name.startswith(f"{layer}/cell/")
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

CELL = f"{DOCS}/layers.html#flax.linen.LSTMCell"
SNIPPET = Snippet(
    (
        "import jax\nimport jax.numpy as jnp\nfrom flax import linen as nn\n",
        Line("rnn = nn.RNN(\n    nn.LSTMCell($hidden_units),", {"bidirectional": False}),
        Line(
            "rnn = nn.Bidirectional(\n"
            "    nn.RNN(nn.LSTMCell($hidden_units)),\n"
            "    nn.RNN(nn.LSTMCell($hidden_units)),",
            {"bidirectional": True},
        ),
        *BUILT,
        "variables = rnn.init(jax.random.key(0), x)",
    ),
    (
        "returned = rnn.apply(\n    variables,\n    x,",
        *CALLED,
        Line(
            'results = {"output/forward_rnn": output[0], "output/backward_rnn": output[1]}',
            {"merge": "none"},
        ),
        Line('results |= {"layers_0/carry_h": h, "layers_0/carry_c": c}', {"bidirectional": False}),
        Line(
            'results |= {"layers_0/forward_rnn/carry_h": h, "layers_0/forward_rnn/carry_c": c}\n'
            'results |= {"layers_0/backward_rnn/carry_h": back_h}\n'
            'results |= {"layers_0/backward_rnn/carry_c": back_c}',
            {"bidirectional": True},
        ),
    ),
    options=OPTIONS,
    fed="jnp.asarray(array)",
    loading=(
        "import flax\n\nparams = {}",
        Line('cells = {"layers_0": "cell"}', {"bidirectional": False}),
        Line(
            'cells = {"layers_0/forward_rnn": "ahead", "layers_0/backward_rnn": "back"}',
            {"bidirectional": True},
        ),
        "$loader",
        Line(
            'params = {"forward_rnn": {"cell": params["ahead"]},'
            ' "backward_rnn": {"cell": params["back"]}}',
            {"bidirectional": True},
        ),
        'variables = {"params": params}',
    ),
)

GAPS = (
    Gap({"cell": ANY}, why="no cell clips, sees c or couples its gates", source=CELL),
    Gap(
        {"initial_state": ("h_0", "c_0")},
        why="a carry is a pair of c and h",
        source=CONVENTION.source,
    ),
    Gap({"mask": "given"}, why="an RNN has seq_lengths, and no mask", source=CONVENTION.source),
    Gap({"bias": False}, why="no LSTM cell of Linen can leave the bias out", source=CELL),
    Gap({"projection_size": ANY}, why="no LSTM cell of Linen projects its h", source=CELL),
    Gap(
        {"stateful": ANY},
        why="no RNN keeps its state, the caller carries it",
        source=CONVENTION.source,
    ),
    Gap(
        {"merge": ("sum", "mul", "ave"), "return_sequences": False},
        why="merge_fn joins the sequences, and never the two directions' final states",
        source=f"{DOCS}/layers.html#flax.linen.Bidirectional",
    ),
    Gap(
        {"execution": "predict"},
        why="Linen has no model with a predict",
        source=f"{DOCS}/module.html",
    ),
)
MERGES: dict[str, dict[str, Callable[..., Any]]] = {
    "concat": {},
    "sum": {"merge_fn": operator.add},
    "mul": {"merge_fn": operator.mul},
    "ave": {"merge_fn": lambda forward, backward: (forward + backward) / 2},
    "none": {"merge_fn": lambda forward, backward: (forward, backward)},
}

INITIALIZERS = initializers(nn.LSTMCell)


class LSTM(nn.Module):
    """A stack of RNNs, each fed the sequence of the one below."""

    layer: Layer
    dimensions: Dimensions

    def setup(self) -> None:
        """Declare every RNN. Where the state is the output, or asked for, there are carries."""
        layer = self.layer
        dtype, param_dtype = dtypes(layer)
        options: dict[str, Any] = {
            "time_major": layer.layout == "time_major",
            "return_carry": layer.return_state or not layer.return_sequences,
        }
        unroll = unrolled(layer, self.dimensions)

        def rnn(one: Layer, own: Dimensions) -> nn.RNN:
            cell = nn.LSTMCell(
                own.hidden_units,
                dtype=dtype,
                param_dtype=param_dtype,
                **functions(one),
                **INITIALIZERS,
            )
            order = {"reverse": one.reverse, "keep_order": one.keep_order}
            return nn.RNN(cell, unroll=unroll, **order, **options)

        self.layers = [
            nn.Bidirectional(rnn(one, own), rnn(one, own), **MERGES[one.merge], **options)
            if one.bidirectional
            else rnn(one, own)
            for one, own in stacked(layer, self.dimensions)
        ]
        self.dropout = nn.Dropout(0.5, deterministic=True) if layer.dropout else None

    def __call__(self, inputs: Arrays) -> tuple[Any, dict[str, jax.Array]]:
        """Return what the last RNN does, and by name every RNN's carry and the last outputs."""
        layer, x = self.layer, inputs["input"]
        results: dict[str, jax.Array] = {}
        for number, rnn in enumerate(self.layers):
            if number:
                x = jnp.concatenate(x, axis=-1) if isinstance(x, tuple) else x
                x = self.dropout(x) if self.dropout else x
            one, fed = layer.at(number), x
            directions = CONVENTION.directions[one.bidirectional]
            names = [
                (f"layers_{number}{direction}/carry_c", f"layers_{number}{direction}/carry_h")
                for direction in directions
            ]
            given: Any = None
            if layer.initial_state == "given":
                given = tuple((inputs[name_c], inputs[name_h]) for name_c, name_h in names)
                given = given if one.bidirectional else given[0]
            returned = rnn(x, initial_carry=given, seq_lengths=inputs.get("seq_lengths"))
            x = returned
            if rnn.return_carry:
                carry, x = returned
                carries = carry if one.bidirectional else [carry]
                for pair, states in zip(names, carries, strict=True):
                    results |= dict(zip(pair, states, strict=True))
            x = x + fed if one.residual else x
        if one.merge != "none":
            return returned, {"output": x, **results}
        outputs = {f"output{each}": one for each, one in zip(directions, x, strict=True)}
        return returned, outputs | results


def run(
    layer: Layer, dimensions: Dimensions, weights: Mapping[str, Array], inputs: Mapping[str, Array]
) -> Results:
    """Compile the stack for the shapes of `inputs` and call it; the output and every carry.

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
    carry = rnn.cell.initialize_carry(jax.random.key(0), shape[::2])
    return {
        "signature": signature(nn.RNN),
        "output_shape": list(output.shape),
        "returns": str(list(output.shape)),
        "dtype": str(output.dtype),
        "promotes": promoted(lambda dtype: str(call(dtype)[0].dtype)),
        "parameters": {name: list(param.shape) for name, param in params.items()},
        "forget_bias": float(rnn.cell.bias_init(None, bias.shape, bias.dtype).mean()),
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
        containers.append(outline(returned, results))
        return results

    jitted = jax.jit(call)
    traced = _older.shapes(jitted, _params(layer, dimensions), abstract(layer, shapes))
    return Trace(call, jitted, traced, containers[0])


def _reloaded(
    layer: Layer, dimensions: Dimensions, weights: Mapping[str, Array]
) -> tuple[Mapping[str, Array], dict[str, list[int]]]:
    return reloaded(weights, _params(layer, dimensions), layer.checkpoint == "model")
