"""PyTorch's ``torch.nn.LSTMCell``, the cells of all layers in a Python loop over time.

The loop is its user's, as in code that looks at each step, or that decides after each what is read
next: here all layers take one step before any takes the next, and the h of the last are stacked. A
cell hands its user the tuple (h, c), each (batch, hidden), and takes one such tuple or none. It
drops nothing; a ``Dropout`` stands between layers. An input of one axis is one sequence.
"""

import inspect
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from adapters._torch import answered, tensors
from adapters.contract import (
    ANY,
    Array,
    Convention,
    Dimensions,
    Gap,
    Layer,
    Line,
    Native,
    Results,
    Shape,
    Snippet,
    outline,
    promoted,
    stacked,
)

PACKAGES = ("torch",)
OLDEST = ("torch==2.13.0",)

CELL = "https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTMCell.html"

CONVENTION = Convention(
    inputs={
        "input": Native("input", "batch time input"),
        "h_0": Native("h_{layer}{direction}", "batch hidden"),
        "c_0": Native("c_{layer}{direction}", "batch cell"),
    },
    results={
        "output": Native("output{direction}", "batch time hidden"),
        "h_n": Native("h_{layer}{direction}", "batch hidden"),
        "c_n": Native("c_{layer}{direction}", "batch cell"),
        "last": Native("h_{layer}{direction}", "batch hidden"),
    },
    weights={
        "input_weights": Native("{layer}{direction}.weight_ih", "(gate cell) input"),
        "recurrent_weights": Native("{layer}{direction}.weight_hh", "(gate cell) hidden"),
        "input_bias": Native("{layer}{direction}.bias_ih", "(gate cell)"),
        "recurrent_bias": Native("{layer}{direction}.bias_hh", "(gate cell)"),
    },
    gates="ifgo",
    source=CELL,
    loader="cells.load_state_dict({name: torch.as_tensor(one) for name, one in weights.items()})",
)

SNIPPET = Snippet(
    (
        "import torch",
        "",
        Line("widths = [$embedding_dim]  # one layer", {"num_layers": 1}),
        Line(
            "widths = [$embedding_dim] + [$hidden_units] * ($num_layers - 1)", {"num_layers": ANY}
        ),
        "cells = torch.nn.ModuleList(",
        Line(
            "    torch.nn.LSTMCell(width, $hidden_units) for width in widths",
            {"bias": True},
        ),
        Line(
            "    torch.nn.LSTMCell(width, $hidden_units, bias=False) for width in widths",
            {"bias": False},
        ),
        ")",
        Line(
            "x = torch.zeros($batch_size, $time_steps, $embedding_dim)",
            {"layout": "batch_major"},
        ),
        Line("x = torch.zeros($time_steps, $batch_size, $embedding_dim)", {"layout": "time_major"}),
        Line("x = torch.zeros($time_steps, $embedding_dim)", {"layout": "unbatched"}),
        Line(
            "zeros = torch.zeros($batch_size, $hidden_units)",
            {"initial_state": "given", "layout": ("batch_major", "time_major")},
        ),
        Line(
            "zeros = torch.zeros($hidden_units)",
            {"initial_state": "given", "layout": "unbatched"},
        ),
    ),
    (
        Line("states = [None] * len(cells)  # zeros", {"initial_state": "zeros"}),
        Line("states = [(zeros, zeros)] * len(cells)  # h, c", {"initial_state": "given"}),
        "sequence = []",
        Line("for step in x.unbind(1):", {"layout": "batch_major"}),
        Line("for step in x.unbind(0):", {"layout": ("time_major", "unbatched")}),
        "    for number, cell in enumerate(cells):",
        "        states[number] = cell(step, states[number])",
        "        step = states[number][0]  # h, which the next layer reads",
        "    sequence.append(step)",
        Line("output = torch.stack(sequence, 1)", {"layout": "batch_major"}),
        Line("output = torch.stack(sequence, 0)", {"layout": ("time_major", "unbatched")}),
        'results = {"output": output}',
        "for number, (h, c) in enumerate(states):",
        '    results |= {f"h_{number}": h, f"c_{number}": c}',
    ),
    options=("bias", "initial_state", "layout", "num_layers", "return_sequences", "return_state"),
    fed="torch.as_tensor(array)",
)

