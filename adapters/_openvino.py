"""What both OpenVINO adapters share: a model, compiled for the CPU and called by names.

On a processor with instructions for bfloat16 the CPU computes a float32 model in it unless
``INFERENCE_PRECISION_HINT`` says otherwise, as here it does. A model of another type computes in
float32 too, and is converted at its inputs and outputs. NumPy is handed a bfloat16 tensor as
float16, with the bits of a bfloat16.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import openvino as ov

from adapters.contract import Array, Cast, Gap, Layer, Results, Shape, outline

try:
    from openvino import passes
except ImportError:  # where older releases have it
    from openvino.runtime import passes

CORE = ov.Core()
API = "https://docs.openvino.ai/2025/api/ie_python_api/_autosummary/openvino.CompiledModel.html"
COMPILED = (  # gaps of every model
    Gap(
        {"gradients": True},
        why="a compiled model runs forward and differentiates nothing",
        source=API,
    ),
    Gap(
        {"execution": ("eager", "predict")},
        why="a model is compiled and then run, there is no other way",
        source=API,
    ),
)
HINTS = {"mixed_bfloat16": "bf16", "mixed_float16": "f16"}
TYPES = {"float64": ov.Type.f64, "float16": ov.Type.f16, "bfloat16": ov.Type.bf16}


def element(layer: Layer) -> ov.Type:
    """The type of parameters, inputs and results."""
    return TYPES.get(layer.dtype, ov.Type.f32)


def shapes(model: ov.Model) -> dict[str, Shape]:
    """The shapes that OpenVINO has inferred for the outputs of `model`, by name."""
    return {output.any_name: tuple(output.shape) for output in model.outputs}


def run(
    layer: Layer, model: ov.Model, inputs: Mapping[str, Array], states: Mapping[str, str]
) -> Results:
    """Compile `model` and call it; its outputs by name.

    Under `Layer.stateful` the model keeps its `states`, given by the names of an input and of the
    output that it goes on from: both are taken out of the model, and read and written apart.
    """
    kept = states if layer.stateful != "no" else {}
    if kept:
        manager = passes.Manager()
        manager.register_pass(passes.MakeStateful(dict(kept)))
        manager.run_passes(model)
    request = compiled(model, HINTS.get(layer.dtype, "f32")).create_infer_request()
    fed = {name: tensor(array, element(layer)) for name, array in inputs.items()}
    started = {name: fed.pop(name) for name in kept if name in fed}
    variables = {variable.name: variable for variable in request.query_state()}
    for call in range(2 if kept else 1):
        if call == 0 or layer.stateful == "reset":
            request.reset_state()
            for name, state in started.items():
                variables[name + kept[name]].state = state
        returned = request.infer(fed)
    arrays = {output.any_name: array for output, array in returned.items()}
    container = outline(arrays, arrays)
    arrays |= {final: variables[first + final].state.data for first, final in kept.items()}
    return Results(
        {name: _numpy(array, element(layer)) for name, array in arrays.items()},
        container=container,
    )


def tensor(array: Array, kind: ov.Type) -> ov.Tensor:
    """`array` as a tensor of `kind`, or of its own type where that is an integer."""
    if array.dtype.kind == "i":
        return ov.Tensor(array)
    if kind == ov.Type.bf16:  # the upper half of a float32, which these numbers fit into
        halves = np.ascontiguousarray(array, np.float32).view(np.uint32) >> 16
        narrow = ov.Tensor(kind, array.shape)
        narrow.data[...] = halves.astype(np.uint16).view(np.float16)
        return narrow
    return ov.Tensor(array.astype(kind.to_dtype()))


def compiled(model: ov.Model, hint: str = "f32") -> ov.CompiledModel:
    """`model`, compiled for the CPU to compute in the type that `hint` names."""
    # One thread: in layers this small more would do nothing but wait for each other.
    config = {"INFERENCE_PRECISION_HINT": hint, "INFERENCE_NUM_THREADS": 1}
    return CORE.compile_model(model, "CPU", config)


def _numpy(array: Any, kind: ov.Type) -> Array:
    if kind == ov.Type.bf16:
        return Cast((array.view(np.uint16).astype(np.uint32) << 16).view(np.float32), "bfloat16")
    return array
