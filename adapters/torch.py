"""PyTorch: ``torch.nn.LSTM``, batch first.

Hands its user ``output, (h_n, c_n)``. ``output`` joins the directions on its last axis; the
states stack layers and directions on their first axis and stay (layer*direction, batch, hidden)
under ``batch_first=True`` too. The layer has no switch for sequences, nor for states: who wants
one vector a sequence reads ``h_n``, because ``output[:, -1]`` of a bidirectional layer holds the
backward direction after one step only. Every gate has two biases, which are added. A
two-dimensional input is no error but one sequence without a batch. With lengths the layer is
given, and returns, a PackedSequence; padded again, its output ends with the longest sequence, not
with the input. ``torch.compile`` leaves the layer as it is, in silence, unless
``torch._dynamo.config.allow_rnn`` is set, as it is here: https://github.com/pytorch/pytorch/issues/167275
"""

import inspect
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from adapters._torch import BUILT, OPTIONS
from adapters.contract import (
    ANY,
    SMALL,
    WIDE,
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
    Snippet,
    Spelling,
    dropped,
    open_gates,
    outline,
    promoted,
    stacked,
)

torch.backends.cuda.matmul.allow_tf32 = False  # TensorFloat-32 keeps 10 bits of a mantissa's 23
torch.backends.cudnn.allow_tf32 = False
torch.set_num_threads(1)  # in layers this small threads do nothing but wait for each other

PACKAGES = ("torch",)
OLDEST = ("torch==2.13.0",)
DEVICES = ("cuda", "mps")

