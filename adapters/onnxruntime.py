"""ONNX Runtime: ``InferenceSession`` on the CPU, with one thread.

Hands its user a list, ``[Y, Y_h, Y_c]`` of each layer, and checks every input against the shapes
that the model declares. A length is from 0 to the time axis; Y is zero behind it. Its LSTM
computes in float32: a float16 model is run by casts around the node, a float64 one is loaded and
then refused as it is run, though the list of operators has it. Of an X without features it reads
memory that it has not written.
`adapters/_onnx.py` tells what is true of every ONNX model.
"""

from collections.abc import Mapping
from typing import Any

from onnxruntime import InferenceSession, SessionOptions

from adapters import _onnx
from adapters._onnx import BUILT, LOADING, MODEL, NAMED, OPTIONS, PURE
from adapters._onnx import CONVENTION as CONVENTION
from adapters.contract import Array, Dimensions, Gap, Layer, Results, Shape, Snippet

PACKAGES = ("onnxruntime", "onnx|onnx-weekly")
OLDEST = ("onnxruntime==1.17.3", "onnx==1.23.2", "numpy<2")

KERNELS = "https://github.com/microsoft/onnxruntime/blob/main/docs/OperatorKernels.md"
SESSION = "https://onnxruntime.ai/docs/api/python/api_summary.html"
SNIPPET = Snippet(
    ("import numpy as np\nimport onnxruntime", *BUILT),
    (
        MODEL,
        "session = onnxruntime.InferenceSession(model.SerializeToString())",
        "y, h, c = session.run(None, inputs)",
        NAMED,
    ),
    options=OPTIONS,
    fed="array",
    loading=LOADING,
)

GAPS = (
    *PURE,
    Gap({"dtype": "bfloat16"}, why="the CPU has no LSTM of bfloat16", source=KERNELS),
    Gap(
        {"gradients": True},
        why="a session runs a model forward and differentiates nothing",
        source=SESSION,
    ),
    Gap(
        {"execution": ("compiled", "predict")},
        why="a session has its run and no other way",
        source=SESSION,
    ),
    Gap(
        {"execution": "eager"},
        why="a session without any optimization of its graph is not run",
        source="https://onnxruntime.ai/docs/performance/model-optimizations/graph-optimizations.html",
        own=True,
    ),
)

SETTINGS = SessionOptions()
SETTINGS.intra_op_num_threads = SETTINGS.inter_op_num_threads = 1
SETTINGS.log_severity_level = 4  # an error is raised, it need not be printed too


def run(
    layer: Layer, dimensions: Dimensions, weights: Mapping[str, Array], inputs: Mapping[str, Array]
) -> Results:
    """Run the model in a session; ``Y``, and ``Y_h`` and ``Y_c`` of each layer.

    Raises KeyError where a weight is missing or surplus.
    """
    return _onnx.run(layer, dimensions, weights, inputs, _call, OPSET)


def infer(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Read the shapes of the same results from the session, which infers them as it is made."""
    model = _onnx.build(layer, dimensions, opset=OPSET)
    outputs = _session(model.SerializeToString()).get_outputs()
    return {output.name: tuple(output.shape) for output in outputs}


def defaults(dimensions: Dimensions) -> dict[str, Any]:
    """Describe the node that has no attribute but its size, as a session runs it."""
    return _onnx.defaults(dimensions, _call, OPSET)


def _session(source: bytes | str) -> InferenceSession:
    return InferenceSession(source, SETTINGS, providers=["CPUExecutionProvider"])


OPSET = _onnx.newest(_session)


def _call(source: bytes | str, inputs: Mapping[str, Any]) -> list[Any]:
    if inputs["X"].shape[-1] == 0:
        _onnx.spoil()
    return _session(source).run(None, dict(inputs))