GAPS = (
    Gap({"bidirectional": True}, why="a cell takes one step, and has no directions", source=CELL),
    Gap({"reverse": True}, why="a cell takes one step, and has no directions", source=CELL),
    Gap({"layout": "extra_batch"}, why="an input has one batch axis at most", source=CELL),
    Gap({"projection_size": ANY}, why="h is as wide as c, nothing projects it", source=CELL),
    Gap({"lengths": "given"}, why="a cell takes one step, and knows no sequence", source=CELL),
    Gap({"mask": "given"}, why="a cell takes one step, and knows no sequence", source=CELL),
    Gap({"cell": ANY}, why="the kernel has the plain cell and no other", source=CELL),
    Gap({"recurrent_activation": ANY}, why="the gates are sigmoids", source=CELL),
    Gap({"activation": ANY}, why="tanh is in the kernel, and no argument", source=CELL),
    Gap({"initial_state": ("h_0", "c_0")}, why="hx is a pair of h_0 and c_0", source=CELL),
    Gap({"execution": "unrolled"}, why="the loop is the caller's", source=CELL),
    Gap({"stateful": ANY}, why="a cell keeps no state, the caller hands it on", source=CELL),
    Gap({"execution": "predict"}, why="a module is called and has no predict", source=CELL),
)


class Loop(torch.nn.ModuleList):
    """The cells of all layers, and the loop around them."""

    residual: list[bool]  # of each layer, whether its step is added to what it hands out

    def forward(self, steps: torch.Tensor, states: list[Any], dropout: Any) -> Any:
        """Return the h of the last cell at each of `steps`, and the states of all cells."""
        sequence = []
        for x in steps:
            for number, cell in enumerate(self):
                read = dropout(x) if number else x
                states[number] = cell(read, states[number])
                x = states[number][0]
                x = x + read if self.residual[number] else x
            sequence.append(x)
        return sequence, states


def run(
    layer: Layer, dimensions: Dimensions, weights: Mapping[str, Array], inputs: Mapping[str, Array]
) -> Results:
    """Load `weights` into the cells and loop over the input; the output, h and c of each layer.

    Raises RuntimeError where a weight is missing, surplus or of another shape, ValueError for an
    input without an axis of time.
    """
    cells = _cells(layer, dimensions)
    cells.load_state_dict(tensors(layer, weights), assign=True)
    properties: dict[str, Any] = {}
    if layer.checkpoint != "none":
        cells = _restored(cells, layer, dimensions)
        properties["checkpoint"] = {n: list(one.shape) for n, one in cells.state_dict().items()}
    loop: Any = cells
    if layer.execution == "compiled":
        torch.compiler.reset()  # or earlier modules count as recompilations of this one
        loop = torch.compile(cells, backend="aot_eager", fullgraph=True)  # needs no C++ compiler

    def call(fed: Mapping[str, torch.Tensor]) -> tuple[Any, dict[str, torch.Tensor]]:
        return _called(loop, layer, dimensions, fed)

    with torch.autocast("cpu", _narrow(layer), enabled="mixed" in layer.dtype):
        results = answered(layer, tensors(layer, inputs), dict(cells.named_parameters()), call)
    return Results(results, **results.properties, **properties)


