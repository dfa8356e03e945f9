"""OpenVINO, from an ONNX model: ``Core.read_model`` and ``compile_model`` for the CPU.

Hands its user a mapping from the model's outputs to arrays. What is true of every ONNX model is
told in `adapters/_onnx.py`, what of OpenVINO in `adapters/_openvino.py`. A model keeps its state
from call to call where ``MakeStateful`` pairs an input with an output: both are then gone, and the
state is read, written and reset by ``query_state`` and ``reset_state`` of the request. Lengths are
not checked.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from adapters import _onnx, _openvino
from adapters._onnx import BUILT, LOADING, MODEL, NAMED, OPERATOR, OPTIONS
from adapters._onnx import CONVENTION as CONVENTION
from adapters._openvino import COMPILED
from adapters.contract import Array, Dimensions, Gap, Layer, Results, Shape, Snippet

PACKAGES = ("openvino", "onnx|onnx-weekly")
OLDEST = ("openvino==2024.6.0",)

SNIPPET = Snippet(
    ("import numpy as np\nimport openvino as ov", *BUILT),
    (
        MODEL,
        'compiled = ov.compile_model(ov.Core().read_model(model.SerializeToString()), "CPU")',
        "y, h, c = compiled(inputs).values()",
        NAMED,
    ),
    options=OPTIONS,
    fed="array",
    loading=LOADING,
)

SEQUENCE = (
    "https://docs.openvino.ai/2025/documentation/openvino-ir-format/operation-sets/"
    "operation-specs/sequence/lstm-sequence-1.html"
)
GAPS = (
    *OPERATOR,
    *COMPILED,
    Gap(
        {"recurrent_activation": ("hard_sigmoid", "hard_sigmoid_fifth", "linear")},
        why="a gate is made by sigmoid, tanh or relu: another is read, and refused when compiled",
        source=SEQUENCE,
    ),
    Gap(
        {"activation": ("linear", "softsign")},
        why="a cell is squashed by sigmoid, tanh or relu: another is read, and refused as well",
        source=SEQUENCE,
    ),
)


def run(
    layer: Layer, dimensions: Dimensions, weights: Mapping[str, Array], inputs: Mapping[str, Array]
) -> Results:
    """Read, compile and call the model; ``Y``, and ``Y_h`` and ``Y_c`` of each layer.

    Raises KeyError where a weight is missing or surplus.
    """
    states = {
        f"layer_{number}/initial_{state}": f"layer_{number}/Y_{state}"
        for number in range(dimensions.num_layers)
        for state in "hc"
    }
    with _onnx.source(layer, _onnx.build(_open(layer), dimensions, weights)) as (read, properties):
        results = _openvino.run(layer, _openvino.CORE.read_model(read), inputs, states)
    return Results(results, **results.properties, **properties)


def infer(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Read the shapes of the same results from the model, which OpenVINO infers as it reads it."""
    model = _onnx.build(_open(layer), dimensions)
    return _openvino.shapes(_openvino.CORE.read_model(model.SerializeToString()))


def defaults(dimensions: Dimensions) -> dict[str, Any]:
    """Describe the node that has no attribute but its size, as a compiled model runs it."""
    return _onnx.defaults(dimensions, _call)


def _call(source: bytes | str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    returned = _openvino.compiled(_openvino.CORE.read_model(source))(dict(inputs))
    return {output.any_name: array for output, array in returned.items()}


def _open(layer: Layer) -> Layer:
    """`layer`, with the inputs and outputs that its state goes in and out by."""
    if layer.stateful == "no":
        return layer
    return replace(layer, initial_state="given", return_state=True)
