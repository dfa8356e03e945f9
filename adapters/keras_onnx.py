"""Keras 3 to ONNX: ``model.export(format="onnx")`` of a stack on TensorFlow, run by ONNX Runtime.

Keras hands its model to tf2onnx, which writes a layer as an LSTM of ONNX where it knows it, and
as a Loop else. Batch and time are left open. A session hands its user a list, the outputs in the
order in which the Keras model has them.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from adapters import _converted, _onnx
from adapters._converted import ALONE, MODEL, OPTIONS, Program
from adapters._keras import BUILT, CONVENTION, EVERYWHERE, LOADING, NAMED, parameters
from adapters.contract import ANY, Array, Dimensions, Gap, Layer, Results, Snippet

import keras  # isort: skip (once its backend is chosen)
import onnx
import onnxruntime

__all__ = ["CONVENTION", "PACKAGES", "parameters", "run"]

PACKAGES = (
    "keras|keras-nightly",
    "tensorflow|tensorflow-cpu|tf-nightly|tf-nightly-cpu",
    "tf2onnx",
    "onnx|onnx-weekly",
    "onnxruntime",
    "h5py",
)
OLDEST = (
    "keras==3.15.1",
    "tensorflow-cpu==2.21.0",
    "tf2onnx==1.17.0",
    "onnx==1.23.2",
    "onnxruntime==1.32.0",
)

EXPORT = "https://keras.io/api/models/model_saving_apis/export/"
SNIPPET = Snippet(
    (
        "import os",
        "",
        'os.environ["KERAS_BACKEND"] = "tensorflow"  # before the import',
        "",
        "import keras",
        "import numpy as np",
        "import onnxruntime",
        *BUILT,
    ),
    (
        MODEL,
        "model(x)  # one that was never called is not exported",
        'model.export("lstm.onnx", format="onnx", verbose=False)',
        'session = onnxruntime.InferenceSession("lstm.onnx")',
        'returned = session.run(None, {"x": x})',
        ALONE,
        *NAMED,
    ),
    options=OPTIONS,
    fed="array",
    loading=LOADING,
)
GAPS = (
    *EVERYWHERE,
    Gap({"gradients": True}, why="a session runs a model forward", source=EXPORT),
    Gap({"execution": ("eager", "predict")}, why="a session has its run alone", source=EXPORT),
    Gap(
        {"execution": "compiled"},
        why="a session of a model whose sizes are fixed is not run",
        source=EXPORT,
        own=True,
    ),
    Gap(
        {"execution": "unrolled"},
        why="a layer with unroll=True is not exported",
        source=EXPORT,
        own=True,
    ),
    Gap(
        {"checkpoint": "weights"},
        why="an exported file is the whole model",
        source=EXPORT,
    ),
    Gap({"stateful": ANY}, why="an exported graph keeps nothing from call to call", source=EXPORT),
)


def run(
    layer: Layer, dimensions: Dimensions, weights: Mapping[str, Array], inputs: Mapping[str, Array]
) -> Results:
    """Assign `weights` to the Keras stack, export it, and run the file in a session.

    Raises KeyError where a weight is missing or surplus, ValueError where its shape is another.
    """
    convert = partial(_program, layer)
    return _converted.run(layer, dimensions, weights, inputs, convert, None, None)


def _program(layer: Layer, model: keras.Model, properties: dict[str, Any]) -> Program:
    with TemporaryDirectory() as folder:
        file = Path(folder, "stack.onnx")
        model(model.inputs)  # one that was never called is not exported
        model.export(file, format="onnx", verbose=False)
        if layer.checkpoint == "model":
            properties["checkpoint"] = _shapes(onnx.load(file).graph)
        session = _session(file)

    def call(inputs: Mapping[str, Any]) -> list[Any]:
        if inputs["input_0"].shape[-1] == 0:
            _onnx.spoil()
        return session.run(None, dict(inputs))

    return call


def _shapes(graph: onnx.GraphProto) -> dict[str, list[int]]:
    """The shapes of what the LSTMs of a file are given; other names count what was converted."""
    sizes = {one.name: list(one.dims) for one in graph.initializer}
    nodes = [node for node in graph.node if node.op_type == "LSTM"]
    return {
        f"LSTM_{number}/{letter}": sizes[name]
        for number, node in enumerate(nodes)
        for letter, name in zip("WRB", node.input[1:4], strict=True)
        if name in sizes
    }


def _session(file: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4  # an error is raised, it need not be printed too
    return onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
