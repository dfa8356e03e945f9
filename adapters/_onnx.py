"""What the runtimes of an ONNX model share: the model, and how its tensors are named and laid out.

An ONNX LSTM is one node a layer. Its X is (time, batch, input), and its Y (time, direction, batch,
hidden): the directions have an axis of their own, so that between two layers a Transpose and a
Reshape put them side by side. Y_h and Y_c are (direction, batch, hidden). Y of a reversed node is
aligned with X: its Y_h is the first step of Y. Each output may be left out, as here where no state
is asked for. A gate has two biases, which lie behind one another in one tensor, B = [Wb, Rb]. The
peepholes P are of i, o and f.

A function of a gate is one of a list of names, three for each direction, some with an alpha and a
beta, which stand in lists of their own in the order of the names that take them. HardSigmoid is
0.2x + 0.5, cut to 0 and 1, where neither is given.

The attribute ``layout=1``, batch first, is in no use here: ONNX Runtime refuses it on a CPU
(https://github.com/opencv/opencv/issues/26456), and OpenVINO reads such a model as if it had
layout 0 (https://github.com/openvinotoolkit/openvino/issues/37820). Batch-major cases are fed, and
come back, time-major.

No operator makes weights: who builds the node gives them, and so nothing lists parameters.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

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
    Spelling,
    outline,
    promoted,
    stacked,
)

SPECIFICATION = "https://onnx.ai/onnx/operators/onnx__LSTM.html"

CONVENTION = Convention(
    inputs={
        "input": Native("X", "time batch input"),
        "lengths": Native("sequence_lens", "batch"),
        "h_0": Native("layer_{layer}/initial_h", "direction batch hidden"),
        "c_0": Native("layer_{layer}/initial_c", "direction batch cell"),
    },
    results={
        "output": Native("Y", "time direction batch hidden"),
        "h_n": Native("layer_{layer}/Y_h", "direction batch hidden"),
        "c_n": Native("layer_{layer}/Y_c", "direction batch cell"),
        "last": Native("layer_{layer}/Y_h", "direction batch hidden"),
    },
    weights={
        "input_weights": Native("layer_{layer}/W", "direction (gate cell) input"),
        "recurrent_weights": Native("layer_{layer}/R", "direction (gate cell) hidden"),
        "input_bias": Native("layer_{layer}/B", "direction (gate cell)", along=1),
        "recurrent_bias": Native("layer_{layer}/B", "direction (gate cell)", along=1),
        "peephole_weights": Native("layer_{layer}/P", "direction (peephole cell)"),
    },
    gates="iofg",
    source=SPECIFICATION,
    loader="""for number, node in enumerate(one for one in graph.node if one.op_type == "LSTM"):
    for letter, name in zip("WRB", node.input[1:4]):
        for own in graph.initializer:
            if own.name == name:
                array = weights[f"layer_{number}/{letter}"]
                own.CopyFrom(onnx.numpy_helper.from_array(array, name))""",
    spellings=(
        Spelling(
            "an LSTM node's constants, by the node's name",
            {
                "input_weights": Native("W", "direction (gate cell) input"),
                "recurrent_weights": Native("R", "direction (gate cell) hidden"),
                "input_bias": Native("B", "direction (gate cell)", along=1),
                "recurrent_bias": Native("B", "direction (gate cell)", along=1),
            },
        ),
    ),
    files=(
        File(
            ".onnx",
            "graph",
            save="onnx.save(model, FILE)",
            load="state = {one.name: onnx.numpy_helper.to_array(one) "
            "for one in onnx.load(FILE).graph.initializer}",
        ),
    ),
)

H, C = ("given", "h_0"), ("given", "c_0")
BUILT: tuple[Line | str, ...] = (  # of a snippet, behind the imports
    "from onnx import TensorProto, helper, numpy_helper",
    "",
    Line("directions = 1", {"bidirectional": False}),
    Line("directions = 2", {"bidirectional": True}),
    "constants = {",
    '    "W": np.zeros((directions, 4 * $hidden_units, $embedding_dim), np.float32),',
    '    "R": np.zeros((directions, 4 * $hidden_units, $hidden_units), np.float32),',
    Line('    "B": np.zeros((directions, 8 * $hidden_units), np.float32),', {"bias": True}),
    "}",
    "fed = {",
    '    "X": ($time_steps, $batch_size, $embedding_dim),',
    Line('    "initial_h": (directions, $batch_size, $hidden_units),', {"initial_state": H}),
    Line('    "initial_c": (directions, $batch_size, $hidden_units),', {"initial_state": C}),
    "}",
    "lstm = helper.make_node(",
    '    "LSTM",',
    "    [",
    '        "X",',
    "        *constants,",
    Line('        "",  # no B', {"bias": False, "initial_state": (*H, "c_0")}),
    Line('        "",  # no sequence_lens', {"initial_state": (*H, "c_0")}),
    Line('        "initial_h",', {"initial_state": H}),
    Line('        "",  # no initial_h', {"initial_state": "c_0"}),
    Line('        "initial_c",', {"initial_state": C}),
    "    ],",
    '    ["Y", "Y_h", "Y_c"],',
    "    hidden_size=$hidden_units,",
    Line('    direction="bidirectional",', {"bidirectional": True}),
    Line('    direction="reverse",', {"reverse": True}),
    ")",
    "graph = helper.make_graph(",
    "    [lstm],",
    '    "lstm",',
    "    [",
    "        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)",
    "        for name, shape in fed.items()",
    "    ],",
    "    [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in lstm.output],",
    "    [numpy_helper.from_array(array, name) for name, array in constants.items()],",
    ")",
    "x = np.zeros(($time_steps, $batch_size, $embedding_dim), np.float32)",
    'inputs = {"X": x}',
    "zeros = np.zeros((directions, $batch_size, $hidden_units), np.float32)",
    Line('inputs["initial_h"] = zeros', {"initial_state": H}),
    Line('inputs["initial_c"] = zeros', {"initial_state": C}),
)
MODEL = (
    'opset = helper.make_opsetid("", 22)\n'
    "model = helper.make_model(graph, opset_imports=[opset], ir_version=10)"
)
NAMED = 'results = {"Y": y, "layer_0/Y_h": h, "layer_0/Y_c": c}'
LOADING: tuple[Line | str, ...] = ("import onnx\n", "$loader")
OPTIONS = (
    "bias",
    "bidirectional",
    "initial_state",
    "keep_order",
    "return_sequences",
    "return_state",
    "reverse",
)

OPERATOR = (  # what no runtime adds to the operator
    Gap(
        {"reverse": True, "keep_order": False},
        why="Y of a reversed LSTM is aligned with X",
        source=SPECIFICATION,
    ),
    Gap({"mask": "given"}, why="the operator has sequence_lens, and no mask", source=SPECIFICATION),
    Gap(
        {"execution": "unrolled"},
        why="the loop over time is the operator's own",
        source=SPECIFICATION,
    ),
    Gap(
        {"projection_size": ANY},
        why="the operator has no projection, h is as wide as c",
        source=SPECIFICATION,
    ),
    Gap(
        {"merge": ("sum", "mul", "ave")},
        why="Y keeps the directions apart, on an axis of their own",
        source=SPECIFICATION,
    ),
    Gap(
        {"layout": ("unbatched", "extra_batch")},
        why="X has exactly the axes time, batch and input",
        source=SPECIFICATION,
    ),
    Gap(
        {"dropout": True},
        why="the Dropout operator, which may stand between two LSTMs, is not put there",
        source="https://onnx.ai/onnx/operators/onnx__Dropout.html",
        own=True,
    ),
)
# Of runtimes that compute in the type of the model alone, and hold nothing from call to call.
PURE = (
    *OPERATOR,
    Gap(
        {"stateful": ANY},
        why="the operator keeps no state, it hands it out and is given it",
        source=SPECIFICATION,
    ),
    Gap(
        {"dtype": ("mixed_bfloat16", "mixed_float16")},
        why="X, W, R, B and Y are all of one type",
        source=SPECIFICATION,
    ),
)

Opset: TypeAlias = tuple[int, int]  # a set of operators, and a version of the format that holds it
OPSETS: tuple[Opset, ...] = tuple(  # the first with an LSTM of bfloat16, and before; of those here
    one for one in ((22, 10), (14, 8)) if one[0] <= onnx.defs.onnx_opset_version()
)
ELEMENTS = {
    "float64": TensorProto.DOUBLE,
    "float16": TensorProto.FLOAT16,
    "bfloat16": TensorProto.BFLOAT16,
}

# A model or its file, and inputs by name, to the outputs, in a list or by name.
Call = Callable[[bytes | str, Mapping[str, Any]], list[Any] | dict[str, Any]]


FUNCTIONS: dict[str, tuple[str, tuple[float, ...]]] = {  # with alpha and beta, if it has them
    "sigmoid": ("Sigmoid", ()),
    "hard_sigmoid": ("HardSigmoid", (1 / 6, 0.5)),
    "hard_sigmoid_fifth": ("HardSigmoid", (0.2, 0.5)),
    "tanh": ("Tanh", ()),
    "relu": ("Relu", ()),
    "linear": ("Affine", (1.0, 0.0)),
    "softsign": ("Softsign", ()),
}


def functions(layer: Layer) -> dict[str, Any]:
    """The attributes that name the functions of the gates, of the candidate and of c.

    Those that a node has anyway are left out, and so are alpha and beta where all have their
    defaults.
    """
    chosen = (layer.recurrent_activation, layer.activation, layer.activation)
    if chosen == ("sigmoid", "tanh", "tanh"):
        return {}
    told = [FUNCTIONS[one] for one in chosen] * layer.num_directions
    attributes: dict[str, Any] = {"activations": [name for name, _ in told]}
    if "hard_sigmoid" in chosen:
        attributes["activation_alpha"] = [given[0] for _, given in told if given]
        attributes["activation_beta"] = [given[1] for _, given in told if given]
    return attributes


def build(
    layer: Layer,
    dimensions: Dimensions,
    weights: Mapping[str, Array] | None = None,
    opset: Opset = OPSETS[0],
) -> onnx.ModelProto:
    """Return the model of the stack, with `weights` as initializers; without, as further inputs.

    Raises KeyError where a weight is missing or surplus.
    """
    element = ELEMENTS.get(layer.dtype, TensorProto.FLOAT)
    x = "X"
    inputs = {x: (dimensions.time_steps, dimensions.batch_size, dimensions.embedding_dim)}
    tensors: dict[str, Shape] = {}
    nodes, outputs = [], []
    for number, (one, own) in enumerate(stacked(layer, dimensions)):
        name = f"layer_{number}/"
        directions, hidden, width = one.num_directions, own.hidden_units, own.embedding_dim
        tensors |= {
            f"{name}W": (directions, 4 * hidden, width),
            f"{name}R": (directions, 4 * hidden, hidden),
        }
        if one.bias:
            tensors[f"{name}B"] = (directions, 8 * hidden)
        if one.cell == "peepholes":
            tensors[f"{name}P"] = (directions, 3 * hidden)
        states = [""] * 2  # an empty name is an optional input left out
        for place, state in enumerate(("h_0", "c_0")):
            if state in layer.given_states:
                states[place] = f"{name}initial_{state[0]}"
                inputs[states[place]] = (directions, dimensions.batch_size, hidden)
        handed = [f"{name}Y_h"] if layer.return_state or not layer.return_sequences else []
        handed += [f"{name}Y_c"] if layer.return_state else []
        last = number == dimensions.num_layers - 1
        y = "Y" if last else f"{name}Y"
        bias, lengths = f"{name}B" * one.bias, "sequence_lens" * (layer.lengths == "given")
        peepholes = [f"{name}P"] if one.cell == "peepholes" else []
        way = "reverse" if one.reverse else "forward"
        nodes.append(
            helper.make_node(
                "LSTM",
                [x, f"{name}W", f"{name}R", bias, lengths, *states, *peepholes],
                [f"{name}before" if one.residual else y, *handed],
                hidden_size=hidden,
                direction="bidirectional" if one.bidirectional else way,
                **functions(one),
                **({"clip": CLIP} if one.cell == "clipped" else {}),
                **({"input_forget": 1} if one.cell == "coupled" else {}),
            )
        )
        if one.residual:  # the features of X, one half for each direction, as Y has them
            halves = [0, 0, directions, hidden]
            nodes += [
                helper.make_node("Constant", [], [f"{name}halves"], value_ints=halves),
                helper.make_node("Reshape", [x, f"{name}halves"], [f"{name}parted"]),
                helper.make_node(
                    "Transpose", [f"{name}parted"], [f"{name}read"], perm=[0, 2, 1, 3]
                ),
                helper.make_node("Add", [f"{name}before", f"{name}read"], [y]),
            ]
        outputs += handed
        if not last:
            x, width = f"{name}joined", directions * hidden
            nodes += [
                helper.make_node("Transpose", [y], [f"{name}beside"], perm=[0, 2, 1, 3]),
                # A node, no initializer: no shape is inferred from a number in another file.
                helper.make_node("Constant", [], [f"{name}shape"], value_ints=[0, 0, width]),
                helper.make_node("Reshape", [f"{name}beside", f"{name}shape"], [x]),
            ]
    declared = [helper.make_tensor_value_info(n, element, shape) for n, shape in inputs.items()]
    if layer.lengths == "given":
        batch = [dimensions.batch_size]
        declared.append(helper.make_tensor_value_info("sequence_lens", TensorProto.INT32, batch))
    if weights is None:
        declared += [helper.make_tensor_value_info(n, element, tensors[n]) for n in tensors]
    elif unmatched := weights.keys() ^ tensors.keys():
        raise KeyError(f"weights that are missing or surplus: {sorted(unmatched)}")
    constants = [
        numpy_helper.from_array(array, name) for name, array in cast(layer, weights or {}).items()
    ]
    # Outputs have no shape here: it is the runtime's to infer.
    results = [helper.make_tensor_value_info(name, element, None) for name in ["Y", *outputs]]
    graph = helper.make_graph(nodes, "stack", declared, results, constants)
    operators, form = opset
    imports = [helper.make_opsetid("", operators)]
    return helper.make_model(graph, opset_imports=imports, ir_version=form)


def newest(loads: Callable[[bytes], object]) -> Opset:
    """The newest of `OPSETS` of which a runtime loads a model; an older one knows no newer set."""
    for opset in OPSETS[:-1]:
        with suppress(Exception):  # each runtime has its own
            loads(build(Layer(), Dimensions(2, 3, 4, 5), None, opset).SerializeToString())
            return opset
    return OPSETS[-1]


def cast(layer: Layer, arrays: Mapping[str, Array]) -> dict[str, Array]:
    """`arrays` in the type of the model; integers stay what they are."""
    dtype = helper.tensor_dtype_to_np_dtype(ELEMENTS.get(layer.dtype, TensorProto.FLOAT))
    return {
        name: array.astype(dtype) if array.dtype.kind == "f" else array
        for name, array in arrays.items()
    }


@contextmanager
def source(layer: Layer, model: onnx.ModelProto) -> Iterator[tuple[bytes | str, dict[str, Any]]]:
    """What a runtime reads `model` from, and the property ``checkpoint``.

    That is its bytes, or a file; under ``weights`` the tensors are in another file, beside it.
    """
    if layer.checkpoint == "none":
        yield model.SerializeToString(), {}
        return
    with TemporaryDirectory() as folder:
        file = str(Path(folder, "stack.onnx"))
        onnx.save(
            model,
            file,
            save_as_external_data=layer.checkpoint == "weights",
            location="stack.weights",
            size_threshold=0,
        )
        saved = onnx.load(file, load_external_data=False).graph.initializer
        yield file, {"checkpoint": {tensor.name: list(tensor.dims) for tensor in saved}}


def run(
    layer: Layer,
    dimensions: Dimensions,
    weights: Mapping[str, Array],
    inputs: Mapping[str, Array],
    call: Call,
    opset: Opset = OPSETS[0],
) -> Results:
    """Build the model and `call` it: Y, and Y_h and Y_c of each layer, as they come."""
    model = build(layer, dimensions, weights, opset)
    with source(layer, model) as (read, properties):
        returned = call(read, cast(layer, inputs))
    results = dict(zip(shapes(model.graph.output), returned, strict=True))
    return Results(results, container=outline(returned, results), **properties)


def defaults(dimensions: Dimensions, call: Call, opset: Opset = OPSETS[0]) -> dict[str, Any]:
    """Describe the node with no attribute but its size, called with (batch, time, input).

    ``state_shape`` tells that the batch axis was taken for time: Y has it in the same place.
    """
    turned = replace(dimensions, batch_size=dimensions.time_steps, time_steps=dimensions.batch_size)
    layer = Layer(bias=False)
    tensors = shapes(build(layer, turned).graph.input)
    x = np.zeros(tensors.pop("X"), np.float32)
    weights = {name: np.zeros(shape, np.float32) for name, shape in tensors.items()}
    model = build(layer, turned, weights, opset).SerializeToString()
    returned = call(model, {"X": x})
    y, h, _ = _arrays(returned)
    schema = onnx.defs.get_schema("LSTM", opset[0])
    optional = onnx.defs.OpSchema.FormalParameterOption.Optional
    told = [one.name + "=None" * (one.option == optional) for one in schema.inputs]
    for name, attribute in sorted(schema.attributes.items()):
        default = helper.get_attribute_value(attribute.default_value)
        told.append(f"{name}={default.decode() if isinstance(default, bytes) else default}")
    return {
        "signature": f"({', '.join(told)})",
        "output_shape": list(y.shape),
        "state_shape": list(h.shape),
        "returns": outline(returned, {}),
        "dtype": str(y.dtype),
        "promotes": promoted(
            lambda dtype: str(_arrays(call(model, {"X": x.astype(dtype)}))[0].dtype)
        ),
        "parameters": {name: list(shape) for name, shape in tensors.items()},
        "forget_bias": "none",
    }


def shapes(declared: Iterable[onnx.ValueInfoProto]) -> dict[str, Shape]:
    """The shapes of a graph's inputs or outputs by name."""
    return {
        one.name: tuple(size.dim_value for size in one.type.tensor_type.shape.dim)
        for one in declared
    }


def spoil() -> None:
    """Leave NaN in the memory that the next session is given.

    A product with an X of no features is 0 times what its memory held: right by chance, unless it
    held a NaN. So the chance is taken out. A large block is given back to be used again only after
    another such block was, hence twice.
    """
    for _ in range(2):
        sizes = [2**power + more for power in range(4, 20) for more in (0, 16) * 4]
        spoiled = [np.full(size, np.nan, np.float32) for size in sizes]
        del spoiled


def _arrays(returned: list[Any] | dict[str, Any]) -> list[Any]:
    return list(returned.values()) if isinstance(returned, dict) else returned
