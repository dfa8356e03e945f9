"""What the ways of exporting a ``torch.nn.LSTM`` share: the layer, and the example of its input."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch

from adapters.contract import (
    ANY,
    Array,
    Cast,
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
)

torch.set_num_threads(1)  # in layers this small threads do nothing but wait for each other

DOCS = "https://docs.pytorch.org/docs/stable"
LSTM = f"{DOCS}/generated/torch.nn.LSTM.html"

CONVENTION = Convention(
    inputs={
        "first": Native("first", "batch time input"),
        "input": Native("input", "batch time input"),
        "h_0": Native("h_0", "(layer direction) batch hidden"),
        "c_0": Native("c_0", "(layer direction) batch cell"),
        "lengths": Native("lengths", "batch"),  # of those that can be given a packed sequence
    },
    results={
        "output": Native("output", "batch time (direction hidden)"),
        "h_n": Native("h_n", "(layer direction) batch hidden"),
        "c_n": Native("c_n", "(layer direction) batch cell"),
        "last": Native("h_n", "(layer direction) batch hidden"),
    },
    weights={
        "input_weights": Native("weight_ih_l{layer}{direction}", "(gate cell) input"),
        "recurrent_weights": Native("weight_hh_l{layer}{direction}", "(gate cell) hidden"),
        "input_bias": Native("bias_ih_l{layer}{direction}", "(gate cell)"),
        "recurrent_bias": Native("bias_hh_l{layer}{direction}", "(gate cell)"),
        "projection_weights": Native("weight_hr_l{layer}{direction}", "hidden cell"),
    },
    gates="ifgo",
    directions=(("",), ("", "_reverse")),
    source=LSTM,
    loader="lstm.load_state_dict({name: torch.as_tensor(one) for name, one in weights.items()})",
    spellings=(
        Spelling(
            "torch.nn.LSTMCell",
            {
                "input_weights": Native("weight_ih", "(gate cell) input"),
                "recurrent_weights": Native("weight_hh", "(gate cell) hidden"),
                "input_bias": Native("bias_ih", "(gate cell)"),
                "recurrent_bias": Native("bias_hh", "(gate cell)"),
            },
        ),
    ),
    files=(
        File(
            ".pt",
            "storages",
            save="torch.save(model.state_dict(), FILE)",
            load="state = torch.load(FILE, weights_only=True)",
            package="torch",
        ),
        File(
            ".safetensors",
            "tensors",
            save="safetensors.torch.save_file(model.state_dict(), FILE)",
            load="state = safetensors.torch.load_file(FILE)",
        ),
    ),
    sequence="list(model.parameters())",
)

BUILT: tuple[Line | str, ...] = (  # of a snippet
    "import torch",
    "",
    "lstm = torch.nn.LSTM(",
    "    input_size=$embedding_dim,",
    "    hidden_size=$hidden_units,",
    Line("    num_layers=$num_layers,", {"num_layers": ANY}),
    Line("    bias=False,", {"bias": False}),
    Line("    batch_first=True,", {"layout": "batch_major"}),
    Line("    bidirectional=True,", {"bidirectional": True}),
    Line("    proj_size=$projection_size,", {"projection_size": ANY}),
    ")",
    Line("x = torch.zeros($batch_size, $time_steps, $embedding_dim)", {"layout": "batch_major"}),
    Line("x = torch.zeros($time_steps, $batch_size, $embedding_dim)", {"layout": "time_major"}),
    Line("x = torch.zeros($time_steps, $embedding_dim)", {"layout": "unbatched"}),
    Line(
        "h_0 = torch.zeros($rows, $batch_size, $state_units)\n"
        "c_0 = torch.zeros($rows, $batch_size, $hidden_units)",
        {"initial_state": "given", "layout": ("batch_major", "time_major")},
    ),
    Line(
        "h_0 = torch.zeros($rows, $state_units)\nc_0 = torch.zeros($rows, $hidden_units)",
        {"initial_state": "given", "layout": "unbatched"},
    ),
)
OPTIONS = (
    "num_layers",
    "bias",
    "bidirectional",
    "projection_size",
    "layout",
    "initial_state",
    "return_sequences",
    "return_state",
)

LAYER = (  # gaps of the layer itself
    Gap(
        {"layers": ANY},
        why="hidden_size and all else is one for all layers of a layer",
        source=LSTM,
    ),
    Gap(
        {"residual": True},
        why="nothing is added to what the layer hands out",
        source=LSTM,
    ),
    Gap({"cell": ANY}, why="the kernel has the plain cell and no other", source=LSTM),
    Gap({"recurrent_activation": ANY}, why="the gates are sigmoids and nothing else", source=LSTM),
    Gap({"activation": ANY}, why="tanh is in the kernel, and no argument", source=LSTM),
    Gap(
        {"initial_state": ("h_0", "c_0")},
        why="hx is a pair of h_0 and c_0",
        source=LSTM,
    ),
    Gap(
        {"reverse": True},
        why="the reverse direction comes with the forward one alone",
        source=LSTM,
    ),
    Gap(
        {"merge": ANY},
        why="the directions are concatenated and nothing else",
        source="https://github.com/pytorch/pytorch/issues/607",
    ),
    Gap(
        {"layout": "extra_batch"},
        why="an input has one batch axis at most, and torch.vmap has no rule for the layer",
        source="https://github.com/pytorch/pytorch/issues/105982",
    ),
    Gap({"stateful": ANY}, why="the layer keeps no state, the caller carries it", source=LSTM),
    Gap({"mask": "given"}, why="the layer has no mask", source=LSTM),
    Gap({"execution": "unrolled"}, why="the loop over time is the operator's own", source=LSTM),
)
SHARED = (  # gaps of every way to export
    *LAYER,
    Gap(
        {"lengths": "given"},
        why="a packed sequence cannot be exported",
        source="https://github.com/pytorch/pytorch/issues/171978",
    ),
)


class Autocast(torch.nn.LSTM):
    """An LSTM that computes in `narrow`: autocast is exported from inside of ``forward`` alone."""

    narrow: torch.dtype

    def forward(self, input: torch.Tensor, hx: Any = None) -> Any:  # noqa: A002 (the layer's word)
        """Return what the layer returns."""
        with torch.autocast("cpu", self.narrow):
            return super().forward(input, hx)


def exported(layer: Layer, dimensions: Dimensions) -> tuple[Layer, Dimensions]:
    """Return what is exported to serve `layer` at any batch size and number of time steps.

    No case has either size of the example, and so each runs at sizes that its export has not seen.
    0 and 1 would be taken for constants.
    """
    plain = Layer()
    used = ("return_sequences", "return_state", "gradients", "execution", "checkpoint")
    layer = replace(layer, **{option: getattr(plain, option) for option in used})
    return layer, replace(dimensions, batch_size=6, time_steps=2)


def traced_for(layer: Layer, dimensions: Dimensions, inputs: Mapping[str, Array]) -> Dimensions:
    """Return `dimensions`, or those of the input that the layer is to be exported for."""
    if "first" not in inputs:
        return dimensions
    axes = {"batch_major": "bt", "time_major": "tb", "unbatched": "t"}[layer.layout]
    sizes = dict(zip(axes, inputs["first"].shape, strict=False))
    batch = sizes.get("b", dimensions.batch_size)
    return replace(dimensions, batch_size=batch, time_steps=sizes["t"])


def build(layer: Layer, dimensions: Dimensions) -> torch.nn.LSTM:
    """Return the layer in evaluation, with its parameters on the meta device."""
    mixed = layer.dtype.startswith("mixed_")
    stacked = dimensions.num_layers > 1  # dropout lies between layers, and a lone layer has none
    module = (Autocast if mixed else torch.nn.LSTM)(
        dimensions.embedding_dim,
        dimensions.hidden_units,
        dimensions.num_layers,
        bias=layer.bias,
        batch_first=layer.layout != "time_major",
        dropout=0.5 if layer.dropout and stacked else 0.0,
        bidirectional=layer.bidirectional,
        proj_size=layer.projection_size,
        device="meta",
        dtype=_dtype(layer),
    )
    module.narrow = getattr(torch, layer.dtype.removeprefix("mixed_"))
    return module.eval().requires_grad_(False)


def example(layer: Layer, dimensions: Dimensions) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Return arguments for the layer, and the same with the dynamic axes of each."""
    batch, time = torch.export.Dim("batch"), torch.export.Dim("time")
    sizes = {batch: dimensions.batch_size, time: dimensions.time_steps}
    axes = {"batch_major": (batch, time), "time_major": (time, batch), "unbatched": (time,)}
    rows = (dimensions.num_layers * layer.num_directions,)
    state = rows if layer.layout == "unbatched" else (*rows, batch)
    hidden = layer.projection_size or dimensions.hidden_units
    shapes = ((*axes[layer.layout], dimensions.embedding_dim),)
    if layer.initial_state == "given":
        shapes += ((*state, hidden), (*state, dimensions.hidden_units))
    # A tensor for each: one that is given twice would be exported as one input.
    arguments = [
        torch.zeros([sizes.get(size, size) for size in shape], dtype=_dtype(layer))
        for shape in shapes
    ]
    dynamic = [{axis: dim for axis, dim in enumerate(shape) if dim in sizes} for shape in shapes]
    return _called(arguments), _called(dynamic)


