"""Flax NNX: a stack of ``nnx.RNN(nnx.LSTMCell(...))``, or of ``nnx.Bidirectional`` over two.

``return_carry=True`` hands its user ``carry, outputs``; the carry is ``(c, h)``, and of a
bidirectional layer a pair of those, forward then backward. It is off unless asked for.
Bidirectional hands both sequences, the backward one turned around to align with the input, to
``merge_fn``, which joins them on their last axis unless another function is given; one that pairs
them hands out the two. ``reverse=True`` leaves the output in the order of emission, ``keep_order``
turns it around. With ``seq_lengths`` the carry is that of each sequence's last step, but outputs go
on through the padding. NNX spells one parameter ``if_``, for ``if`` is Python's. A gate has one
bias, in the recurrent half. An RNN counts its axes from the end: a rank-2 input is one sequence
without a batch, a rank-4 one has two batch axes, and a batched carry with a rank-2 input is no
error either. The zero carry is of ``param_dtype``, and so under a narrow ``dtype`` with float32
parameters everything handed out is float32.
"""

import operator
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jax
import jax.numpy as jnp
import orbax.checkpoint
from flax import nnx, serialization, traverse_util

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

# Of modules; in older releases a list of Python's own is one.
LIST = getattr(nnx, "List", list)

PACKAGES = ("flax", "jax", "jaxlib", "orbax-checkpoint")
OLDEST = ("flax==0.10.6", "jax==0.6.0", "jaxlib==0.6.0")

DOCS = "https://flax.readthedocs.io/en/latest"

