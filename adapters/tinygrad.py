"""tinygrad: ``nn.LSTMCell`` in a Python loop over time, the cells of all layers in one step.

tinygrad has a cell and nothing around it. The loop is its user's, as in tinygrad's own RNN-T, which
the cell was made for: time is the axis that the loop slices, and the sequence is what it stacks of
every step's h. A cell takes (batch, input) and, if any, ``(h, c)``; it hands back the next
``(h, c)``. It splits its gates on axis 1, so there is exactly one batch axis: of a vector without a
state it makes a row for each feature, in silence. A zero state has the input's dtype. Names and
gates are those of PyTorch's cell, with two biases, which start at zero. ``load_state_dict`` ignores
surplus tensors in silence.

Tensors are lazy: ``realize`` computes, and shapes are known without it. What is realized has no
history left to differentiate; so under gradients the whole is realized at last, else each step is.
``TinyJit`` captures the kernels of the second call, and replays them from the third.
"""

import inspect
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

os.environ["DEV"] = "CPU"
os.environ["NOOPT"] = "1"  # to optimize a kernel takes longer than to run one this small
os.environ["PARALLEL"] = "0"  # so does to start processes that compile them
os.environ["EMULATED_DTYPES"] = "bfloat16"  # clang has one of its own, or none, by version and CPU

from tinygrad import Tensor, TinyJit, dtypes, nn