def infer(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Read the shapes of the same results from a loop on the meta device: no value is computed."""
    batch = () if layer.layout == "unbatched" else (dimensions.batch_size,)
    shape = (*batch, dimensions.time_steps)
    if layer.layout == "time_major":
        shape = (dimensions.time_steps, *batch)
    inputs = {"input": torch.empty(*shape, dimensions.embedding_dim, device="meta")}
    for number, (_, own) in enumerate(stacked(layer, dimensions)):
        state = torch.empty(*batch, own.hidden_units, device="meta")
        inputs |= {f"h_{number}": state, f"c_{number}": state}
    with torch.no_grad():
        plain = Layer(layers=layer.layers)
        _, results = _called(_cells(plain, dimensions), layer, dimensions, inputs)
    return {name: tuple(one.shape) for name, one in results.items()}


def parameters(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Return the shape of every parameter by its name in a list of cells."""
    cells = _cells(layer, dimensions)
    return {name: tuple(one.shape) for name, one in cells.named_parameters()}


def defaults(dimensions: Dimensions) -> dict[str, Any]:
    """Describe ``LSTMCell(input_size, hidden_size)``, called with one step of (batch, input)."""
    cell = torch.nn.LSTMCell(dimensions.embedding_dim, dimensions.hidden_units)
    shape = dimensions.batch_size, dimensions.embedding_dim

    def fed(dtype: str) -> str:
        with torch.no_grad():
            h, _ = cell(torch.zeros(shape, dtype=getattr(torch, dtype)))
        return str(h.dtype).removeprefix("torch.")

    with torch.no_grad():
        returned = cell(torch.zeros(shape))
    forget = cell.bias_ih.chunk(len(CONVENTION.gates))[CONVENTION.gates.index("f")].tolist()
    return {
        "signature": str(inspect.signature(torch.nn.LSTMCell)),
        "output_shape": list(returned[0].shape),
        "returns": outline(returned, {}),
        "dtype": str(returned[0].dtype).removeprefix("torch."),
        "promotes": promoted(fed),
        "parameters": {name: list(one.shape) for name, one in cell.named_parameters()},
        "forget_bias": forget[0] if len(set(forget)) == 1 else "random",
    }


def _cells(layer: Layer, dimensions: Dimensions) -> Loop:
    """The cells in evaluation, with their parameters on the meta device."""
    cells = Loop()
    dtype = torch.float32 if "mixed" in layer.dtype else getattr(torch, layer.dtype)
    for one, own in stacked(layer, dimensions):
        sizes = own.embedding_dim, own.hidden_units
        cells.append(torch.nn.LSTMCell(*sizes, one.bias, device="meta", dtype=dtype))
    cells.residual = [one.residual for one, _ in stacked(layer, dimensions)]
    return cells.eval()


def _called(
    loop: Any, layer: Layer, dimensions: Dimensions, inputs: Mapping[str, torch.Tensor]
) -> tuple[Any, dict[str, torch.Tensor]]:
    """What the last cell returned at the last step; by name, the output and all states."""
    steps = inputs["input"]
    axis = 1 if layer.layout == "batch_major" else 0
    if steps.ndim <= axis:
        raise ValueError(f"there is no axis of time in {tuple(steps.shape)}")
    numbers = range(dimensions.num_layers)
    states = [None] * dimensions.num_layers
    if layer.initial_state == "given":
        states = [(inputs[f"h_{number}"], inputs[f"c_{number}"]) for number in numbers]
    dropout = torch.nn.Dropout(0.5 * layer.dropout).eval()
    sequence, states = loop(steps.unbind(axis), states, dropout)
    results = {"output": torch.stack(sequence, axis)}
    for number, (h, c) in enumerate(states):
        results |= {f"h_{number}": h, f"c_{number}": c}
    return states[-1], results


def _restored(cells: Loop, layer: Layer, dimensions: Dimensions) -> Loop:
    """The cells as they come out of a file, or with weights that do."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "cells.pt"
        if layer.checkpoint == "model":
            torch.save(cells, file)
            return torch.load(file, weights_only=False)
        torch.save(cells.state_dict(), file)
        loaded = _cells(layer, dimensions)
        loaded.load_state_dict(torch.load(file, weights_only=True), assign=True)
        return loaded


def _narrow(layer: Layer) -> torch.dtype:
    return torch.float16 if layer.dtype == "mixed_float16" else torch.bfloat16