CONVENTION = Convention(
    inputs={
        "input": Native("input", "batch time input"),
        "h_0": Native("h_0", "(layer direction) batch hidden"),
        "c_0": Native("c_0", "(layer direction) batch cell"),
        "lengths": Native("lengths", "batch"),
        "first": Native("first", "batch time input"),
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
    source="https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTM.html",
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

SNIPPET = Snippet(
    (
        *BUILT,
        Line(
            "lengths = torch.full(($batch_size,), $time_steps)  # of each sequence\n"
            "x = torch.nn.utils.rnn.pack_padded_sequence(",
            {"lengths": "given"},
        ),
        Line(
            "    x, lengths, batch_first=True, enforce_sorted=False\n)",
            {"lengths": "given", "layout": "batch_major"},
        ),
        Line(
            "    x, lengths, enforce_sorted=False\n)", {"lengths": "given", "layout": "time_major"}
        ),
    ),
    (
        Line("output, (h_n, c_n) = lstm(x)", {"initial_state": "zeros"}),
        Line("output, (h_n, c_n) = lstm(x, (h_0, c_0))", {"initial_state": "given"}),
        Line(
            "output, lengths = torch.nn.utils.rnn.pad_packed_sequence(output, batch_first=True)",
            {"lengths": "given", "layout": "batch_major"},
        ),
        Line(
            "output, lengths = torch.nn.utils.rnn.pad_packed_sequence(output)",
            {"lengths": "given", "layout": "time_major"},
        ),
        'results = {"output": output, "h_n": h_n, "c_n": c_n}',
    ),
    options=(*OPTIONS, "lengths"),
    fed="torch.as_tensor(array)",
)

GAPS = (
    Gap({"cell": ANY}, why="the kernel has the plain cell and no other", source=CONVENTION.source),
    Gap(
        {"recurrent_activation": ANY},
        why="the gates are sigmoids and nothing else",
        source=CONVENTION.source,
    ),
    Gap(
        {"activation": ANY},
        why="tanh is in the kernel, and no argument",
        source=CONVENTION.source,
    ),
    Gap(
        {"initial_state": ("h_0", "c_0")},
        why="hx is a pair of h_0 and c_0, one of which None is refused",
        source=CONVENTION.source,
    ),
    Gap(
        {"reverse": True},
        why="the reverse direction comes with the forward one alone",
        source=CONVENTION.source,
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
    Gap(
        {"layout": "unbatched", "lengths": "given"},
        why="a packed sequence is one of a batch",
        source="https://docs.pytorch.org/docs/stable/generated/"
        "torch.nn.utils.rnn.pack_padded_sequence.html",
    ),
    Gap(
        {"mask": "given"},
        why="a packed sequence has a length, and no step of it can be left out",
        source="https://docs.pytorch.org/docs/stable/generated/"
        "torch.nn.utils.rnn.pack_padded_sequence.html",
    ),
    Gap(
        {"stateful": ANY},
        why="the layer keeps no state, the caller carries it",
        source=CONVENTION.source,
    ),
    Gap(
        {"execution": "unrolled"},
        why="the loop over time is the operator's own",
        source=CONVENTION.source,
    ),
    Gap(
        {"execution": "predict"},
        why="a module is called and has no predict",
        source="https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html",
    ),
)


def place(device: str) -> bool:
    """Have new tensors made on `device`; whether there is one."""
    there = {"cuda": torch.cuda.is_available, "mps": torch.backends.mps.is_available}
    if device == "cpu":  # where they are made anyway; a default that is set takes time at each call
        return True
    if device not in there or not there[device]():
        return False
    torch.set_default_device(device)
    return True


def run(
    layer: Layer, dimensions: Dimensions, weights: Mapping[str, Array], inputs: Mapping[str, Array]
) -> Results:
    """Load `weights` into the layer, call it with `inputs`; ``output``, ``h_n`` and ``c_n``.

    Raises RuntimeError where a weight is missing, surplus or of another shape.
    """
    module = _filled(layer, dimensions, _tensors(layer, weights))
    properties: dict[str, Any] = {}
    if layer.checkpoint != "none":
        module = _restored(module, layer, dimensions)
        properties["checkpoint"] = {n: list(one.shape) for n, one in module.state_dict().items()}
    fed = _tensors(layer, inputs)
    cotangents = {name: fed.pop(name) for name in list(fed) if name.startswith("cotangent of ")}
    first = fed.pop("first", None)
    leaves = {name: one for name, one in fed.items() if name != "lengths"}
    for leaf in leaves.values():
        leaf.requires_grad_(layer.gradients)
    with (
        torch.set_grad_enabled(layer.gradients),
        _precision(layer),
        _execution(layer, module) as it,
    ):
        if first is not None:
            _call(it, layer, fed | {"input": first} | _full(layer, fed, first))
        returned, results = _call(it, layer, fed)
    properties["container"] = outline(returned, results)
    if layer.gradients:
        named = dict(module.named_parameters())
        leaves |= {_in_stack(n): one for n, one in named.items()} if layer.layers else named
        asked = {name: one for name, one in results.items() if f"cotangent of {name}" in cotangents}
        # A sequence padded again may end before the input does: behind it all cotangents are zero.
        cotangent = [
            cotangents[f"cotangent of {name}"][tuple(map(slice, one.shape))].to(one.dtype)
            for name, one in asked.items()
        ]
        gradients = torch.autograd.grad(list(asked.values()), list(leaves.values()), cotangent)
        results |= {f"gradient of {n}": one for n, one in zip(leaves, gradients, strict=True)}
    return Results({name: _numpy(result) for name, result in results.items()}, **properties)


def infer(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Read the shapes of the same results from a call with fake tensors: no value is computed.

    Lengths are full, and on the meta device: how a fake sequence is packed would hang on its values
    (https://docs.pytorch.org/docs/stable/torch.compiler_fake_tensor.html). Autocast knows no meta
    device; a mixed dtype is inferred without it.
    """
    batch, time = dimensions.batch_size, dimensions.time_steps
    axes = {"batch_major": (batch, time), "time_major": (time, batch), "unbatched": (time,)}
    shapes = {"input": (*axes[layer.layout], dimensions.embedding_dim)}
    if layer.initial_state == "given":
        members = stacked(layer, dimensions) if layer.layers else [(layer, dimensions)]
        for number, (one, own) in enumerate(members):
            rows = (own.num_layers * one.num_directions,)
            rows += () if layer.layout == "unbatched" else (batch,)
            end = f".{number}" if layer.layers else ""
            shapes[f"h_0{end}"] = (*rows, one.projection_size or own.hidden_units)
            shapes[f"c_0{end}"] = (*rows, own.hidden_units)
    packed = layer.lengths == "given"
    device, mode = ("meta", nullcontext()) if packed else ("cpu", FakeTensorMode())
    with torch.no_grad(), mode:
        inputs = {
            name: torch.empty(shape, dtype=_dtype(layer), device=device)
            for name, shape in shapes.items()
        }
        if packed:
            inputs["lengths"] = torch.full((batch,), time, device="cpu")
        _, results = _call(_build(layer, dimensions, device), layer, inputs)
    return {name: tuple(result.shape) for name, result in results.items()}


def parameters(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Return the shape of every parameter by its name."""
    module = _build(layer, dimensions)
    named = {name: tuple(one.shape) for name, one in module.named_parameters()}
    return {_in_stack(n): shape for n, shape in named.items()} if layer.layers else named


def defaults(dimensions: Dimensions) -> dict[str, Any]:
    """Describe ``LSTM(input_size, hidden_size)``, called with (batch, time, input).

    ``state_shape`` tells that the batch axis was taken for time: the output's shape does not.
    """
    module = torch.nn.LSTM(dimensions.embedding_dim, dimensions.hidden_units)
    shape = dimensions.batch_size, dimensions.time_steps, dimensions.embedding_dim
    with torch.no_grad():
        returned = module(torch.zeros(shape))
    output, (h_n, _) = returned
    # LSTM's own signature is (*args, **kwargs): it hands them on to its base
    signature = inspect.signature(partial(torch.nn.RNNBase, "LSTM"))
    forget = module.bias_ih_l0[dimensions.hidden_units : 2 * dimensions.hidden_units].tolist()
    return {
        "signature": str(signature),
        "output_shape": list(output.shape),
        "state_shape": list(h_n.shape),
        "returns": outline(returned, {}),
        "dtype": str(output.dtype).removeprefix("torch."),
        "promotes": promoted(lambda dtype: _fed(module, shape, dtype)),
        "parameters": {name: list(one.shape) for name, one in module.named_parameters()},
        "forget_bias": forget[0] if len(set(forget)) == 1 else "random",
    }


def training(dimensions: Dimensions) -> dict[str, Any]:
    """What two layers with ``dropout`` drop of what the upper one reads."""
    gates = open_gates(CONVENTION.gates)
    bias = torch.tensor(list(gates.values())).repeat_interleave(WIDE)
    read = torch.zeros(len(bias), WIDE)
    start = CONVENTION.gates.index("g") * WIDE
    read[start : start + WIDE] = SMALL * torch.eye(WIDE)
    x = torch.zeros(dimensions.batch_size, dimensions.time_steps, WIDE)

    def output(weight: torch.Tensor, mode: bool, dropout: float = 0.0) -> Array:
        lstm = torch.nn.LSTM(WIDE, WIDE, 2, batch_first=True, dropout=dropout).train(mode)
        weights = {name: torch.zeros_like(one) for name, one in lstm.state_dict().items()}
        given = {"bias_ih_l0": bias, "bias_ih_l1": bias, "weight_ih_l1": weight}
        lstm.load_state_dict(weights | given)
        with torch.no_grad():
            return lstm(x)[0].numpy()

    plain, evaluated = output(torch.zeros_like(read), False), output(read, False)
    of = dropped(plain, evaluated, output(read, True, 0.5))
    off = (output(read, False, 0.5) == evaluated).all()
    return {"dropout": {**of, "off_in_evaluation": bool(off)}}


def _fed(module: torch.nn.LSTM, shape: Shape, dtype: str) -> str:
    with torch.no_grad():
        output, _ = module(torch.zeros(shape, dtype=getattr(torch, dtype)))
    return str(output.dtype).removeprefix("torch.")


def _dtype(layer: Layer) -> torch.dtype:
    """What parameters and inputs are of."""
    return torch.float32 if "mixed" in layer.dtype else getattr(torch, layer.dtype)


def _tensors(layer: Layer, arrays: Mapping[str, Array]) -> dict[str, torch.Tensor]:
    # Lengths stay integers, and on the CPU: nothing packs by those of another device.
    kinds: dict[str, dict[str, Any]] = {"f": {"dtype": _dtype(layer)}, "i": {"device": "cpu"}}
    return {name: torch.tensor(array, **kinds[array.dtype.kind]) for name, array in arrays.items()}


class Stack(torch.nn.ModuleList):
    """Layers that differ: each reads what the one below hands out."""

    residual: list[bool]  # of each, whether what it reads is added to what it hands out

    def forward(self, x: Any, states: Any) -> Any:
        """Return the output of the last, packed as `x` is, and each one's states."""
        ended = []
        for number, lstm in enumerate(self):
            output, state = lstm(x, states[number] if states else None)
            ended.append(state)
            x = _added(output, x) if self.residual[number] else output
        return x, ended


def _added(output: Any, x: Any) -> Any:
    if isinstance(x, torch.Tensor):
        return output + x
    return output._replace(data=output.data + x.data)  # both are packed by the same lengths


def _in_list(name: str) -> str:
    """A weight's name in a list of layers: ``1.weight_ih_l0`` for ``weight_ih_l1``."""
    kind, _, rest = name.rpartition("_l")
    number, *direction = rest.split("_")
    return "_".join([f"{number}.{kind}_l0", *direction])


def _in_stack(name: str) -> str:
    """The same back."""
    number, _, own = name.partition(".")
    return own.replace("_l0", f"_l{number}")


def _build(layer: Layer, dimensions: Dimensions, device: str = "meta") -> Any:
    if layer.layers:
        members = stacked(layer, dimensions)
        module = Stack(_build(*one, device) for one in members)
        module.residual = [one.residual for one, _ in members]
        return module.eval()
    stacked_up = dimensions.num_layers > 1  # dropout lies between layers, and a lone one has none
    return torch.nn.LSTM(
        dimensions.embedding_dim,
        dimensions.hidden_units,
        dimensions.num_layers,
        bias=layer.bias,
        batch_first=layer.layout != "time_major",
        dropout=0.5 if layer.dropout and stacked_up else 0.0,
        bidirectional=layer.bidirectional,
        proj_size=layer.projection_size,
        device=device,
        dtype=_dtype(layer),
    ).eval()


def _filled(
    layer: Layer, dimensions: Dimensions, weights: Mapping[str, torch.Tensor]
) -> torch.nn.LSTM:
    module = _build(layer, dimensions)
    # assign: parameters on the meta device hold no memory that could be copied into
    if layer.layers:
        weights = {_in_list(name): one for name, one in weights.items()}
    module.load_state_dict(weights, assign=True)
    return module


def _restored(module: torch.nn.LSTM, layer: Layer, dimensions: Dimensions) -> torch.nn.LSTM:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "lstm.pt"
        if layer.checkpoint == "model":
            torch.save(module, file)
            return torch.load(file, weights_only=False)
        torch.save(module.state_dict(), file)
        return _filled(layer, dimensions, torch.load(file, weights_only=True))


@contextmanager
def _precision(layer: Layer) -> Iterator[None]:
    """Autocast for a mixed dtype; oneDNN off for every narrow one.

    With oneDNN the CPU would decide: under AVX-512 autocast to bfloat16 returns bfloat16, elsewhere
    it raises RuntimeError, as autocast to float16 does without AVX-512 FP16. Without oneDNN only
    matrix products are narrow, and results float32, but for an h that a projection gives.
    """
    if layer.dtype in ("float32", "float64"):
        yield
        return
    narrow = getattr(torch, layer.dtype.removeprefix("mixed_"))
    torch.backends.mkldnn.enabled = False
    try:
        device = torch.get_default_device().type
        with torch.autocast(device, narrow, enabled="mixed" in layer.dtype):
            yield
    finally:
        torch.backends.mkldnn.enabled = True


@contextmanager
def _execution(layer: Layer, module: torch.nn.LSTM) -> Iterator[Any]:
    """The module, or under ``compiled`` the whole of it as one graph."""
    if layer.execution != "compiled":
        yield module
        return
    torch.compiler.reset()  # or the modules of earlier cases count as recompilations of this one
    with torch._dynamo.config.patch(allow_rnn=True):
        yield torch.compile(module, backend="aot_eager", fullgraph=True)  # needs no C++ compiler


def _full(
    layer: Layer, fed: Mapping[str, torch.Tensor], first: torch.Tensor
) -> dict[str, torch.Tensor]:
    """The lengths of a call before, where lengths are fed: all of its steps count."""
    if "lengths" not in fed:
        return {}
    time, batch = first.shape[:2] if layer.layout == "time_major" else first.shape[1::-1]
    return {"lengths": torch.full((batch,), time, device="cpu")}


def _call(
    module: Any, layer: Layer, inputs: Mapping[str, torch.Tensor]
) -> tuple[Any, dict[str, torch.Tensor]]:
    """Call `module`: what it returned, and the tensors in it by name, a packed one padded again."""
    states = (inputs["h_0"], inputs["c_0"]) if "h_0" in inputs else None
    if layer.layers and layer.initial_state == "given":
        states = [(inputs[f"h_0.{n}"], inputs[f"c_0.{n}"]) for n in range(len(module))]
    x, batch_first = inputs["input"], layer.layout != "time_major"
    if "lengths" in inputs:
        # Sorting is undone by an index on the input's device, which lengths, on the CPU, cannot
        # be read with from the meta device; inferred lengths are all the same, and sorted.
        x = pack_padded_sequence(x, inputs["lengths"], batch_first, enforce_sorted=x.is_meta)
    returned = output, ended = module(x, states)
    output = _added(output, x) if layer.residual else output
    if "lengths" in inputs:
        output, _ = pad_packed_sequence(output, batch_first)
    if not layer.layers:
        return returned, {"output": output, "h_n": ended[0], "c_n": ended[1]}
    results = {"output": output}
    for number, (h_n, c_n) in enumerate(ended):
        results |= {f"h_n.{number}": h_n, f"c_n.{number}": c_n}
    return returned, results


def _numpy(tensor: torch.Tensor) -> Array:
    tensor = tensor.detach().cpu()
    if tensor.dtype == torch.bfloat16:
        return Cast(tensor.float().numpy(), "bfloat16")
    return tensor.numpy()
