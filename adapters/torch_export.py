"""PyTorch, exported: ``torch.nn.LSTM`` through ``torch.export``, its batch and time left dynamic.

One program is exported for a layer, with an example of another batch and time than it is run with,
and called as ``program.module()``. That keeps the layer's parameter names, its ``output, (h_n,
c_n)`` and its one LSTM operator, so that numbers and gradients are the layer's. By itself
``export`` cannot leave the time axis dynamic: under ``Dim`` and ``Dim.DYNAMIC`` it raises
UserError, and under ``Dim.AUTO`` it makes a constant of the example's time, in silence. It can
within ``torch.export._patches.register_lstm_while_loop_decomposition``, as here, but only where the
process has not traced an LSTM before. ``run_decompositions`` fixes the time again, and unrolls it;
within the same helper it raises SpecViolationError. Autocast around ``export`` leaves no trace in
the program. Example states that are one tensor become one input. An input of two axes, which the
layer takes for one sequence without a batch, is refused where the example had three.
"""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch.export import Dim, ExportedProgram, export
from torch.export._patches import register_lstm_while_loop_decomposition

from adapters._torch import (
    BUILT,
    CONVENTION,
    DOCS,
    OPTIONS,
    SHARED,
    answered,
    arguments,
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
    Shape,
    Snippet,
    outline,
    promoted,
)

__all__ = ["CONVENTION", "PACKAGES", "defaults", "infer", "parameters", "run"]

PACKAGES = ("torch",)
OLDEST = ("torch==2.13.0",)

SNIPPET = Snippet(
    BUILT,
    (
        Line("fed = (x,)", {"initial_state": "zeros"}),
        Line("fed = (x, (h_0, c_0))", {"initial_state": "given"}),
        "program = torch.export.export(lstm, fed)",
        "output, (h_n, c_n) = program.module()(*fed)",
        'results = {"output": output, "h_n": h_n, "c_n": c_n}',
    ),
    options=OPTIONS,
    fed="torch.as_tensor(array)",
)

GAPS = (
    *SHARED,
    Gap(
        {"execution": "predict"},
        why="an exported program is called and has no predict",
        source=f"{DOCS}/export/api_reference.html",
    ),
)


def run(
    layer: Layer, dimensions: Dimensions, weights: Mapping[str, Array], inputs: Mapping[str, Array]
) -> Results:
    """Load `weights` into the exported program and call it with `inputs`, as one calls the layer.

    Raises RuntimeError where a weight is missing, surplus or of another shape.
    """
    plain, traced = exported(layer, dimensions)
    program = _program(plain, traced_for(layer, traced, inputs))
    inputs = {name: one for name, one in inputs.items() if name != "first"}
    module = program.module()
    module.load_state_dict(tensors(layer, weights))  # the program's own tensors, which it shares
    properties: dict[str, Any] = {}
    if layer.checkpoint != "none":
        module = _restored(program, layer)
        properties["checkpoint"] = {n: list(one.shape) for n, one in module.state_dict().items()}
    leaves = dict(module.named_parameters())
    if layer.execution == "compiled":
        torch.compiler.reset()  # or earlier modules count as recompilations of this one
        module = torch.compile(module, backend="aot_eager", fullgraph=True)

    def call(fed: Mapping[str, torch.Tensor]) -> tuple[Any, dict[str, torch.Tensor]]:
        returned = output, (h_n, c_n) = module(*arguments(fed))
        return returned, {"output": output, "h_n": h_n, "c_n": c_n}

    results = answered(layer, tensors(layer, inputs), leaves, call)
    return Results(results, **results.properties, **properties)


def infer(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Read the shapes of the same results from the graph, with sizes in place of its symbols."""
    layer, traced = exported(layer, dimensions)
    axes, symbols = example(layer, traced)[1][0], _shapes(_program(layer, traced))
    named = {"batch": dimensions.batch_size, "time": dimensions.time_steps}
    sizes = {str(symbols["input"][axis]): named[dim.__name__] for axis, dim in axes.items()}
    return {
        name: tuple(sizes[str(one)] if str(one) in sizes else int(one) for one in symbols[name])
        for name in ("output", "h_n", "c_n")
    }


def defaults(dimensions: Dimensions) -> dict[str, Any]:
    """Describe the program of ``LSTM(input_size, hidden_size)``, and what becomes of its time axis.

    ``time`` has the output's shape by what `torch.export.export` was told of the axes, ``lowered``
    that after ``run_decompositions``, without and within the helper: with None for a dynamic axis,
    or an exception instead.
    """
    layer, traced = exported(Layer(layout="time_major"), dimensions)
    program = _program(layer, traced)
    module = program.module()
    shape = dimensions.batch_size, dimensions.time_steps, dimensions.embedding_dim
    with torch.no_grad():
        returned = output, (h_n, _) = module(torch.zeros(shape))
        promotes = promoted(
            lambda name: _named(module(torch.zeros(shape, dtype=getattr(torch, name)))[0].dtype)
        )

    def kept(program: Callable[[], Any], helper: Any = nullcontext) -> Any:
        forget()
        try:
            with helper():
                shape = _shapes(program())["output"]
        except Exception as problem:
            return type(problem).__name__
        return [size if isinstance(size, int) else None for size in shape]

    arguments, (axes,) = example(layer, traced)
    told = {"Dim": axes}
    told |= {f"Dim.{hint}": dict.fromkeys(axes, getattr(Dim, hint)) for hint in ("DYNAMIC", "AUTO")}
    lstm = build(layer, traced).to_empty(device="cpu")
    return {
        "output_shape": list(output.shape),
        "state_shape": list(h_n.shape),
        "returns": outline(returned, {}),
        "dtype": _named(output.dtype),
        "promotes": promotes,
        "parameters": {name: list(one.shape) for name, one in program.state_dict.items()},
        "time": {
            name: kept(lambda axes=axes: export(lstm, arguments, dynamic_shapes=(axes,)))
            for name, axes in told.items()
        },
        "lowered": {
            "alone": kept(program.run_decompositions),
            "helped": kept(program.run_decompositions, register_lstm_while_loop_decomposition),
        },
    }


@cache
def _program(layer: Layer, dimensions: Dimensions) -> ExportedProgram:
    """The layer's program for any batch size and time; its parameters are not filled."""
    arguments, dynamic = example(layer, dimensions)
    module = build(layer, dimensions).to_empty(device="cpu")
    forget()
    with register_lstm_while_loop_decomposition():
        program = export(module, arguments, dynamic_shapes=dynamic)
    forget()  # what is traced from here on, as under torch.compile, is not to be a while loop
    return program


def _shapes(program: ExportedProgram) -> dict[str, torch.Size]:
    """The shapes, with symbols for dynamic axes, that the program's graph has for its tensors."""
    signature = program.graph_signature
    values = {node.name: node.meta.get("val") for node in program.graph.nodes}
    names = (signature.user_inputs[0], *signature.user_outputs)
    return {
        told: values[name].shape
        for told, name in zip(("input", "output", "h_n", "c_n"), names, strict=True)
    }


def _restored(program: ExportedProgram, layer: Layer) -> torch.nn.Module:
    """The program's module, its weights or the whole program read from a file."""
    with TemporaryDirectory() as folder:
        if layer.checkpoint == "model":
            file = Path(folder) / "lstm.pt2"
            torch.export.save(program, file)
            return torch.export.load(file).module()
        file = Path(folder) / "lstm.pt"
        torch.save(program.state_dict, file)
        module = program.module()
        module.load_state_dict(torch.load(file, weights_only=True))
        return module


def _named(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
