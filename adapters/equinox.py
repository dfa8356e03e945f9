"""Equinox: ``jax.lax.scan`` over an ``eqx.nn.LSTMCell``, under ``jax.vmap`` for a batch.

A cell knows one step of one example, its state is ``(h, c)``, and the scan hands its user
``(h, c), sequence``. The batch axes, where they stand and how many there are, are named in the
``vmap``. ``reverse=True`` scans from the end and leaves the sequence aligned with the input, so
that the final h is its first step. Layers and directions are the user's own: the stack joins both
directions for the next layer, and hands out the last layer's two sequences as the two scans return
them. Gates are i f g o, with one bias each, drawn at random like the weights: nothing favours the
forget gate. ``dtype`` is that of the weights alone; the zero state is the user's, and one of a
wider dtype widens all results. A file of ``tree_serialise_leaves`` holds arrays one behind another,
without a name; what the model was built from is another line to write.
"""

import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import lru_cache, partial
from tempfile import TemporaryFile
from typing import Any, TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from adapters._compilation import keep_compilations as keep_compilations
from adapters._compilation import stages as stages
from adapters._device import DEVICES as DEVICES
from adapters._device import place as place
from adapters._older import enable_x64
from adapters.contract import (
    ANY,
    GROUP,
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

jax.config.update("jax_default_matmul_precision", "highest")
jax.config.update("jax_traceback_filtering", "off")  # or its own frames are cut out of errors

PACKAGES = ("equinox", "jax", "jaxlib")
OLDEST = ("equinox==0.11.4", "jax==0.4.30", "jaxlib==0.4.30", "numpy<2")

State: TypeAlias = tuple[jax.Array, jax.Array]
Arrays: TypeAlias = Mapping[str, jax.Array]

DOCS = "https://docs.kidger.site/equinox"

CONVENTION = Convention(
    inputs={
        "input": Native("input", "batch time input"),
        "h_0": Native("layer_{layer}{direction}.h", "batch hidden"),
        "c_0": Native("layer_{layer}{direction}.c", "batch cell"),
    },
    results={
        "output": Native("output{direction}", "batch time hidden"),
        "h_n": Native("layer_{layer}{direction}.h", "batch hidden"),
        "c_n": Native("layer_{layer}{direction}.c", "batch cell"),
        "last": Native("layer_{layer}{direction}.h", "batch hidden"),
    },
    weights={
        "input_weights": Native("layer_{layer}{direction}.cell.weight_ih", "(gate cell) input"),
        "recurrent_weights": Native(
            "layer_{layer}{direction}.cell.weight_hh", "(gate cell) hidden"
        ),
        "bias": Native("layer_{layer}{direction}.cell.bias", "(gate cell)"),
    },
    gates="ifgo",
    directions=(("",), ("_forward", "_backward")),
    source=f"{DOCS}/api/nn/rnn/",
    loader="""for layer, cell in cells.items():
    names = [one for one in ("weight_ih", "weight_hh", "bias") if f"{layer}.cell.{one}" in weights]
    model = eqx.tree_at(
        lambda tree: [getattr(cell(tree), one) for one in names],
        model,
        [jnp.asarray(weights[f"{layer}.cell.{one}"]) for one in names],
    )""",
    spellings=(
        Spelling(
            "eqx.nn.LSTMCell",
            {
                "input_weights": Native("weight_ih", "(gate cell) input"),
                "recurrent_weights": Native("weight_hh", "(gate cell) hidden"),
                "bias": Native("bias", "(gate cell)"),
            },
        ),
    ),
    files=(
        File(
            ".npz",
            "arrays",
            save="np.savez(FILE, **{jax.tree_util.keystr(path, simple=True, separator='.'): one "
            "for path, one in "
            "jax.tree_util.tree_leaves_with_path(eqx.filter(model, eqx.is_array))})",
            load="state = dict(np.load(FILE))",
        ),
        File(
            ".eqx",
            "sequence",
            save="eqx.tree_serialise_leaves(FILE, model)",
            load="state = dict(zip(SHAPES, eqx.tree_deserialise_leaves(FILE, "
            "[jax.ShapeDtypeStruct(*one) for one in SHAPES.values()])))",
        ),
    ),
    sequence="eqx.tree_serialise_leaves",
)

SNIPPET = Snippet(
    (
        "import equinox as eqx\nimport jax\nimport jax.numpy as jnp\n",
        Line(
            "cell = eqx.nn.LSTMCell($embedding_dim, $hidden_units, key=jax.random.key(0))",
            {"bias": True},
        ),
        Line(
            "cell = eqx.nn.LSTMCell(\n"
            "    $embedding_dim, $hidden_units, use_bias=False, key=jax.random.key(0)\n"
            ")",
            {"bias": False},
        ),
        "",
        "",
        "def step(state, x):",
        "    state = cell(x, state)",
        "    return state, state[0]",
        "",
        "",
        "def sequence(x, state):",
        Line("    return jax.lax.scan(step, state, x)", {"reverse": False}),
        Line("    return jax.lax.scan(step, state, x, reverse=True)", {"reverse": True}),
        "",
        "",
        "x = jnp.zeros(($batch_size, $time_steps, $embedding_dim))",
        "zeros = jnp.zeros(($batch_size, $hidden_units))",
    ),
    (
        "(h, c), output = jax.vmap(sequence)(x, (zeros, zeros))",
        'results = {"output": output, "layer_0.h": h, "layer_0.c": c}',
    ),
    options=(
        "bias",
        "initial_state",
        "keep_order",
        "return_sequences",
        "return_state",
        "reverse",
    ),
    fed="jnp.asarray(array)",
    loading=('model, cells = cell, {"layer_0": lambda tree: tree}', "$loader", "cell = model"),
)

CELL = CONVENTION.source
SCAN = "https://docs.jax.dev/en/latest/_autosummary/jax.lax.scan.html"

GAPS = (
    Gap({"cell": ANY}, why="no cell clips, sees c or couples its gates", source=CELL),
    Gap({"recurrent_activation": ANY}, why="the gates are sigmoids and nothing else", source=CELL),
    Gap({"activation": ANY}, why="tanh is fixed, and no argument", source=CELL),
    Gap(
        {"initial_state": ("h_0", "c_0")},
        why="the state of a cell is a pair of h and c",
        source=CELL,
    ),
    Gap({"projection_size": ANY}, why="no recurrent cell of Equinox projects its h", source=CELL),
    Gap(
        {"stateful": ANY},
        why="a cell is handed its state and hands out the next, it keeps none",
        source=CELL,
    ),
    Gap(
        {"reverse": True, "keep_order": False},
        why="a reversed scan leaves its output aligned with the input",
        source=SCAN,
    ),
    Gap(
        {"lengths": "given"},
        why="a cell knows one step of one example, and jax.lax.scan no lengths",
        source=SCAN,
    ),
    Gap(
        {"mask": "given"},
        why="a cell takes every step that it is fed, and jax.lax.scan knows no mask",
        source=SCAN,
    ),
    Gap(
        {"merge": ("sum", "mul", "ave")},
        why="two scans hand out two sequences, nothing in Equinox joins them",
        source=CELL,
    ),
    Gap(
        {"dtype": ("mixed_bfloat16", "mixed_float16")},
        why="LSTMCell has a dtype for its weights, none to compute in",
        source=CELL,
    ),
    Gap(
        {"execution": "predict"},
        why="an Equinox module is called, it has no predict",
        source=f"{DOCS}/all-of-equinox/",
    ),
)


class LSTM(eqx.Module):
    """A cell under a scan, for one sequence."""

    cell: eqx.nn.LSTMCell
    reverse: bool = eqx.field(static=True, default=False)
    unroll: int = eqx.field(static=True, default=1)  # steps in each round of the loop

    def __call__(self, sequence: jax.Array, state: State | None) -> tuple[State, jax.Array]:
        """Return what the scan does: the final (h, c), and every step's h."""
        if state is None:
            zeros = jnp.zeros(self.cell.hidden_size, self.cell.weight_hh.dtype)
            state = zeros, zeros

        def step(state: State, x: jax.Array) -> tuple[State, jax.Array]:
            h, c = self.cell(x, state)
            return (h, c), h

        return jax.lax.scan(step, state, sequence, reverse=self.reverse, unroll=self.unroll)


Model: TypeAlias = dict[str, LSTM]  # one for every layer and direction


def run(
    layer: Layer, dimensions: Dimensions, weights: Mapping[str, Array], inputs: Mapping[str, Array]
) -> Results:
    """Put `weights` into the model by their paths and call it; every scan's state and sequence.

    Raises KeyError where a weight is missing or surplus.
    """
    if unmatched := weights.keys() ^ parameters(layer, dimensions).keys():
        raise KeyError(f"weights that are missing or surplus: {sorted(unmatched)}")
    properties: dict[str, Any] = {}
    with enable_x64(layer.dtype == "float64"):
        model = jax.tree_util.tree_map_with_path(
            lambda path, leaf: jnp.asarray(weights[_name(path)], leaf.dtype),
            _skeleton(layer, dimensions),
        )
        if layer.checkpoint != "none":
            model, properties["checkpoint"] = _reloaded(layer, dimensions, model)
        fed: dict[str, jax.Array] = {}
        cotangents: dict[str, jax.Array] = {}
        for name, array in inputs.items():
            group = cotangents if name.startswith("cotangent of ") else fed
            group[name.removeprefix("cotangent of ")] = jnp.asarray(array, layer.dtype)
        call = partial(_call, layer, dimensions)
        if layer.gradients:
            call = partial(_differentiated, call, cotangents)
        if layer.execution != "eager":
            call = eqx.filter_jit(call)
        results, container = call(model, fed)
    return Results(results, container=container, **properties)


def infer(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Read the shapes of the same results from a call with shapes alone."""
    batch = () if layer.layout == "unbatched" else (dimensions.batch_size,)
    if layer.layout == "extra_batch":
        batch = GROUP, *batch
    time = (dimensions.time_steps,)
    axes = time + batch if layer.layout == "time_major" else batch + time
    shapes: dict[str, Shape] = {"input": (*axes, dimensions.embedding_dim)}
    if layer.initial_state == "given":
        for name, lstm in _skeleton(layer, dimensions).items():
            shapes |= {f"{name}.{part}": (*batch, lstm.cell.hidden_size) for part in "hc"}
    with enable_x64(layer.dtype == "float64"):
        inputs = {name: jax.ShapeDtypeStruct(shape, layer.dtype) for name, shape in shapes.items()}
        call = partial(_call, layer, dimensions)
        results, _ = eqx.filter_eval_shape(call, _skeleton(layer, dimensions), inputs)
    return {name: result.shape for name, result in results.items()}


def parameters(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Return the shape of every array of the model by its path."""
    return {name: leaf.shape for name, leaf in _named(_skeleton(layer, dimensions)).items()}


def defaults(dimensions: Dimensions) -> dict[str, Any]:
    """Describe a cell of `dimensions`, scanned over one sequence with no option chosen."""
    key = jax.random.key(0)
    cell = eqx.nn.LSTMCell(dimensions.embedding_dim, dimensions.hidden_units, key=key)
    shape = dimensions.time_steps, dimensions.embedding_dim

    def call(dtype: str) -> tuple[State, jax.Array]:
        return eqx.filter_eval_shape(LSTM(cell), jnp.zeros(shape, dtype), None)

    returned = call("float32")
    shapes = jax.tree_util.tree_map(lambda part: str(list(part.shape)), returned)
    forget = jnp.split(cell.bias, len(CONVENTION.gates))[CONVENTION.gates.index("f")].tolist()
    signature = inspect.signature(eqx.nn.LSTMCell)
    bare = [one.replace(annotation=one.empty) for one in signature.parameters.values()]
    return {
        "signature": str(signature.replace(parameters=bare)),
        "output_shape": list(returned[1].shape),
        "returns": str(shapes).replace("'", ""),
        "dtype": str(returned[1].dtype),
        "promotes": promoted(lambda dtype: str(call(dtype)[1].dtype)),
        "parameters": {name: list(array.shape) for name, array in _named(cell).items()},
        "forget_bias": forget[0] if len(set(forget)) == 1 else "random",
    }


def _call(
    layer: Layer, dimensions: Dimensions, model: Model, inputs: Arrays
) -> tuple[dict[str, jax.Array], str]:
    """All results by name, and how the last layer's scans hold what they return."""
    x = inputs["input"]
    results: dict[str, jax.Array] = {}
    for number in range(dimensions.num_layers):
        one = layer.at(number)
        returned, sequences = [], {}
        for direction in CONVENTION.directions[one.bidirectional]:
            name = f"layer_{number}{direction}"
            given = layer.initial_state == "given"
            state = (inputs[f"{name}.h"], inputs[f"{name}.c"]) if given else None
            returned.append(_vectorized(model[name], layer)(x, state))
            (h, c), sequences[f"output{direction}"] = returned[-1]
            results |= {f"{name}.h": h, f"{name}.c": c}
        if one.residual:
            sequences = {"output": sequences["output"] + x}
        x = jnp.concatenate(list(sequences.values()), axis=-1)
        if layer.dropout and number < dimensions.num_layers - 1:
            x = eqx.nn.Dropout(0.5, inference=True)(x)
    results |= sequences
    return results, " and ".join(outline(one, results) for one in returned)


def _vectorized(lstm: LSTM, layer: Layer) -> Callable[..., tuple[State, jax.Array]]:
    """`lstm` for as many batch axes as the layout has, and where it has them."""
    if layer.layout == "unbatched":
        return lstm
    if layer.layout == "time_major":
        return jax.vmap(lstm, in_axes=(1, 0), out_axes=(0, 1))
    batched = jax.vmap(lstm)
    return jax.vmap(batched) if layer.layout == "extra_batch" else batched


def _differentiated(
    call: Callable[..., Any], cotangents: Arrays, model: Model, inputs: Arrays
) -> tuple[dict[str, jax.Array], str]:
    """The same, with the gradients among the results."""
    results, pullback, container = eqx.filter_vjp(call, model, inputs, has_aux=True)
    unasked = {name: jnp.zeros_like(one) for name, one in results.items() if name not in cotangents}
    of_model, of_inputs = pullback({**cotangents, **unasked})
    gradients = _named(of_model) | of_inputs
    return results | {f"gradient of {name}": one for name, one in gradients.items()}, container


@lru_cache(maxsize=4)
def _skeleton(layer: Layer, dimensions: Dimensions) -> Model:
    """The model with shapes in the place of its arrays; no initializer runs."""

    def build() -> Model:
        model = {}
        for number, (one, own) in enumerate(stacked(layer, dimensions)):
            for direction in CONVENTION.directions[one.bidirectional]:
                cell = eqx.nn.LSTMCell(
                    own.embedding_dim,
                    own.hidden_units,
                    use_bias=one.bias,
                    dtype=jnp.dtype(layer.dtype),
                    key=jax.random.key(0),
                )
                reverse = one.reverse or direction == "_backward"
                unroll = max(dimensions.time_steps, 1) if layer.execution == "unrolled" else 1
                model[f"layer_{number}{direction}"] = LSTM(cell, reverse, unroll)
        return model

    with enable_x64(layer.dtype == "float64"):
        return eqx.filter_eval_shape(build)


def _reloaded(
    layer: Layer, dimensions: Dimensions, model: Model
) -> tuple[Model, dict[str, list[int]]]:
    """Save `model` and load it into a skeleton; the shapes of the arrays in the file, by place.

    A whole model's file begins with what the skeleton is built from.
    """
    with TemporaryFile() as file:
        if layer.checkpoint == "model":
            built = {"layer": asdict(layer), "dimensions": asdict(dimensions)}
            file.write(json.dumps(built).encode() + b"\n")
        eqx.tree_serialise_leaves(file, model)
        file.seek(0)
        if layer.checkpoint == "model":
            built = json.loads(file.readline())
            layer, dimensions = Layer(**built["layer"]), Dimensions(**built["dimensions"])
        start = file.tell()
        loaded = eqx.tree_deserialise_leaves(file, _skeleton(layer, dimensions))
        file.seek(start)
        places = range(len(jax.tree_util.tree_leaves(model)))
        return loaded, {str(place): list(np.load(file).shape) for place in places}


def _named(tree: Any) -> dict[str, Any]:
    """The leaves of `tree` by their paths."""
    return {_name(path): leaf for path, leaf in jax.tree_util.tree_leaves_with_path(tree)}


def _name(path: Any) -> str:
    # Not keystr(simple=True), which older releases of JAX do not have.
    return ".".join(
        str(getattr(key, "name", getattr(key, "key", getattr(key, "idx", key)))) for key in path
    )
