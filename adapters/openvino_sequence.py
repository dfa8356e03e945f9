"""OpenVINO's own operation, ``LSTMSequence``, built with ``openvino.opset`` and run on the CPU.

One operation a layer. Unlike ONNX's it is batch-major: X is (batch, time, input), Y (batch,
direction, time, hidden), Ho and Co (batch, direction, hidden). Every input is required: both
states, the lengths and B, the sum of the two biases of a gate; its gates are f i c o. Y of a
reversed operation is aligned with X. `adapters/_openvino.py` tells what is true of every model.
"""

import inspect
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import openvino as ov

from adapters import _openvino
from adapters._openvino import COMPILED
from adapters.contract import (
    ANY,
    CLIP,
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

try:
    from openvino import Node
    from openvino import opset15 as ops
except ImportError:  # where older releases have them
    from openvino.runtime import Node
    from openvino.runtime import opset15 as ops

PACKAGES = ("openvino",)
OLDEST = ("openvino==2024.6.0",)

SPECIFICATION = (
    "https://docs.openvino.ai/2025/documentation/openvino-ir-format/operation-sets/"
    "operation-specs/sequence/lstm-sequence-1.html"
)

CONVENTION = Convention(
    inputs={
        "input": Native("X", "batch time input"),
        "lengths": Native("sequence_lengths", "batch"),
        "h_0": Native("layer_{layer}/initial_hidden_state", "batch direction hidden"),
        "c_0": Native("layer_{layer}/initial_cell_state", "batch direction cell"),
    },
    results={
        "output": Native("Y", "batch direction time hidden"),
        "h_n": Native("layer_{layer}/Ho", "batch direction hidden"),
        "c_n": Native("layer_{layer}/Co", "batch direction cell"),
        "last": Native("layer_{layer}/Ho", "batch direction hidden"),
    },
    weights={
        "input_weights": Native("layer_{layer}/W", "direction (gate cell) input"),
        "recurrent_weights": Native("layer_{layer}/R", "direction (gate cell) hidden"),
        "bias": Native("layer_{layer}/B", "direction (gate cell)"),
    },
    gates="figo",
    source=SPECIFICATION,
    loader="constants = {name: opset15.constant(array) for name, array in weights.items()}",
    spellings=(
        Spelling(
            "constants of an LSTMSequence",
            {
                "input_weights": Native("W", "direction (gate cell) input"),
                "recurrent_weights": Native("R", "direction (gate cell) hidden"),
                "bias": Native("B", "direction (gate cell)"),
            },
        ),
    ),
    files=(
        File(
            ".npz",
            "arrays",
            save="np.savez(FILE, **{one.get_friendly_name(): one.data for one in constants})",
            load="state = dict(np.load(FILE))",
        ),
    ),
)

SNIPPET = Snippet(
    (
        "import numpy as np\nimport openvino as ov\nfrom openvino import opset15\n",
        Line("directions = 1", {"bidirectional": False}),
        Line("directions = 2", {"bidirectional": True}),
        "tensors = {",
        '    "layer_0/W": np.zeros((directions, 4 * $hidden_units, $embedding_dim), np.float32),',
        '    "layer_0/R": np.zeros((directions, 4 * $hidden_units, $hidden_units), np.float32),',
        '    "layer_0/B": np.zeros((directions, 4 * $hidden_units), np.float32),',
        "}",
        "constants = {name: opset15.constant(array) for name, array in tensors.items()}",
        "x = np.zeros(($batch_size, $time_steps, $embedding_dim), np.float32)",
        "zeros = np.zeros(($batch_size, directions, $hidden_units), np.float32)",
    ),
    (
        "fed = opset15.parameter(x.shape)",
        "lstm = opset15.lstm_sequence(",
        "    fed,",
        "    opset15.constant(zeros),",
        "    opset15.constant(zeros),",
        "    opset15.constant(np.full($batch_size, $time_steps)),  # of each sequence",
        "    *constants.values(),",
        "    $hidden_units,",
        Line('    "forward",', {"bidirectional": False, "reverse": False}),
        Line('    "reverse",', {"reverse": True}),
        Line('    "bidirectional",', {"bidirectional": True}),
        ")",
        'compiled = ov.compile_model(ov.Model(lstm.outputs(), [fed]), "CPU")',
        "y, h, c = compiled(x).values()",
        'results = {"Y": y, "layer_0/Ho": h, "layer_0/Co": c}',
    ),
    options=(
        "bidirectional",
        "initial_state",
        "keep_order",
        "lengths",
        "return_sequences",
        "return_state",
        "reverse",
    ),
    fed="array",
)

GAPS = (
    *COMPILED,
    Gap(
        {"recurrent_activation": ("hard_sigmoid", "hard_sigmoid_fifth", "linear")},
        why="a gate is made by sigmoid, tanh or relu",
        source=SPECIFICATION,
    ),
    Gap(
        {"activation": ("linear", "softsign")},
        why="a cell is squashed by sigmoid, tanh or relu",
        source=SPECIFICATION,
    ),
    Gap(
        {"cell": ("peepholes", "coupled")},
        why="LSTMSequence-5 has no P, and the input_forget of LSTMSequence-1 is gone",
        source=SPECIFICATION,
    ),
    Gap(
        {"initial_state": ("h_0", "c_0")},
        why="initial_hidden_state and initial_cell_state are both required",
        source=SPECIFICATION,
    ),
    Gap(
        {"mask": "given"},
        why="the operation has sequence_lengths, and no mask",
        source=SPECIFICATION,
    ),
    Gap(
        {"execution": "unrolled"},
        why="the loop over time is the operation's own",
        source=SPECIFICATION,
    ),
    Gap({"bias": False}, why="B is required", source=SPECIFICATION),
    Gap(
        {"reverse": True, "keep_order": False},
        why="Y of a reversed LSTMSequence is aligned with X",
        source=SPECIFICATION,
    ),
    Gap(
        {"projection_size": ANY},
        why="the operation has no projection, h is as wide as c",
        source=SPECIFICATION,
    ),
    Gap(
        {"merge": ("sum", "mul", "ave")},
        why="Y keeps the directions apart, on an axis of their own",
        source=SPECIFICATION,
    ),
    Gap(
        {"layout": ANY},
        why="X has exactly the axes batch, time and input, in this order",
        source=SPECIFICATION,
    ),
    Gap({"dropout": True}, why="the operation has no dropout", source=SPECIFICATION),
    Gap(
        {"checkpoint": "weights"},
        why="the .bin of a saved model has no names and is read with its .xml alone",
        source="https://docs.openvino.ai/2025/documentation/openvino-ir-format.html",
    ),
)


def run(
    layer: Layer, dimensions: Dimensions, weights: Mapping[str, Array], inputs: Mapping[str, Array]
) -> Results:
    """Build, compile and call the model; ``Y``, and ``Ho`` and ``Co`` of each layer.

    Raises KeyError where a weight is missing.
    """
    kind = _openvino.element(layer)
    given = {
        name: ops.constant(_openvino.tensor(array, kind), name=name)
        for name, array in weights.items()
    }
    model = _build(layer, dimensions, given)
    properties: dict[str, Any] = {}
    if layer.checkpoint == "model":
        model, properties["checkpoint"] = _reloaded(model, weights)
    states = {
        f"layer_{number}/initial_{state}": f"layer_{number}/{final}"
        for number in range(dimensions.num_layers)
        for state, final in (("hidden_state", "Ho"), ("cell_state", "Co"))
    }
    results = _openvino.run(layer, model, inputs, states)
    return Results(results, **results.properties, **properties)


def infer(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Read the shapes of the same results from a model whose weights are inputs."""
    return _openvino.shapes(_build(layer, dimensions))


def defaults(dimensions: Dimensions) -> dict[str, Any]:
    """Describe ``lstm_sequence`` with nothing but what it requires, and zeros for that."""
    model = _build(Layer(), dimensions)
    fed = {one.any_name: np.zeros(one.shape, np.float32) for one in model.inputs}
    compiled = _openvino.compiled(model)
    returned = {one.any_name: array for one, array in compiled(fed).items()}

    def promotes(dtype: str) -> str:
        x = fed["X"]  # NumPy has no bfloat16
        x = _openvino.tensor(x, ov.Type.bf16) if dtype == "bfloat16" else x.astype(dtype)
        return str(compiled(fed | {"X": x})["Y"].dtype)

    parameters = inspect.signature(ops.lstm_sequence).parameters.values()
    bare = [one.replace(annotation=one.empty) for one in parameters]
    return {
        "signature": str(inspect.Signature(bare)),
        "output_shape": list(returned["Y"].shape),
        "returns": outline(returned, {}),
        "dtype": str(returned["Y"].dtype),
        "promotes": promoted(promotes),
        "parameters": {name: list(fed[name].shape) for name in fed if name != "X"},
        "forget_bias": "given",
    }


def _reloaded(
    model: ov.Model, weights: Mapping[str, Array]
) -> tuple[ov.Model, dict[str, list[int]]]:
    """`model` as it comes out of a file, and the shapes of the weights there."""
    with TemporaryDirectory() as folder:
        file = Path(folder, "stack.xml")
        ov.save_model(model, file, compress_to_fp16=False)  # or the weights are rounded
        loaded = _openvino.CORE.read_model(file)
    nodes = {node.get_friendly_name(): node for node in loaded.get_ops()}
    return loaded, {name: list(nodes[name].shape) for name in weights}


def _build(
    layer: Layer, dimensions: Dimensions, weights: Mapping[str, Node] | None = None
) -> ov.Model:
    """Return the model of the stack; where no `weights` are given, they are inputs of it."""
    kind, batch = _openvino.element(layer), dimensions.batch_size
    inputs: list[Node] = []
    outputs: list[ov.Output] = []

    def declared(name: str, shape: Shape, kind: ov.Type = kind) -> Node:
        inputs.append(ops.parameter(shape, kind, name=name))
        return inputs[-1]

    x = declared("X", (batch, dimensions.time_steps, dimensions.embedding_dim))
    if layer.lengths == "given":
        lengths = declared("sequence_lengths", (batch,), ov.Type.i32)
    else:
        lengths = ops.constant(np.full(batch, dimensions.time_steps, np.int32))
    for number, (one, own) in enumerate(stacked(layer, dimensions)):
        name = f"layer_{number}/"
        directions, hidden = one.num_directions, own.hidden_units
        way = "reverse" if one.reverse else "forward"
        state = (batch, directions, hidden)
        if layer.initial_state == "given" or layer.stateful != "no":
            states = [declared(f"{name}initial_{of}_state", state) for of in ("hidden", "cell")]
        else:
            states = [ops.constant(np.zeros(state), kind)] * 2
        shapes = {
            f"{name}W": (directions, 4 * hidden, own.embedding_dim),
            f"{name}R": (directions, 4 * hidden, hidden),
            f"{name}B": (directions, 4 * hidden),
        }
        held = [declared(n, shapes[n]) if weights is None else weights[n] for n in shapes]
        lstm = ops.lstm_sequence(
            x,
            *states,
            lengths,
            *held,
            hidden,
            "bidirectional" if one.bidirectional else way,
            clip=CLIP if one.cell == "clipped" else 0.0,
            activations=[one.recurrent_activation, one.activation, one.activation],
        )
        y, *final = lstm.outputs()
        if one.residual:  # the features of x, one half for each direction, as y has them
            parted = ops.reshape(x, [0, 0, directions, hidden], special_zero=True)
            y = ops.add(y, ops.transpose(parted, [0, 2, 1, 3])).output(0)
        for output, label in zip(final, ("Ho", "Co"), strict=True):
            output.set_names({f"{name}{label}"})
        outputs += final
        joined = [0, 0, directions * hidden]
        x = ops.reshape(ops.transpose(y, [0, 2, 1, 3]), joined, special_zero=True)
    y.set_names({"Y"})
    return ov.Model([y, *outputs], inputs, "stack")
