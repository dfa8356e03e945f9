"""MLX: a list of ``mlx.nn.LSTM`` layers, each reading the hidden sequence of the one before.

A layer hands its user ``hidden, cell``: h and c of every step, each (batch, time, hidden). There is
no final state beside them: it is the last step. Any number of batch axes may stand before time,
none as well, so a matrix is one sequence. The initial state is two arguments, ``hidden`` and
``cell``, of no shape in particular: a c of width 1 serves all units, and an h and c of shape
(1, batch, hidden), as PyTorch has them, give both results an axis of 1 in front. A gate has one
bias. Nothing reverses, masks, projects or joins directions. Arrays are lazy: one that is not
evaluated has a shape, and costs nothing. Of the two formats of weights ``.safetensors`` refuses
float64, whose exp and sigmoid are right to seven digits.
"""

import inspect
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

os.environ["MLX_ENABLE_TF32"] = "0"  # TensorFloat-32 keeps 10 bits of a mantissa's 23

import mlx.core as mx
import numpy as np
from mlx import nn
from mlx.utils import tree_flatten, tree_unflatten

from adapters.contract import (
    ANY,
    GROUP,
    Array,
    Cast,
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

PACKAGES = ("mlx", "mlx-cpu|mlx-metal")
OLDEST = ("mlx==0.28.0", "mlx-cpu==0.28.0")

CONVENTION = Convention(
    inputs={
        "input": Native("input", "batch time input"),
        "h_0": Native("layers.{layer}{direction}.hidden", "batch hidden"),
        "c_0": Native("layers.{layer}{direction}.cell", "batch cell"),
    },
    results={
        "output": Native("layers.{layer}{direction}.hidden", "batch time hidden"),
        "h_n": Native("layers.{layer}{direction}.hidden", "batch time hidden"),
        "c_n": Native("layers.{layer}{direction}.cell", "batch time cell"),
        "last": Native("layers.{layer}{direction}.hidden", "batch time hidden"),
    },
    weights={
        "input_weights": Native("layers.{layer}{direction}.Wx", "(gate cell) input"),
        "recurrent_weights": Native("layers.{layer}{direction}.Wh", "(gate cell) hidden"),
        "bias": Native("layers.{layer}{direction}.bias", "(gate cell)"),
    },
    gates="ifgo",
    source="https://ml-explore.github.io/mlx/build/html/python/nn/_autosummary/mlx.nn.LSTM.html",
    loader="""for layer, lstm in lstms.items():
    lstm.load_weights([
        (name.removeprefix(f"layers.{layer}."), mx.array(one))
        for name, one in weights.items() if name.startswith(f"layers.{layer}.")
    ])""",
    spellings=(
        Spelling(
            "mlx.nn.LSTM",
            {
                "input_weights": Native("Wx", "(gate cell) input"),
                "recurrent_weights": Native("Wh", "(gate cell) hidden"),
                "bias": Native("bias", "(gate cell)"),
            },
        ),
    ),
    files=(
        File(
            ".safetensors",
            "tensors",
            save="model.save_weights(FILE)",
            load="state = mx.load(FILE)",
        ),
        File(".npz", "arrays", save="model.save_weights(FILE)", load="state = mx.load(FILE)"),
    ),
)

GIVEN = ("given", "h_0", "c_0")
SNIPPET = Snippet(
    (
        "import mlx.core as mx\nfrom mlx import nn\n",
        Line("lstm = nn.LSTM($embedding_dim, $hidden_units)", {"bias": True}),
        Line("lstm = nn.LSTM($embedding_dim, $hidden_units, bias=False)", {"bias": False}),
        Line("x = mx.zeros(($batch_size, $time_steps, $embedding_dim))", {"layout": "batch_major"}),
        Line("x = mx.zeros(($time_steps, $embedding_dim))", {"layout": "unbatched"}),
        Line(
            "x = mx.zeros((2, $batch_size, $time_steps, $embedding_dim))",
            {"layout": "extra_batch"},
        ),
        Line(
            "zeros = mx.zeros((2, $batch_size, $hidden_units))",
            {"initial_state": GIVEN, "layout": "extra_batch"},
        ),
        Line(
            "zeros = mx.zeros(($batch_size, $hidden_units))",
            {"initial_state": GIVEN, "layout": "batch_major"},
        ),
        Line("zeros = mx.zeros($hidden_units)", {"initial_state": GIVEN, "layout": "unbatched"}),
    ),
    (
        Line("hidden, cell = lstm(x)  # of every step", {"initial_state": "zeros"}),
        Line(
            "hidden, cell = lstm(x, hidden=zeros, cell=zeros)  # of every step",
            {"initial_state": "given"},
        ),
        Line("hidden, cell = lstm(x, hidden=zeros)  # of every step", {"initial_state": "h_0"}),
        Line("hidden, cell = lstm(x, cell=zeros)  # of every step", {"initial_state": "c_0"}),
        'results = {"layers.0.hidden": hidden, "layers.0.cell": cell}',
    ),
    options=("bias", "initial_state", "layout", "return_sequences", "return_state"),
    fed="mx.array(array)",
    loading=('lstms = {"0": lstm}', "$loader"),
)

ISSUES = "https://github.com/ml-explore/mlx/issues"
GAPS = (
    Gap(
        {"residual": True},
        why="what a layer hands out is its h of all steps: a sum with its input is none",
        source=CONVENTION.source,
    ),
    Gap({"cell": ANY}, why="no layer clips, sees c or couples its gates", source=CONVENTION.source),
    Gap(
        {"recurrent_activation": ANY},
        why="the gates are sigmoids and nothing else",
        source=CONVENTION.source,
    ),
    Gap({"activation": ANY}, why="tanh is fixed, and no argument", source=CONVENTION.source),
    Gap(
        {"bidirectional": True},
        why="no layer reads both ways, its user joins two of them",
        source=f"{ISSUES}/983",
    ),
    Gap(
        {"reverse": True},
        why="a layer reads forwards, its user reverses the input",
        source=f"{ISSUES}/983",
    ),
    Gap(
        {"projection_size": ANY},
        why="h is as wide as c, nothing projects it",
        source=CONVENTION.source,
    ),
    Gap(
        {"lengths": "given"},
        why="a layer has neither lengths nor a mask",
        source=CONVENTION.source,
    ),
    Gap({"mask": "given"}, why="a layer has neither lengths nor a mask", source=CONVENTION.source),
    Gap(
        {"stateful": ANY},
        why="a layer keeps no state, the caller hands it on",
        source=CONVENTION.source,
    ),
    Gap(
        {"layout": "time_major"},
        why="time is the last axis but one, after the batch",
        source=CONVENTION.source,
    ),
    Gap(
        {"dtype": ("mixed_bfloat16", "mixed_float16")},
        why="there is no autocast, the parameters decide",
        source=f"{ISSUES}/2834",
    ),
    Gap(
        {"execution": "unrolled"},
        why="the loop over time is Python's, and unrolled in whatever is traced",
        source=CONVENTION.source,
    ),
    Gap(
        {"execution": "predict"},
        why="a module is called and has no predict",
        source="https://ml-explore.github.io/mlx/build/html/python/nn/module.html",
    ),
    Gap(
        {"checkpoint": "model"},
        why="export_function, which writes the graph of a call to a file, is not run",
        source="https://ml-explore.github.io/mlx/build/html/usage/export.html",
        own=True,
    ),
)


class Stack(nn.Module):
    """The layers, with dropout between them."""

    def __init__(self, layer: Layer, dimensions: Dimensions) -> None:
        """Build as many layers as `dimensions` says; their random weights are never computed."""
        super().__init__()
        self.layers = [
            nn.LSTM(own.embedding_dim, own.hidden_units, one.bias)
            for one, own in stacked(layer, dimensions)
        ]
        self.dropout = nn.Dropout(0.5 * layer.dropout)

    def __call__(self, inputs: Mapping[str, mx.array]) -> list[tuple[mx.array, mx.array]]:
        """Return what each layer returns."""
        x, returned = inputs["input"], []
        for number, member in enumerate(self.layers):
            state = [inputs.get(f"layers.{number}.{part}") for part in ("hidden", "cell")]
            returned.append(member(x, *state))
            x = self.dropout(returned[-1][0])
        return returned


def run(
    layer: Layer, dimensions: Dimensions, weights: Mapping[str, Array], inputs: Mapping[str, Array]
) -> Results:
    """Load `weights` into the stack, call it with `inputs`; h and c of each layer and step.

    Raises ValueError where a weight is missing, surplus or of another shape.
    """
    module, properties = _build(layer, dimensions), {}
    held = _arrays(layer, weights)
    module.load_weights(list(held.items()))
    if layer.checkpoint == "weights":
        module, properties["checkpoint"] = _reloaded(module, layer, dimensions)
    fed = _arrays(layer, inputs)
    cotangents = {name: fed.pop(name) for name in list(fed) if name.startswith("cotangent of ")}
    gradients: dict[str, mx.array] = {}
    if layer.gradients:
        call = _executed(layer, _differentiated(module, cotangents))
        (_, returned), (of_weights, of_inputs) = call(held, fed)
        gradients = {f"gradient of {name}": one for name, one in (of_weights | of_inputs).items()}
    else:
        returned = _executed(layer, module)(fed)
    results = _named(returned)
    properties["container"] = outline(returned[-1], results)
    mx.eval(results, gradients)
    return Results({name: _numpy(one) for name, one in (results | gradients).items()}, **properties)


def infer(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Read the shapes of the same results from a call that nothing evaluates."""
    batch: Shape = (dimensions.batch_size,)
    if layer.layout in ("unbatched", "extra_batch"):
        batch = () if layer.layout == "unbatched" else (GROUP, *batch)
    shapes = {"input": (*batch, dimensions.time_steps, dimensions.embedding_dim)}
    parts = {"h_0": "hidden", "c_0": "cell"}
    for number, (_, own) in enumerate(stacked(layer, dimensions)):
        for state in layer.given_states:
            shapes[f"layers.{number}.{parts[state]}"] = (*batch, own.hidden_units)
    inputs = {name: mx.zeros(shape) for name, shape in shapes.items()}
    results = _named(_build(layer, dimensions)(inputs))
    return {name: result.shape for name, result in results.items()}


def parameters(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Return the shape of every parameter by its path."""
    held = tree_flatten(_build(layer, dimensions).trainable_parameters())
    return {name: parameter.shape for name, parameter in held}


def defaults(dimensions: Dimensions) -> dict[str, Any]:
    """Describe ``LSTM(input_size, hidden_size)``, called with (batch, time, input)."""
    module = nn.LSTM(dimensions.embedding_dim, dimensions.hidden_units)
    shape = dimensions.batch_size, dimensions.time_steps, dimensions.embedding_dim
    returned = module(mx.zeros(shape))
    forget = mx.split(module.bias, len(CONVENTION.gates))[CONVENTION.gates.index("f")].tolist()
    return {
        "signature": str(inspect.signature(nn.LSTM)),
        "output_shape": list(returned[0].shape),
        "returns": outline(returned, {}),
        "dtype": _dtype(returned[0]),
        "promotes": promoted(lambda dtype: _dtype(module(mx.zeros(shape, getattr(mx, dtype)))[0])),
        "parameters": {name: list(one.shape) for name, one in tree_flatten(module.parameters())},
        "forget_bias": forget[0] if len(set(forget)) == 1 else "random",
    }


def _dtype(array: mx.array) -> str:
    return str(array.dtype).removeprefix("mlx.core.")


def _build(layer: Layer, dimensions: Dimensions) -> Stack:
    return Stack(layer, dimensions).eval()


def _arrays(layer: Layer, arrays: Mapping[str, Array]) -> dict[str, mx.array]:
    dtype = getattr(mx, layer.dtype)
    return {
        name: mx.array(array, dtype if array.dtype.kind == "f" else None)
        for name, array in arrays.items()
    }


def _named(returned: list[tuple[mx.array, mx.array]]) -> dict[str, mx.array]:
    return {
        f"layers.{number}.{part}": array
        for number, pair in enumerate(returned)
        for part, array in zip(("hidden", "cell"), pair, strict=True)
    }


def _executed(layer: Layer, call: Callable[..., Any]) -> Callable[..., Any]:
    return mx.compile(call) if layer.execution == "compiled" else call


def _differentiated(module: Stack, cotangents: Mapping[str, mx.array]) -> Callable[..., Any]:
    """A function of weights and inputs: the sum and what the stack returned; the gradients."""

    def total(weights: Mapping[str, mx.array], inputs: Mapping[str, mx.array]) -> Any:
        module.update(tree_unflatten(list(weights.items())))
        returned = module(inputs)
        results = _named(returned)
        asked = [
            (one, results[name.removeprefix("cotangent of ")]) for name, one in cotangents.items()
        ]
        return sum((cotangent * one).sum() for cotangent, one in asked), returned

    return mx.value_and_grad(total, argnums=(0, 1))


def _reloaded(
    module: Stack, layer: Layer, dimensions: Dimensions
) -> tuple[Stack, dict[str, list[int]]]:
    """Save the weights and load them into a fresh stack; the names in the file, too."""
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder, "stack.npz"))
        module.save_weights(file)
        fresh = _build(layer, dimensions)
        fresh.load_weights(file)
        mx.eval(fresh.parameters())  # they are read when they are needed: before the file is gone
        return fresh, {name: list(one.shape) for name, one in mx.load(file).items()}


def _numpy(array: mx.array) -> Array:
    if array.dtype == mx.bfloat16:
        return Cast(np.array(array.astype(mx.float32)), "bfloat16")
    return np.array(array)
