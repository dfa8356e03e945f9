"""ncnn: an ``LSTM`` layer in a net that is written as its text and its weights, run on the CPU.

There is no batch: an input is (time, input). What has a third axis is read as if it were its first
channel, in silence. A net hands its user each blob that is asked for, states among them, with an
axis for the directions. ``direction`` is 0, 1 or 2: a reversed layer aligns its output with the
input in time. The two states are given together, or neither. Narrow storage and arithmetic, with
which ncnn runs by default where the processor has them, are off.
"""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import ncnn
import numpy as np

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
    Snippet,
    outline,
    stacked,
)

PACKAGES = ("ncnn",)
OLDEST = ("ncnn==1.0.20261020",)

DOCS = "https://github.com/Tencent/ncnn/blob/master/docs/developer-guide/operators.md#lstm"
OPTIONS = "https://github.com/Tencent/ncnn/blob/master/src/option.h"

CONVENTION = Convention(
    inputs={
        "input": Native("x", "batch time input"),
        "h_0": Native("layer_{layer}/h_0", "direction batch hidden"),
        "c_0": Native("layer_{layer}/c_0", "direction batch cell"),
    },
    results={
        "output": Native("y", "batch time (direction hidden)"),
        "h_n": Native("layer_{layer}/h", "direction batch hidden"),
        "c_n": Native("layer_{layer}/c", "direction batch cell"),
        "last": Native("layer_{layer}/h", "direction batch hidden"),
    },
    weights={
        "input_weights": Native("layer_{layer}/weight_xc_data", "direction (gate cell) input"),
        "recurrent_weights": Native("layer_{layer}/weight_hc_data", "direction (gate cell) hidden"),
        "bias": Native("layer_{layer}/bias_c_data", "direction gate cell"),
        "projection_weights": Native("layer_{layer}/weight_hr_data", "direction hidden cell"),
    },
    gates="ifog",
    source=DOCS,
    loader="""with open("net.bin", "wb") as file:
    for layer in range(layers):
        for kind in ("weight_xc_data", "bias_c_data", "weight_hc_data", "weight_hr_data"):
            if (one := weights.get(f"layer_{layer}/{kind}")) is not None:
                file.write(np.uint32(0).tobytes() + np.float32(one).tobytes())  # 0: of float32
net.load_model("net.bin")""",
)

SNIPPET = Snippet(
    (
        "import ncnn",
        "import numpy as np",
        "",
        Line("directions, way = 1, 0  # forwards", {"bidirectional": False, "reverse": False}),
        Line("directions, way = 1, 1  # backwards", {"reverse": True}),
        Line("directions, way = 2, 2  # both", {"bidirectional": True}),
        "sizes = {  # in the order in which they are read",
        '    "weight_xc_data": directions * 4 * $hidden_units * $embedding_dim,',
        '    "bias_c_data": directions * 4 * $hidden_units,',
        '    "weight_hc_data": directions * 4 * $hidden_units * $state_units,',
        Line(
            '    "weight_hr_data": directions * $state_units * $hidden_units,',
            {"projection_size": ANY},
        ),
        "}",
        'size = sizes["weight_xc_data"]',
        'lstm = f"0=$state_units 1={size} 2={way} 3=$hidden_units"',
        'with open("net.param", "w") as file:',
        '    print("7767517", file=file)',
        Line(
            '    print("2 4", "Input x 0 1 x", sep="\\n", file=file)\n'
            '    print("LSTM lstm 1 3 x y h c", lstm, file=file)',
            {"initial_state": "zeros"},
        ),
        Line(
            '    print("4 6", "Input x 0 1 x", sep="\\n", file=file)\n'
            '    print("Input h_0 0 1 h_0", "Input c_0 0 1 c_0", sep="\\n", file=file)\n'
            '    print("LSTM lstm 3 3 x h_0 c_0 y h c", lstm, file=file)',
            {"initial_state": "given"},
        ),
        'with open("net.bin", "wb") as file:',
        "    for size in sizes.values():",
        "        zeros = np.zeros(size, np.float32)",
        "        file.write(np.uint32(0).tobytes() + zeros.tobytes())  # 0: of float32",
        "net = ncnn.Net()",
        "net.opt.use_fp16_packed = net.opt.use_fp16_storage = False",
        "net.opt.use_fp16_arithmetic = net.opt.use_bf16_storage = False",
        'net.load_param("net.param")',
        'net.load_model("net.bin")',
        "x = np.zeros(($time_steps, $embedding_dim), np.float32)  # there is no batch",
    ),
    (
        "extractor = net.create_extractor()",
        'extractor.input("x", ncnn.Mat(x))',
        Line(
            "h_0 = np.zeros((directions, 1, $state_units), np.float32)\n"
            "c_0 = np.zeros((directions, 1, $hidden_units), np.float32)\n"
            'extractor.input("h_0", ncnn.Mat(h_0))\n'
            'extractor.input("c_0", ncnn.Mat(c_0))',
            {"initial_state": "given"},
        ),
        'y, h, c = (np.array(extractor.extract(name)[1]) for name in "yhc")',
        'results = {"y": y, "layer_0/h": h, "layer_0/c": c}',
    ),
    options=(
        "bidirectional",
        "initial_state",
        "keep_order",
        "layout",
        "projection_size",
        "return_sequences",
        "return_state",
        "reverse",
    ),
    fed="array",
    loading=("layers = 1", "$loader"),
)

