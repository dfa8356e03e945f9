"""OpenCV: an ONNX model that ``cv2.dnn.readNetFromONNX`` imports and ``Net.forward`` runs.

Hands its user arrays in the order of the names that were asked for. Inputs are set one by one, by
name, and of any shape. The importer wants every output's shape declared, as
``onnx.shape_inference`` declares it, and takes an input that is left out, ``""``, for an empty
matrix where a given one follows or nothing does: so those behind the last given one are cut off
here, which says the same. It has no ``sequence_lens``.
`adapters/_onnx.py` tells what is true of every ONNX model.
"""

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
import onnx

from adapters import _onnx
from adapters._onnx import BUILT, LOADING, MODEL, NAMED, OPTIONS, PURE
from adapters._onnx import CONVENTION as CONVENTION
from adapters.contract import Array, Dimensions, Gap, Layer, Results, Snippet

PACKAGES = ("opencv-python-headless|opencv-python", "onnx|onnx-weekly")
OLDEST = ("opencv-python-headless==5.0.0.93", "onnx==1.23.2")

NET = "https://docs.opencv.org/5.x/db/d30/classcv_1_1dnn_1_1Net.html"
SNIPPET = Snippet(
    ("import cv2\nimport numpy as np\nimport onnx", *BUILT),
    (
        MODEL,
        "model = onnx.shape_inference.infer_shapes(model)  # the importer wants every shape",
        "net = cv2.dnn.readNetFromONNX(np.frombuffer(model.SerializeToString(), np.uint8))",
        "for name, array in inputs.items():",
        "    net.setInput(array, name)",
        "y, h, c = net.forward(lstm.output)",
        NAMED,
    ),
    options=OPTIONS,
    fed="array",
    loading=LOADING,
)
GAPS = (
    *PURE,
    Gap(
        {"dtype": ("float64", "float16", "bfloat16")},
        why="a blob that is set as an input is of float32, or of integers",
        source=NET,
    ),
    Gap({"gradients": True}, why="a net runs a model forward", source=NET),
    Gap({"execution": ("eager", "compiled", "predict")}, why="a net has forward alone", source=NET),
)

cv2.setNumThreads(1)
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


def run(
    layer: Layer, dimensions: Dimensions, weights: Mapping[str, Array], inputs: Mapping[str, Array]
) -> Results:
    """Import the model and run it; ``Y``, and ``Y_h`` and ``Y_c`` of each layer.

    Raises KeyError where a weight is missing or surplus.
    """
    return _onnx.run(layer, dimensions, weights, inputs, _call)


def defaults(dimensions: Dimensions) -> dict[str, Any]:
    """Describe the node that has no attribute but its size, as a net runs it."""
    return _onnx.defaults(dimensions, _call)


def _call(source: bytes | str, inputs: Mapping[str, Any]) -> list[Any]:
    model = onnx.load(source) if isinstance(source, str) else onnx.load_from_string(source)
    for node in model.graph.node:
        while node.input and not node.input[-1]:
            node.input.pop()
    model = onnx.shape_inference.infer_shapes(model)
    net = cv2.dnn.readNetFromONNX(np.frombuffer(model.SerializeToString(), np.uint8))
    for name, array in inputs.items():
        net.setInput(array, name)
    return list(net.forward([one.name for one in model.graph.output]))
