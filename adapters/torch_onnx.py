"""PyTorch through ONNX: ``torch.onnx.export`` of ``torch.nn.LSTM``, run by ONNX Runtime.

One model is exported for a layer with a dynamic batch and time, with an example of another batch
and time than it is run with. Its session hands its user a list, ``[output, h_n, c_n]``, in the
layer's own shapes: the operators around ONNX's LSTM, which is time-major and has an axis for the
directions, see to that. The exporter keeps the time axis dynamic, where ``torch.export.export``
alone does not, but declares the example's time for the output all the same (the change for that is
https://github.com/pytorch/pytorch/pull/193192). Its optimizer, which runs by default, believes it:
of a layer that is not ``batch_first`` the output is reshaped to the example's time, and another
time raises or, where the numbers can be divided so, mixes batch and time in silence. The second
export in one process has a fixed time axis, in silence too. Autocast is dropped. A projection's
weights are dropped, or taken for others. Without steps, where the layer raises, the model runs. The
optimizer leaves the weights in ONNX's order of gates, under names such as ``val_44``. There is no
inference here: what the model declares holds for the example's time alone, and
``onnx.shape_inference`` does not find the width of the output.
"""

import copy
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import onnx
import onnxruntime
import torch
from torch.onnx import ONNXProgram

from adapters._torch import (
    BUILT,
    CONVENTION,
    OPTIONS,
    SHARED,
    build,
    example,
    exported,
    forget,
    parameters,
    tensors,
    traced_for,
)
from adapters.contract import (
    Array,
    Dimensions,
    Gap,
    Layer,
    Line,
    Results,
    Snippet,
    outline,
    promoted,
)

__all__ = ["CONVENTION", "PACKAGES", "defaults", "parameters", "run"]

PACKAGES = ("torch", "onnx|onnx-weekly", "onnxscript", "onnxruntime")
OLDEST = ("torch==2.13.0", "onnx==1.23.2", "onnxscript==0.7.2", "onnxruntime==1.32.0")

RESULTS = ("output", "h_n", "c_n")
SESSION = "https://onnxruntime.ai/docs/api/python/api_summary.html"

SNIPPET = Snippet(
    BUILT,
    (
        Line("fed = (x,)", {"initial_state": "zeros"}),
        Line("fed = (x, (h_0, c_0))", {"initial_state": "given"}),
        "program = torch.onnx.export(lstm, fed, dynamo=True)",
        "output, h_n, c_n = program(*fed)  # in a session of ONNX Runtime",
        'results = {"output": output, "h_n": h_n, "c_n": c_n}',
    ),
    options=OPTIONS,
    fed="torch.as_tensor(array)",
)

GAPS = (
    *SHARED,
    Gap({"gradients": True}, why="a session of ONNX Runtime has no derivatives", source=SESSION),
    Gap({"execution": "predict"}, why="a session is run and has no predict", source=SESSION),
)


def run(
    layer: Layer, dimensions: Dimensions, weights: Mapping[str, Array], inputs: Mapping[str, Array]
) -> Results:
    """Apply `weights` to the exported model and run it; eager is without any optimization.

    Raises RuntimeError where a weight is missing, surplus or of another shape.
    """
    lstm = build(layer, dimensions)
    lstm.load_state_dict(tensors(layer, weights), assign=True)
    plain, sizes = exported(layer, dimensions)
    traced = _program(plain, traced_for(layer, sizes, inputs))
    inputs = {name: one for name, one in inputs.items() if name != "first"}
    program = copy.copy(traced)
    program.model = traced.model.clone()
    properties: dict[str, Any] = {}
    eager = layer.execution == "eager"
    with TemporaryDirectory() as folder:
        state = lstm.state_dict()
        if layer.checkpoint == "weights":
            torch.save(state, Path(folder) / "lstm.pt")
            state = torch.load(Path(folder) / "lstm.pt", weights_only=True)
            properties["checkpoint"] = {name: list(one.shape) for name, one in state.items()}
        program.apply_weights(state)
        if not eager:
            program.optimize()  # as `torch.onnx.export` does by default
        file = Path(folder) / "lstm.onnx"
        program.save(file)
        if layer.checkpoint == "model":
            stored = onnx.load(file).graph.initializer
            properties["checkpoint"] = {one.name: list(one.dims) for one in stored}
        session = _session(file, eager)
    fed = {name: _fed(tensor) for name, tensor in tensors(layer, inputs).items()}
    returned = session.run(None, fed)
    results = dict(zip(RESULTS, returned, strict=True))
    return Results(results, container=outline(returned, results), **properties)