def arguments(inputs: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return `inputs` as the layer takes them."""
    return _called([inputs[name] for name in ("input", "h_0", "c_0") if name in inputs])


def _called(each: list[Any]) -> tuple[Any, ...]:
    """``(input,)`` or ``(input, (h_0, c_0))``."""
    return (each[0], tuple(each[1:])) if each[1:] else (each[0],)


def forget() -> None:
    """Make the next export the first of the process, as far as an LSTM is concerned.

    The loop over time is compiled as it is traced, and what earlier exports left in the compiler's
    cache adds guards, at times one that no dynamic batch meets. PyTorch also keeps how it last
    traced the operator, and does not see then that the loop has been registered to trace it: the
    time axis of a second export is fixed.
    """
    torch.compiler.reset()
    torch.ops.aten.lstm.input._dispatch_cache.clear()


def tensors(layer: Layer, arrays: Mapping[str, Array]) -> dict[str, torch.Tensor]:
    """Return `arrays` as tensors of the layer's dtype; integers stay what they are."""
    return {
        name: torch.tensor(array, dtype=_dtype(layer) if array.dtype.kind == "f" else None)
        for name, array in arrays.items()
    }


def parameters(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Return the shape of every parameter by its name."""
    module = build(layer, dimensions)
    return {name: tuple(parameter.shape) for name, parameter in module.named_parameters()}


def answered(
    layer: Layer,
    inputs: Mapping[str, torch.Tensor],
    weights: Mapping[str, torch.Tensor],
    call: Callable[[Mapping[str, torch.Tensor]], tuple[Any, dict[str, torch.Tensor]]],
) -> Results:
    """Call with `inputs`, differentiate for them and for `weights` where the layer asks for that.

    `call` gives what was returned, and the tensors in it by name.
    """
    fed = {name: one for name, one in inputs.items() if not name.startswith("cotangent of ")}
    first = fed.pop("first", None)
    leaves = {name: one for name, one in fed.items() if name != "lengths"} | dict(weights)
    for leaf in leaves.values():
        leaf.requires_grad_(layer.gradients)
    with torch.set_grad_enabled(layer.gradients), precision(layer):
        if first is not None:
            before = {**fed, "input": first}
            if "lengths" in fed:  # all of its steps count
                sizes = first.shape[:2]
                time, rows = sizes if layer.layout == "time_major" else sizes[::-1]
                before["lengths"] = torch.full((rows,), time)
            call(before)
        returned, results = call(fed)
    properties = {"container": outline(returned, results)}
    if layer.gradients:
        asked = {name: one for name, one in results.items() if f"cotangent of {name}" in inputs}
        cotangents = [  # a sequence padded again may end before the input does
            inputs[f"cotangent of {name}"][tuple(map(slice, one.shape))].to(one.dtype)
            for name, one in asked.items()
        ]
        found = torch.autograd.grad(list(asked.values()), list(leaves.values()), cotangents)
        results |= {f"gradient of {name}": one for name, one in zip(leaves, found, strict=True)}
    return Results({name: numpy(result) for name, result in results.items()}, **properties)


@contextmanager
def precision(layer: Layer) -> Iterator[None]:
    """Without oneDNN for a narrow dtype: with it the processor would decide what is returned."""
    torch.backends.mkldnn.enabled = layer.dtype in ("float32", "float64")
    try:
        yield
    finally:
        torch.backends.mkldnn.enabled = True


def numpy(tensor: torch.Tensor) -> Array:
    """Return a tensor as NumPy has it, which has no bfloat16."""
    tensor = tensor.detach()
    if tensor.dtype == torch.bfloat16:
        return Cast(tensor.float().numpy(), "bfloat16")
    return tensor.numpy()


def _dtype(layer: Layer) -> torch.dtype:
    """What parameters and inputs are of."""
    return torch.float32 if "mixed" in layer.dtype else getattr(torch, layer.dtype)