GAPS = (
    Gap(
        {"layout": ("batch_major", "time_major", "extra_batch")},
        why="an input is (time, input); of more, one sequence is read in silence",
        source=DOCS,
    ),
    Gap({"lengths": "given"}, why="a sequence ends with its input", source=DOCS),
    Gap({"mask": "given"}, why="every step of the input counts", source=DOCS),
    Gap({"cell": ANY}, why="no cell clips, sees c or couples its gates", source=DOCS),
    Gap({"recurrent_activation": ANY}, why="the gates are sigmoids", source=DOCS),
    Gap({"activation": ANY}, why="tanh is fixed", source=DOCS),
    Gap(
        {"initial_state": ("h_0", "c_0")},
        why="a layer has one input, or three: both states with it",
        source=DOCS,
    ),
    Gap({"bias": False}, why="bias_c_data is always read", source=DOCS),
    Gap(
        {"reverse": True, "keep_order": False},
        why="the output of direction 1 is aligned with the input",
        source=DOCS,
    ),
    Gap({"merge": ANY}, why="the directions' outputs are concatenated", source=DOCS),
    Gap({"dropout": True}, why="a net is for inference, and drops nothing", source=DOCS),
    Gap({"gradients": True}, why="a net is for inference", source=DOCS),
    Gap({"stateful": ANY}, why="the caller hands the state on", source=DOCS),
    Gap(
        {"dtype": ("float64", "float16", "bfloat16")},
        why="an input and an output are of float32",
        source=OPTIONS,
    ),
    Gap(
        {"dtype": ("mixed_float16", "mixed_bfloat16")},
        why="narrow storage and arithmetic are not run",
        source=OPTIONS,
        own=True,
    ),
    Gap({"execution": ANY}, why="an extractor runs a net, in one way", source=DOCS),
    Gap(
        {"checkpoint": "weights"},
        why="a .bin file has no names, and is read by the .param file beside it",
        source="https://github.com/Tencent/ncnn/blob/master/docs/developer-guide/"
        "param-and-model-file-structure.md",
    ),
)

KINDS = ("weight_xc_data", "bias_c_data", "weight_hc_data", "weight_hr_data")  # as in a .bin file
FLOAT32 = np.uint32(0).tobytes()  # what stands before an array there