CONVENTION = Convention(
    inputs={
        "input": Native("input", "batch time input"),
        "h_0": Native("layers.{layer}{direction}.carry_h", "batch hidden"),
        "c_0": Native("layers.{layer}{direction}.carry_c", "batch cell"),
        "lengths": Native("lengths", "batch"),
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
    source=f"{DOCS}/api_reference/flax.nnx/nn/recurrent.html",
    loader="""for layer, rnn in rnns.items():
    own = nnx.to_flat_state(nnx.state(rnn, nnx.Param))
    nnx.update(rnn, nnx.from_flat_state(
        (path, param.replace(jnp.asarray(weights[".".join([layer, *map(str, path)])])))
        for path, param in own
    ))""",
    spellings=(
        Spelling(
            "nnx.RNN and nnx.Bidirectional of LSTMCell",
            {
                "input_weights": Native(
                    "{direction}cell.{gate}.kernel", "input cell", gates=("ii", "if_", "ig", "io")
                ),
                "recurrent_weights": Native("{direction}cell.h{gate}.kernel", "hidden cell"),
                "bias": Native("{direction}cell.h{gate}.bias", "cell"),
            },
            directions=(("",), ("forward_rnn.", "backward_rnn.")),
        ),
        Spelling(
            "nnx.LSTMCell",
            {
                "input_weights": Native(
                    "{gate}.kernel", "input cell", gates=("ii", "if_", "ig", "io")
                ),
                "recurrent_weights": Native("h{gate}.kernel", "hidden cell"),
                "bias": Native("h{gate}.bias", "cell"),
            },
        ),
        Spelling(
            "nnx.RNN and nnx.Bidirectional of OptimizedLSTMCell",
            {
                "input_weights": Native("{direction}cell.dense_i.kernel", "input (gate cell)"),
                "recurrent_weights": Native("{direction}cell.dense_h.kernel", "hidden (gate cell)"),
                "bias": Native("{direction}cell.dense_h.bias", "(gate cell)"),
            },
            directions=(("",), ("forward_rnn.", "backward_rnn.")),
        ),
        Spelling(
            "nnx.OptimizedLSTMCell",
            {
                "input_weights": Native("dense_i.kernel", "input (gate cell)"),
                "recurrent_weights": Native("dense_h.kernel", "hidden (gate cell)"),
                "bias": Native("dense_h.bias", "(gate cell)"),
            },
        ),
    ),
    files=(
        File(
            ".npz",
            "arrays",
            save="np.savez(FILE, **{'.'.join(map(str, path)): np.asarray(one[...]) "
            "for path, one in nnx.to_flat_state(nnx.state(model, nnx.Param))})",
            load="state = dict(np.load(FILE))",
        ),
        File(
            ".orbax",
            "checkpoint",
            save="ocp.StandardCheckpointer().save(FILE, nnx.state(model))",
            load="state = flax.traverse_util.flatten_dict("
            'ocp.StandardCheckpointer().restore(os.path.abspath(FILE)), sep=".")',
        ),
    ),
)

SNIPPET = Snippet(
    (
        "import jax.numpy as jnp\nfrom flax import nnx\n",
        Line(
            "rnn = nnx.RNN(\n    nnx.LSTMCell($embedding_dim, $hidden_units, rngs=nnx.Rngs(0)),",
            {"bidirectional": False},
        ),
        Line(
            "rnn = nnx.Bidirectional(\n"
            "    nnx.RNN(nnx.LSTMCell($embedding_dim, $hidden_units, rngs=nnx.Rngs(0))),\n"
            "    nnx.RNN(nnx.LSTMCell($embedding_dim, $hidden_units, rngs=nnx.Rngs(0))),",
            {"bidirectional": True},
        ),
        *BUILT,
    ),
    (
        "returned = rnn(\n    x,",
        *CALLED,
        Line(
            'results = {"output.forward_rnn": output[0], "output.backward_rnn": output[1]}',
            {"merge": "none"},
        ),
        Line('results |= {"layers.0.carry_h": h, "layers.0.carry_c": c}', {"bidirectional": False}),
        Line(
            'results |= {"layers.0.forward_rnn.carry_h": h, "layers.0.forward_rnn.carry_c": c}\n'
            'results |= {"layers.0.backward_rnn.carry_h": back_h}\n'
            'results |= {"layers.0.backward_rnn.carry_c": back_c}',
            {"bidirectional": True},
        ),
    ),
    options=OPTIONS,
    fed="jnp.asarray(array)",
    loading=('rnns = {"layers.0": rnn}', "$loader"),
)

GAPS = (
    Gap({"cell": ANY}, why="no cell clips, sees c or couples its gates", source=CONVENTION.source),
    Gap(
        {"initial_state": ("h_0", "c_0")},
        why="a carry is a pair of c and h",
        source=CONVENTION.source,
    ),
    Gap({"mask": "given"}, why="an RNN has seq_lengths, and no mask", source=CONVENTION.source),
    Gap(
        {"bias": False},
        why="LSTMCell and OptimizedLSTMCell cannot leave the bias out",
        source=CONVENTION.source,
    ),
    Gap(
        {"projection_size": ANY},
        why="no LSTM cell of NNX projects its h",
        source=CONVENTION.source,
    ),
    Gap(
        {"stateful": ANY},
        why="no RNN keeps its state, the caller carries it",
        source=CONVENTION.source,
    ),
    Gap(
        {"merge": ("sum", "mul", "ave"), "return_sequences": False},
        why="merge_fn joins the sequences, and never the two directions' final states",
        source=CONVENTION.source,
    ),
    Gap(
        {"execution": "predict"},
        why="NNX has no model with a predict",
        source=f"{DOCS}/api_reference/flax.nnx/module.html",
    ),
)
MERGES: dict[str, dict[str, Callable[..., Any]]] = {
    "concat": {},
    "sum": {"merge_fn": operator.add},
    "mul": {"merge_fn": operator.mul},
    "ave": {"merge_fn": lambda forward, backward: (forward + backward) / 2},
    "none": {"merge_fn": lambda forward, backward: (forward, backward)},
}

INITIALIZERS = initializers(nnx.LSTMCell)


class LSTM(nnx.Module):
    """A stack of RNNs, each fed the sequence of the one below."""

    def __init__(self, layer: Layer, dimensions: Dimensions, rngs: nnx.Rngs) -> None:
        """Build every RNN for the width of what feeds it."""
        dtype, param_dtype = dtypes(layer)
        # rngs=False: keys come with the call, not as state that lies beside the parameters
        options: dict[str, Any] = {"time_major": layer.layout == "time_major", "rngs": False}

        def rnn(one: Layer, own: Dimensions) -> nnx.RNN:
            cell = nnx.LSTMCell(
                own.embedding_dim,
                own.hidden_units,
                dtype=dtype,
                param_dtype=param_dtype,
                rngs=rngs,
                **functions(one),
                **INITIALIZERS,
            )
            if isinstance(getattr(cell, "rngs", None), nnx.Rngs):
                cell.rngs = None  # older cells hold on to the keys of their parameters
            order = {"reverse": one.reverse, "keep_order": one.keep_order}
            return nnx.RNN(cell, unroll=unrolled(layer, dimensions), **order, **options)

        self.layers = LIST(
            nnx.Bidirectional(rnn(one, own), rnn(one, own), **MERGES[one.merge], **options)
            if one.bidirectional
            else rnn(one, own)
            for one, own in stacked(layer, dimensions)
        )
        self.dropout = nnx.Dropout(0.5) if layer.dropout else None
        self.layer = layer

    def __call__(self, inputs: Arrays, rngs: nnx.Rngs) -> tuple[Any, dict[str, jax.Array]]:
        """Return what the last RNN does, and by name every RNN's carry and the last one's outputs.

        Where the state is the output, or asked for beside it, there are carries.
        """
        layer, x = self.layer, inputs["input"]
        return_carry = layer.return_state or not layer.return_sequences
        results: dict[str, jax.Array] = {}
        for number, rnn in enumerate(self.layers):
            if number:
                x = jnp.concatenate(x, axis=-1) if isinstance(x, tuple) else x
                x = self.dropout(x) if self.dropout else x
            one, fed = layer.at(number), x
            directions = CONVENTION.directions[one.bidirectional]
            names = [
                (f"layers.{number}{direction}.carry_c", f"layers.{number}{direction}.carry_h")
                for direction in directions
            ]
            given: Any = None
            if layer.initial_state == "given":
                given = tuple((inputs[name_c], inputs[name_h]) for name_c, name_h in names)
                given = given if one.bidirectional else given[0]
            returned = rnn(
                x,
                initial_carry=given,
                seq_lengths=inputs.get("lengths"),
                return_carry=return_carry,
                rngs=rngs,
            )
            x = returned
            if return_carry:
                carry, x = returned
                carries = carry if one.bidirectional else [carry]
                for pair, states in zip(names, carries, strict=True):
                    results |= dict(zip(pair, states, strict=True))
            x = x + fed if one.residual else x
        if one.merge == "none":
            outputs = {f"output{each}": one for each, one in zip(directions, x, strict=True)}
        else:
            outputs = {"output": x}
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
    """Return the shape of every ``nnx.Param`` by its path."""
    with enable_x64(layer.dtype == "float64"):
        held = _split(layer, dimensions)[1]
        return {name: _value(param).shape for name, (_, param) in held.items()}


def defaults(dimensions: Dimensions) -> dict[str, Any]:
    """Describe an RNN of `dimensions` with none of the options that have a default."""

    def build() -> nnx.RNN:
        cell = nnx.LSTMCell(dimensions.embedding_dim, dimensions.hidden_units, rngs=nnx.Rngs(0))
        return nnx.RNN(cell)

    shape = dimensions.batch_size, dimensions.time_steps, dimensions.embedding_dim
    x = jax.ShapeDtypeStruct(shape, jnp.float32)
    output = nnx.eval_shape(lambda x: build()(x), x)
    rnn = build()
    params = nnx.to_flat_state(nnx.state(rnn, nnx.Param))
    carry = rnn.cell.initialize_carry(shape[::2], nnx.Rngs(0))
    return {
        "signature": signature(nnx.RNN.__init__),
        "output_shape": list(output.shape),
        "returns": str(list(output.shape)),
        "dtype": str(output.dtype),
        "promotes": promoted(
            lambda dtype: str(nnx.eval_shape(lambda x: build()(x), jnp.zeros(shape, dtype)).dtype)
        ),
        "parameters": {".".join(path): list(_value(param).shape) for path, param in params},
        "forget_bias": float(rnn.cell.hf.bias.mean()),
        "initialize_carry": [list(one.shape) for one in carry],
    }


def _value(param: Any) -> Any:
    """What has the shape and dtype of a parameter: in older releases a thing in it."""
    return param if hasattr(param, "shape") else param.value


@lru_cache(maxsize=4)
def _split(layer: Layer, dimensions: Dimensions) -> tuple[nnx.GraphDef, dict[str, Any]]:
    """Build the stack without running an initializer: its graph, and by joined name its parameters.

    Every parameter is its path and its abstract value. ``nnx.split`` raises ValueError where the
    stack holds anything but parameters.
    """
    model = nnx.eval_shape(lambda: LSTM(layer, dimensions, nnx.Rngs(0)))
    model.eval()
    graphdef, params = nnx.split(model, nnx.Param)
    return graphdef, {".".join(map(str, item[0])): item for item in nnx.to_flat_state(params)}


@lru_cache(maxsize=4)
def _trace(layer: Layer, dimensions: Dimensions, shapes: tuple[tuple[str, Shape], ...]) -> Trace:
    """Trace the stack of the declared dimensions for inputs of `shapes`, right or wrong."""
    graphdef, params = _split(layer, dimensions)
    containers = []

    def call(weights: Arrays, inputs: Arrays) -> dict[str, jax.Array]:
        state = [(path, param.replace(weights[name])) for name, (path, param) in params.items()]
        model = nnx.merge(graphdef, nnx.from_flat_state(state))
        returned, results = model(inputs, nnx.Rngs(0))
        containers.append(outline(returned, results))
        return results

    jitted = jax.jit(call)
    weights = {
        name: jax.ShapeDtypeStruct(_value(param).shape, _value(param).dtype)
        for name, (_, param) in params.items()
    }
    traced = _older.shapes(jitted, weights, abstract(layer, shapes))
    return Trace(call, jitted, traced, containers[0])


def _reloaded(
    layer: Layer, dimensions: Dimensions, weights: Mapping[str, Array]
) -> tuple[dict[str, Array], dict[str, list[int]]]:
    """Save `weights` and load them into the state of a fresh stack; the names in the file, too."""
    _, params = _split(layer, dimensions)
    fresh = nnx.from_flat_state(params.values())
    state = nnx.from_flat_state(
        [
            (path, param.replace(jnp.asarray(weights[name])))
            for name, (path, param) in params.items()
        ]
    )
    with TemporaryDirectory() as folder:
        path = Path(folder, "stack")
        if layer.checkpoint == "weights":
            path.write_bytes(serialization.msgpack_serialize(nnx.to_pure_dict(state)))
            saved = serialization.msgpack_restore(path.read_bytes())
            nnx.replace_by_pure_dict(fresh, saved)
        else:
            with orbax.checkpoint.StandardCheckpointer() as checkpointer:
                checkpointer.save(path, state)
                checkpointer.wait_until_finished()
                fresh = checkpointer.restore(path, fresh)
                saved = checkpointer.metadata(path).item_metadata.tree
    names = traverse_util.flatten_dict(saved)
    shapes = {".".join(map(str, name)): list(array.shape) for name, array in names.items()}
    return {".".join(map(str, at)): one[...] for at, one in nnx.to_flat_state(fresh)}, shapes
