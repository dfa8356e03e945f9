"""ONNX's own reference: ``onnx.reference.ReferenceEvaluator``, which runs a model in NumPy.

Hands its user a list, ``[Y, Y_h, Y_c]`` of each layer, and neither checks what it is fed against
the model nor reads ``sequence_lens``: every sequence is read to the end of the time axis, in the
reverse direction from there. A larger batch than the model's is as welcome as a state of one
sequence, which NumPy broadcasts. `adapters/_onnx.py` tells what is true of every ONNX model.
"""

from collections.abc import Mapping
from typing import Any

import onnx
from onnx.reference import ReferenceEvaluator
from onnx.shape_inference import infer_shapes

from adapters import _onnx
from adapters._onnx import BUILT, LOADING, MODEL, NAMED, OPTIONS, PURE
from adapters._onnx import CONVENTION as CONVENTION
from adapters.contract import Array, Dimensions, Gap, Layer, Results, Shape, Snippet

PACKAGES = ("onnx|onnx-weekly",)
OLDEST = ("onnx==1.13.0", "numpy<1.24", "protobuf<4")

REFERENCE = "https://onnx.ai/onnx/api/reference.html"
SNIPPET = Snippet(
    ("import numpy as np\nfrom onnx.reference import ReferenceEvaluator", *BUILT),
    (
        MODEL,
        "y, h, c = ReferenceEvaluator(model).run(None, inputs)",
        NAMED,
    ),
    options=OPTIONS,
    fed="array",
    loading=LOADING,
)

GAPS = (
    *PURE,
    Gap(
        {"return_state": True},
        why="the evaluator hands out no Y_c",
        source="https://github.com/onnx/onnx/pull/7664",
        versions="onnx<1.23",
    ),
    Gap(
        {"dtype": "bfloat16", "return_state": False},
        why="the operator takes no bfloat16 before operator set 22",
        source="https://onnx.ai/onnx/operators/onnx__LSTM.html",
        versions="onnx<1.17",
    ),
    Gap(
        {"gradients": True},
        why="an evaluator runs a model forward and differentiates nothing",
        source=REFERENCE,
    ),
    Gap(
        {"execution": ("compiled", "predict")},
        why="an evaluator has its run, node by node, and no other way",
        source=REFERENCE,
    ),
)


def run(
    layer: Layer, dimensions: Dimensions, weights: Mapping[str, Array], inputs: Mapping[str, Array]
) -> Results:
    """Evaluate the model; ``Y``, and ``Y_h`` and ``Y_c`` of each layer.

    Raises KeyError where a weight is missing or surplus.
    """
    return _onnx.run(layer, dimensions, weights, inputs, _call)


def infer(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Read the shapes of the same results from ``onnx.shape_inference``, in its strict mode."""
    model = infer_shapes(_onnx.build(layer, dimensions), strict_mode=True, data_prop=True)
    return _onnx.shapes(model.graph.output)


def defaults(dimensions: Dimensions) -> dict[str, Any]:
    """Describe the node that has no attribute but its size, as the evaluator runs it."""
    return _onnx.defaults(dimensions, _call)


def _call(source: bytes | str, inputs: Mapping[str, Any]) -> list[Any]:
    model = onnx.load(source) if isinstance(source, str) else source
    return ReferenceEvaluator(model).run(None, dict(inputs))