def run(
    layer: Layer, dimensions: Dimensions, weights: Mapping[str, Array], inputs: Mapping[str, Array]
) -> Results:
    """Write the net to its two files, load them, and extract what the layers hand out.

    Raises KeyError where a weight is missing, RuntimeError where ncnn loads or runs nothing.
    """
    lines, wanted = _lines(layer, dimensions)
    arrays = [
        np.ascontiguousarray(weights[name], np.float32)
        for number in range(dimensions.num_layers)
        for kind in KINDS
        if (name := f"layer_{number}/{kind}") in weights or kind != "weight_hr_data"
    ]
    with TemporaryDirectory() as folder:
        param, binary = Path(folder, "net.param"), Path(folder, "net.bin")
        param.write_text("\n".join(["7767517", *lines, ""]))
        binary.write_bytes(b"".join(FLOAT32 + one.tobytes() for one in arrays))
        net = _net()
        _done(net.load_param(str(param)), "load_param")
        _done(net.load_model(str(binary)), "load_model")
    fed = {name: np.ascontiguousarray(one, np.float32) for name, one in inputs.items()}
    returned = _extracted(net, fed, wanted)
    properties = {"container": outline(returned, dict(zip(wanted, returned, strict=True)))}
    if layer.checkpoint == "model":
        properties["checkpoint"] = {
            name: [int(size) for one in sizes for size in [one.partition("=")[2]]]
            for name, *sizes in (_named(line) for line in lines if line.startswith("LSTM"))
        }
    return Results(dict(zip(wanted, returned, strict=True)), **properties)


def _lines(layer: Layer, dimensions: Dimensions) -> tuple[list[str], list[str]]:
    """The lines of a .param file behind its first, and the blobs that are asked for."""
    fed, lines, wanted, x = ["x"], [], ["y"], "x"
    states = layer.return_state or not layer.return_sequences
    for number, (one, own) in enumerate(stacked(layer, dimensions)):
        name = f"layer_{number}"
        directions, cell = one.num_directions, own.hidden_units
        hidden = one.projection_size or cell
        way = 2 if one.bidirectional else int(one.reverse)
        y = "y" if number == dimensions.num_layers - 1 else f"{name}/y"
        given = [f"{name}/h_0", f"{name}/c_0"] if layer.initial_state == "given" else []
        handed = [f"{name}/h", f"{name}/c"] if states else []
        if one.residual:  # what is read twice is split
            lines.append(f"Split {name}/split 1 2 {x} {name}/read {name}/kept")
            x = f"{name}/read"
        blobs = [x, *given, f"{name}/before" if one.residual else y, *handed]
        size = directions * 4 * cell * own.embedding_dim
        sizes = f"0={hidden} 1={size} 2={way}" + f" 3={cell}" * (hidden != cell)
        counts = f"{1 + len(given)} {1 + len(handed)}"
        lines.append(f"LSTM {name} {counts} {' '.join(blobs)} {sizes}")
        if one.residual:
            lines.append(f"BinaryOp {name}/sum 2 1 {name}/before {name}/kept {y} 0=0")
        fed += given
        wanted += handed
        x = y
    inputs = [f"Input {one} 0 1 {one}" for one in fed]
    blobs = {blob for line in [*inputs, *lines] for blob in _blobs(line)}
    return [f"{len(inputs) + len(lines)} {len(blobs)}", *inputs, *lines], wanted


def _blobs(line: str) -> list[str]:
    """What a layer is given and hands out, of a line of a .param file."""
    _, _, given, handed, *names = line.split()
    return names[: int(given) + int(handed)]


def _named(line: str) -> list[str]:
    """A layer's name and its sizes, of a line of a .param file."""
    _, name, *parts = line.split()
    return [name, *(part for part in parts if "=" in part)]


def _net() -> ncnn.Net:
    net = ncnn.Net()
    net.opt.num_threads = 1
    net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = False
    net.opt.use_bf16_storage = False
    return net


def _extracted(net: ncnn.Net, inputs: Mapping[str, Any], wanted: list[str]) -> tuple[Any, ...]:
    extractor = net.create_extractor()
    for name, array in inputs.items():
        _done(extractor.input(name, ncnn.Mat(array)), f"input of {name}")
    returned = []
    for name in wanted:
        status, blob = extractor.extract(name)
        _done(status, f"extract of {name}")
        returned.append(np.array(blob))
    return tuple(returned)


def _done(status: int, what: str) -> None:
    """Raise RuntimeError for a status that says that nothing was done."""
    if status:
        raise RuntimeError(f"{what} returned {status}")