def defaults(dimensions: Dimensions) -> dict[str, Any]:
    """Describe the model of ``LSTM(input_size, hidden_size)``, before and after it is optimized.

    ``declares`` has the shapes in the model by name, ``declares_again`` those of a second export in
    the same process. ``optimized`` has the shape, or the exception, that comes of an input of the
    shape beside it.
    """
    key = exported(Layer(layout="time_major"), dimensions)
    program = _program(*key)
    optimized = copy.copy(program)
    optimized.model = program.model.clone()
    optimized.optimize()
    shape = [dimensions.batch_size, dimensions.time_steps, dimensions.embedding_dim]

    def called(program: ONNXProgram, shape: list[int], dtype: str = "float32") -> list[Any]:
        session = _session(program.model_proto.SerializeToString(), eager=False)
        return session.run(None, {"input": _fed(torch.zeros(shape, dtype=getattr(torch, dtype)))})

    def reached(shape: list[int]) -> Any:
        try:
            return list(called(optimized, shape)[0].shape)
        except Exception as problem:
            return type(problem).__name__

    returned = output, h_n, _ = called(program, shape)
    return {
        "output_shape": list(output.shape),
        "state_shape": list(h_n.shape),
        "returns": outline(returned, {}),
        "dtype": str(output.dtype),
        "promotes": promoted(lambda dtype: str(called(program, shape, dtype)[0].dtype)),
        "parameters": {n: list(one.shape) for n, one in program.model.graph.initializers.items()},
        "declares": _declared(program),
        "declares_again": _declared(_export(*key)),
        "optimized": [[one, reached(one)] for one in (shape, [shape[0] + 1, *shape[1:]])],
    }


@cache
def _program(layer: Layer, dimensions: Dimensions) -> ONNXProgram:
    """The layer's model for any batch size and time; its parameters are not filled."""
    forget()
    return _export(layer, dimensions)


def _export(layer: Layer, dimensions: Dimensions) -> ONNXProgram:
    arguments, dynamic = example(layer, dimensions)
    return torch.onnx.export(
        build(layer, dimensions).to_empty(device="cpu"),
        arguments,
        input_names=("input", "h_0", "c_0")[: 1 if len(arguments) == 1 else 3],
        output_names=RESULTS,
        dynamic_shapes=dynamic,
        dynamo=True,
        optimize=False,  # the weights come later
        verbose=False,
    )


def _session(source: bytes | Path, eager: bool) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4  # every output would come with a warning, of its declared shape
    if eager:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def _fed(tensor: torch.Tensor) -> Any:
    """What a session is given: NumPy has no bfloat16."""
    if tensor.dtype != torch.bfloat16:
        return tensor.numpy()
    bits = tensor.view(torch.uint16).numpy()
    return onnxruntime.OrtValue.ortvalue_from_numpy_with_onnx_type(bits, onnx.TensorProto.BFLOAT16)


def _declared(program: ONNXProgram) -> dict[str, list[Any]]:
    graph = program.model_proto.graph
    return {
        one.name: [dim.dim_param or dim.dim_value for dim in one.type.tensor_type.shape.dim]
        for one in (*graph.input, *graph.output)
    }