from adapters.contract import (
    ANY,
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

PACKAGES = ("tinygrad",)
OLDEST = ("tinygrad==0.10.0",)
PROGRAMS = ("clang",)

CELL = "https://github.com/tinygrad/tinygrad/blob/master/tinygrad/nn/__init__.py"

CONVENTION = Convention(
    inputs={
        "input": Native("input", "batch time input"),
        "h_0": Native("cells.{layer}{direction}.h", "batch hidden"),
        "c_0": Native("cells.{layer}{direction}.c", "batch cell"),
    },
    results={
        "output": Native("output{direction}", "batch time hidden"),
        "h_n": Native("cells.{layer}{direction}.h", "batch hidden"),
        "c_n": Native("cells.{layer}{direction}.c", "batch cell"),
        "last": Native("cells.{layer}{direction}.h", "batch hidden"),
    },
    weights={
        "input_weights": Native("cells.{layer}{direction}.weight_ih", "(gate cell) input"),
        "recurrent_weights": Native("cells.{layer}{direction}.weight_hh", "(gate cell) hidden"),
        "input_bias": Native("cells.{layer}{direction}.bias_ih", "(gate cell)"),
        "recurrent_bias": Native("cells.{layer}{direction}.bias_hh", "(gate cell)"),
    },
    gates="ifgo",
    source=CELL,
    loader="nn.state.load_state_dict(model, {name: Tensor(one) for name, one in weights.items()})",
    spellings=(
        Spelling(
            "tinygrad.nn.LSTMCell",
            {
                "input_weights": Native("weight_ih", "(gate cell) input"),
                "recurrent_weights": Native("weight_hh", "(gate cell) hidden"),
                "input_bias": Native("bias_ih", "(gate cell)"),
                "recurrent_bias": Native("bias_hh", "(gate cell)"),
            },
        ),
    ),
    files=(
        File(
            ".safetensors",
            "tensors",
            save="nn.state.safe_save(nn.state.get_state_dict(model), FILE)",
            load="state = {k: one.numpy() for k, one in nn.state.safe_load(FILE).items()}",
        ),
    ),
)

SNIPPET = Snippet(
    (
        "from tinygrad import Tensor, nn\n",
        Line("cell = nn.LSTMCell($embedding_dim, $hidden_units)", {"bias": True}),
        Line("cell = nn.LSTMCell($embedding_dim, $hidden_units, bias=False)", {"bias": False}),
        Line(
            "x = Tensor.zeros($batch_size, $time_steps, $embedding_dim)", {"layout": "batch_major"}
        ),
        Line(
            "x = Tensor.zeros($time_steps, $batch_size, $embedding_dim)", {"layout": "time_major"}
        ),
        Line("state = None", {"initial_state": "zeros"}),
        Line(
            "zeros = Tensor.zeros($batch_size, $hidden_units)\nstate = (zeros, zeros)  # h, c",
            {"initial_state": "given"},
        ),
    ),
    (
        "sequence = []",
        "for step in range($time_steps):",
        Line("    state = cell(x[:, step], state)", {"layout": "batch_major"}),
        Line("    state = cell(x[step], state)", {"layout": "time_major"}),
        "    sequence.append(state[0])",
        Line("output = Tensor.stack(*sequence, dim=1)", {"layout": "batch_major"}),
        Line("output = Tensor.stack(*sequence)", {"layout": "time_major"}),
        'results = {"output": output, "cells.0.h": state[0], "cells.0.c": state[1]}',
    ),
    options=("bias", "initial_state", "layout", "return_sequences", "return_state"),
    fed="Tensor(array)",
    loading=(
        "from types import SimpleNamespace\n\nmodel = SimpleNamespace(cells=[cell])",
        "$loader",
    ),
)

GAPS = (
    Gap({"cell": ANY}, why="there is the plain cell and no other", source=CELL),
    Gap({"recurrent_activation": ANY}, why="the gates are sigmoids and nothing else", source=CELL),
    Gap({"activation": ANY}, why="tanh is fixed, and no argument", source=CELL),
    Gap(
        {"initial_state": ("h_0", "c_0")},
        why="the state of a cell is a pair of h and c",
        source=CELL,
    ),
    Gap(
        {"gradients": True},
        why="Tensor.gradient, which differentiates for tensors that are named, came in 0.10.1",
        source="https://github.com/tinygrad/tinygrad/blob/master/tinygrad/tensor.py",
        versions="tinygrad<0.10.1",
        own=True,
    ),
    Gap(
        {"bidirectional": True},
        why="there is a cell, and no layer that runs it both ways",
        source=CELL,
    ),
    Gap(
        {"reverse": True},
        why="there is a cell, and no layer that runs it backwards",
        source=CELL,
    ),
    Gap({"projection_size": ANY}, why="h is as wide as c, nothing projects it", source=CELL),
    Gap(
        {"lengths": "given"},
        why="a cell takes one step, and knows no sequence nor its length",
        source=CELL,
    ),
    Gap({"mask": "given"}, why="a cell takes one step, and knows no mask", source=CELL),
    Gap({"stateful": ANY}, why="a cell keeps no state, the caller hands it on", source=CELL),
    Gap(
        {"layout": ("unbatched", "extra_batch")},
        why="a cell splits its gates on axis 1, behind that of the batch",
        source=CELL,
    ),
    Gap(
        {"dtype": ("mixed_bfloat16", "mixed_float16")},
        why="there is no autocast, the dtypes of parameters and input decide",
        source=CELL,
    ),
    Gap(
        {"execution": "unrolled"},
        why="a loop over time is Python's, and unrolled in whatever is traced",
        source=CELL,
    ),
    Gap({"execution": "predict"}, why="a model is called and has no predict", source=CELL),
    Gap(
        {"checkpoint": "model"},
        why="a pickled model is not run; a file of safe_save holds a state_dict alone",
        source="https://github.com/tinygrad/tinygrad/pull/3787",
        own=True,
    ),
)

DTYPES = {getattr(dtypes, name): name for name in ("float32", "float64", "float16", "bfloat16")}


class LSTM:
    """The cells of all layers, and the loop around them."""

    def __init__(self, layer: Layer, dimensions: Dimensions) -> None:
        """Build a cell for each layer; their random weights are never computed."""
        self.cells = [
            nn.LSTMCell(own.embedding_dim, own.hidden_units, one.bias)
            for one, own in stacked(layer, dimensions)
        ]

    def __call__(
        self, layer: Layer, steps: Tensor, inputs: Mapping[str, Tensor], *, realize: bool
    ) -> tuple[Any, dict[str, Tensor]]:
        """Return what the last cell returns at the last of `steps`; by name, states and output."""
        states: list[Any] = [None] * len(self.cells)
        if layer.initial_state == "given":
            for number in range(len(states)):
                states[number] = inputs[f"cells.{number}.h"], inputs[f"cells.{number}.c"]
        sequence = []
        for step in range(steps.shape[0]):
            x = steps[step].contiguous()
            for number, cell in enumerate(self.cells):
                states[number] = cell(x, states[number])
                h = states[number][0]
                x = (h + x if layer.at(number).residual else h).dropout(0.5 * layer.dropout)
            if realize:
                Tensor.realize(*(part for state in states for part in state))
            sequence.append(x)
        results = {"output": Tensor.stack(*sequence, dim=_time(layer))}
        for number, (h, c) in enumerate(states):
            results |= {f"cells.{number}.h": h, f"cells.{number}.c": c}
        return states[-1], results


def run(
    layer: Layer, dimensions: Dimensions, weights: Mapping[str, Array], inputs: Mapping[str, Array]
) -> Results:
    """Load `weights` into the cells, loop over `inputs`; the output, h and c of each layer.

    Raises KeyError where a weight is missing, ValueError where it has another shape.
    """
    model, properties = LSTM(layer, dimensions), {}
    held, fed = _tensors(layer, weights), _tensors(layer, inputs)
    if layer.checkpoint == "weights":
        held, properties["checkpoint"] = _reloaded(held)
    nn.state.load_state_dict(model, held, verbose=False)
    cotangents = {name: fed.pop(name) for name in list(fed) if name.startswith("cotangent of ")}
    steps = fed["input"].transpose(0, _time(layer))
    if not layer.gradients:
        # Each step is a view of this buffer, so that all share their kernels. In a function under
        # TinyJit the buffer would be overwritten: its memory planner does not see who reads a view.
        steps = steps.contiguous().realize()

    def call() -> dict[str, Tensor]:
        returned, results = model(layer, steps, fed, realize=not layer.gradients)
        properties["container"] = outline(returned, results)
        if layer.gradients:
            leaves = fed | nn.state.get_state_dict(model)
            total = sum(
                (one * results[name.removeprefix("cotangent of ")]).sum()
                for name, one in cotangents.items()
            )
            gradients = total.gradient(*leaves.values())
            results |= {f"gradient of {n}": one for n, one in zip(leaves, gradients, strict=True)}
        Tensor.realize(*results.values())
        return results

    if layer.execution == "compiled":
        jitted = TinyJit(call)
        results = [jitted() for _ in range(3)][-1]
    else:
        results = call()
    return Results({name: _numpy(result) for name, result in results.items()}, **properties)


def infer(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Read the shapes of the same results from a call that nothing realizes."""
    batch = dimensions.batch_size
    steps = Tensor.empty(dimensions.time_steps, batch, dimensions.embedding_dim)
    inputs = {
        f"cells.{number}.{part}": Tensor.empty(batch, own.hidden_units)
        for number, (_, own) in enumerate(stacked(layer, dimensions))
        for part in "hc"
    }
    _, results = LSTM(layer, dimensions)(layer, steps, inputs, realize=False)
    return {name: result.shape for name, result in results.items()}


def parameters(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Return the shape of every parameter by its path."""
    state = nn.state.get_state_dict(LSTM(layer, dimensions))
    return {name: tensor.shape for name, tensor in state.items()}


def defaults(dimensions: Dimensions) -> dict[str, Any]:
    """Describe ``LSTMCell(input_size, hidden_size)``, called with one step of (batch, input)."""
    cell = nn.LSTMCell(dimensions.embedding_dim, dimensions.hidden_units)
    shape = dimensions.batch_size, dimensions.embedding_dim
    returned = cell(Tensor.zeros(*shape))
    forget = cell.bias_ih.chunk(len(CONVENTION.gates))[CONVENTION.gates.index("f")].tolist()
    return {
        "signature": str(inspect.signature(nn.LSTMCell)),
        "output_shape": list(returned[0].shape),
        "returns": outline(returned, {}),
        "dtype": DTYPES[returned[0].dtype],
        "promotes": promoted(
            lambda dtype: DTYPES[cell(Tensor.zeros(*shape, dtype=getattr(dtypes, dtype)))[0].dtype]
        ),
        "parameters": {
            name: list(one.shape) for name, one in nn.state.get_state_dict(cell).items()
        },
        "forget_bias": forget[0] if len(set(forget)) == 1 else "random",
    }


def _time(layer: Layer) -> int:
    """The axis of time in the input and in the output."""
    return 0 if layer.layout == "time_major" else 1


def _tensors(layer: Layer, arrays: Mapping[str, Array]) -> dict[str, Tensor]:
    dtype = getattr(dtypes, layer.dtype)
    tensors = {
        name: Tensor(array, dtype=dtype if array.dtype.kind == "f" else None)
        for name, array in arrays.items()
    }
    Tensor.realize(*tensors.values())
    return tensors


def _reloaded(weights: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, list[int]]]:
    """Save `weights` and load them from the file; the names in it, too."""
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder, "lstm.safetensors"))
        nn.state.safe_save(weights, file)
        loaded = {name: one.to(None).realize() for name, one in nn.state.safe_load(file).items()}
    return loaded, {name: list(tensor.shape) for name, tensor in loaded.items()}


def _numpy(tensor: Tensor) -> Array:
    array = tensor.numpy()  # of a bfloat16 in float32
    return Cast(array, "bfloat16") if DTYPES[tensor.dtype] == "bfloat16" else array
