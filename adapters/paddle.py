"""PaddlePaddle: ``paddle.nn.LSTM``.

Hands its user ``output, (h_n, c_n)``, batch first; ``output`` joins the directions on its last
axis, and the states stack layers and directions on their first axis. The layer has no switch for
sequences, nor for states. Every gate has two biases, which are added. ``proj_size`` leaves the
fused kernel for a loop in Python: there what stands behind a sequence's end is computed and not
zero, states are broadcast, and inference does not know the number of steps.

A parameter has two names: ``weight_ih_l0``, as in PyTorch, and that of the cell which holds it,
``0.cell.weight_ih``. Under ``proj_size`` the first are not to be trusted, for they are dealt out
along a list that holds a fifth tensor a cell: the ``weight_ih_l1`` of a stack is the projection of
layer 0 (https://github.com/PaddlePaddle/Paddle/issues/70245). So the second are used here.
``set_state_dict`` warns of a name that is missing or of a shape that does not fit, and goes on.

The dtype is that of ``paddle.set_default_dtype`` when the layer is built; ``layer.to(dtype=...)``
fails, for the layer's dropout state has no memory. ``paddle.amp.auto_cast`` does not know the
kernel and leaves it in float32. Gradients want training mode. ``paddle.Model`` and a layer that
``paddle.jit.load`` returns have no nested states: tensors in, a list of tensors out.
"""

import inspect
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import paddle

from adapters.contract import (
    ANY,
    SMALL,
    WIDE,
    Array,
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
)

# Its handler, which prints a trace, meets the heap that a crash has left and dies of that instead.
paddle.disable_signal_handler()

PACKAGES = ("paddlepaddle",)
OLDEST = ("paddlepaddle==2.6.2", "numpy<2", "setuptools<81")

DOCS = "https://www.paddlepaddle.org.cn/documentation/docs/en/api/paddle"

CONVENTION = Convention(
    inputs={
        "input": Native("input", "batch time input"),
        "h_0": Native("h_0", "(layer direction) batch hidden"),
        "c_0": Native("c_0", "(layer direction) batch cell"),
        "lengths": Native("lengths", "batch"),
    },
    results={
        "output": Native("output", "batch time (direction hidden)"),
        "h_n": Native("h_n", "(layer direction) batch hidden"),
        "c_n": Native("c_n", "(layer direction) batch cell"),
        "last": Native("h_n", "(layer direction) batch hidden"),
    },
    weights={
        "input_weights": Native("{layer}.{direction}.weight_ih", "(gate cell) input"),
        "recurrent_weights": Native("{layer}.{direction}.weight_hh", "(gate cell) hidden"),
        "input_bias": Native("{layer}.{direction}.bias_ih", "(gate cell)"),
        "recurrent_bias": Native("{layer}.{direction}.bias_hh", "(gate cell)"),
        "projection_weights": Native("{layer}.{direction}.weight_ho", "cell hidden"),
    },
    gates="ifgo",
    directions=(("cell",), ("cell_fw", "cell_bw")),
    source=f"{DOCS}/nn/LSTM_en.html",
    loader="lstm.set_state_dict({name: paddle.to_tensor(one) for name, one in weights.items()})",
    spellings=(
        Spelling(
            "paddle.nn.LSTM, a second time in its state",
            {
                "input_weights": Native("weight_ih_l{layer}{direction}", "(gate cell) input"),
                "recurrent_weights": Native("weight_hh_l{layer}{direction}", "(gate cell) hidden"),
                "input_bias": Native("bias_ih_l{layer}{direction}", "(gate cell)"),
                "recurrent_bias": Native("bias_hh_l{layer}{direction}", "(gate cell)"),
            },
            directions=(("",), ("", "_reverse")),
        ),
        Spelling(
            "paddle.nn.BiRNN of LSTMCell",
            {
                "input_weights": Native("{direction}.weight_ih", "(gate cell) input"),
                "recurrent_weights": Native("{direction}.weight_hh", "(gate cell) hidden"),
                "input_bias": Native("{direction}.bias_ih", "(gate cell)"),
                "recurrent_bias": Native("{direction}.bias_hh", "(gate cell)"),
            },
        ),
        Spelling(
            "paddle.nn.LSTMCell",
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
            ".pdparams",
            "pickle",
            save="paddle.save(model.state_dict(), FILE)",
            load="state = paddle.load(FILE)",
        ),
    ),
)

SNIPPET = Snippet(
    (
        "import paddle\n",
        "lstm = paddle.nn.LSTM(",
        "    $embedding_dim,",
        "    $hidden_units,",
        Line("    num_layers=$num_layers,", {"num_layers": ANY}),
        Line('    direction="bidirect",', {"bidirectional": True}),
        Line("    time_major=True,", {"layout": "time_major"}),
        ")",
        Line(
            "x = paddle.zeros([$batch_size, $time_steps, $embedding_dim])",
            {"layout": "batch_major"},
        ),
        Line(
            "x = paddle.zeros([$time_steps, $batch_size, $embedding_dim])", {"layout": "time_major"}
        ),
        Line(
            "zeros = paddle.zeros([$rows, $batch_size, $hidden_units])", {"initial_state": "given"}
        ),
    ),
    (
        "output, (h_n, c_n) = lstm(",
        "    x,",
        Line("    (zeros, zeros),", {"initial_state": "given"}),
        Line(
            "    sequence_length=paddle.full([$batch_size], $time_steps, 'int32'),",
            {"lengths": "given"},
        ),
        ")",
        'results = {"output": output, "h_n": h_n, "c_n": c_n}',
    ),
    options=(
        "bidirectional",
        "initial_state",
        "layout",
        "lengths",
        "num_layers",
        "return_sequences",
        "return_state",
    ),
    fed="paddle.to_tensor(array)",
)

KERNEL = "https://github.com/PaddlePaddle/Paddle/blob/develop/paddle/phi/kernels/cpu/rnn_kernel.cc"
RNN = f"{DOCS}/nn/RNN_en.html"
GAPS = (
    Gap(
        {"layers": ANY},
        why="hidden_size and all else is one for all layers of a layer",
        source=CONVENTION.source,
    ),
    Gap(
        {"residual": True},
        why="nothing is added to what the layer hands out",
        source=CONVENTION.source,
    ),
    Gap(
        {"cell": ANY},
        why="no cell clips, sees c or couples its gates",
        source=f"{DOCS}/nn/LSTM_en.html",
    ),
    Gap(
        {"recurrent_activation": ANY},
        why="the gates are sigmoids; only SimpleRNN takes an activation",
        source=f"{DOCS}/nn/LSTM_en.html",
    ),
    Gap(
        {"activation": ANY},
        why="tanh is fixed; only SimpleRNN takes an activation",
        source=f"{DOCS}/nn/LSTM_en.html",
    ),
    Gap(
        {"execution": "unrolled"},
        why="the loop over time is the operator's own",
        source=CONVENTION.source,
    ),
    Gap(
        {"initial_state": ("h_0", "c_0")},
        why="initial_states is a pair of h and c",
        source=CONVENTION.source,
    ),
    Gap(
        {"mask": "given"},
        why="a layer has sequence_length, of which it makes its own mask",
        source=CONVENTION.source,
    ),
    Gap(
        {"projection_size": ANY},
        why="nn.LSTM had no proj_size before 3.0",
        source=f"{DOCS}/nn/LSTM_en.html",
        versions="paddlepaddle<3",
    ),
    Gap(
        {"reverse": True, "keep_order": False},
        why="nn.LSTM reads backwards beside a forward direction alone, nn.RNN aligns its output",
        source=RNN,
    ),
    Gap(
        {"reverse": True, "keep_order": True},
        why="nn.RNN, which reads a cell backwards by is_reverse, is not run",
        source=RNN,
        own=True,
    ),
    Gap(
        {"merge": ANY},
        why="the directions are concatenated and nothing else",
        source=CONVENTION.source,
    ),
    Gap(
        {"layout": ("unbatched", "extra_batch")},
        why="an input has exactly three axes",
        source=CONVENTION.source,
    ),
    Gap(
        {"stateful": ANY},
        why="the layer keeps no state, the caller carries it",
        source=CONVENTION.source,
    ),
    Gap(
        {"dtype": ("float16", "bfloat16")},
        why="on a CPU its kernel is for float32 and float64 alone",
        source=KERNEL,
    ),
    Gap(
        {"gradients": True, "execution": "predict"},
        why="predict_batch returns NumPy arrays, which nothing differentiates",
        source=f"{DOCS}/Model_en.html",
    ),
)


class Network(paddle.nn.Layer):
    """What `paddle.Model` can run: tensors in, in the order of `names`, and a flat tuple out."""

    def __init__(self, lstm: paddle.nn.LSTM, names: tuple[str, ...]) -> None:
        super().__init__()
        self.lstm, self.names = lstm, names

    def forward(self, *tensors: Any) -> tuple[Any, Any, Any]:
        """Return output, h_n and c_n."""
        named = dict(zip(self.names, tensors, strict=True))
        output, (h_n, c_n) = self.lstm(*_arguments(named))
        return output, h_n, c_n


def run(
    layer: Layer, dimensions: Dimensions, weights: Mapping[str, Array], inputs: Mapping[str, Array]
) -> Results:
    """Load `weights` into the layer, call it with `inputs`; ``output``, ``h_n`` and ``c_n``.

    Raises KeyError where a weight is missing or surplus.
    """
    module = _build(layer, dimensions)
    if unmatched := weights.keys() ^ _parameters(module).keys():
        raise KeyError(f"weights that are missing or surplus: {sorted(unmatched)}")
    module.set_state_dict({name: paddle.to_tensor(array) for name, array in weights.items()})
    # In evaluation the kernel keeps nothing for the gradients; in training dropout would be on.
    module.training = layer.gradients and not layer.dropout
    properties: dict[str, Any] = {}
    if layer.checkpoint != "none":
        module, properties["checkpoint"] = _reloaded(module, layer, dimensions)
    leaves = {name: paddle.to_tensor(inputs[name]) for name in CONVENTION.inputs if name in inputs}
    for name, leaf in leaves.items():
        leaf.stop_gradient = not layer.gradients or name == "lengths"
    narrow = layer.dtype.removeprefix("mixed_")
    mixed = paddle.amp.auto_cast(dtype=narrow) if narrow != layer.dtype else nullcontext()
    with paddle.set_grad_enabled(layer.gradients), mixed:
        returned = _executed(module, layer, leaves)
    output, h_n, c_n = paddle.utils.flatten(returned)
    results = {"output": output, "h_n": h_n, "c_n": c_n}
    properties["container"] = outline(returned, results)
    if layer.gradients:
        leaves.pop("lengths", None)
        leaves |= _parameters(module) or dict(module.named_parameters())  # those of a program
        asked = {name: one for name, one in results.items() if f"cotangent of {name}" in inputs}
        cotangents = [paddle.to_tensor(inputs[f"cotangent of {name}"]) for name in asked]
        gradients = paddle.grad(list(asked.values()), list(leaves.values()), cotangents)
        results |= {f"gradient of {n}": one for n, one in zip(leaves, gradients, strict=True)}
    return Results(results, **properties)


def infer(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Read the shapes of the same results from a static program, which holds no numbers."""
    with _program():
        specs = _specs(layer, dimensions).items()
        fed = {name: paddle.static.data(name, spec.shape, spec.dtype) for name, spec in specs}
        output, (h_n, c_n) = _build(layer, dimensions)(*_arguments(fed))
        results = {"output": output, "h_n": h_n, "c_n": c_n}
        return {name: tuple(result.shape) for name, result in results.items()}


def parameters(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Return the shape of every parameter by the name of the cell that holds it."""
    with _program():
        held = _parameters(_build(layer, dimensions))
        return {name: tuple(parameter.shape) for name, parameter in held.items()}


def defaults(dimensions: Dimensions) -> dict[str, Any]:
    """Describe ``LSTM(input_size, hidden_size)``."""
    module = paddle.nn.LSTM(dimensions.embedding_dim, dimensions.hidden_units)
    shape = dimensions.batch_size, dimensions.time_steps, dimensions.embedding_dim
    returned = output, _ = module(paddle.zeros(shape))
    forget = module.bias_ih_l0.numpy().reshape(len(CONVENTION.gates), -1)[1].tolist()
    return {
        "signature": str(inspect.signature(paddle.nn.LSTM)),
        "output_shape": list(output.shape),
        "returns": outline(returned, {}),
        "dtype": _dtype(output),
        "promotes": promoted(lambda dtype: _dtype(module(paddle.zeros(shape, dtype))[0])),
        "parameters": {name: list(one.shape) for name, one in _parameters(module).items()},
        "forget_bias": forget[0] if len(set(forget)) == 1 else "random",
    }


def training(dimensions: Dimensions) -> dict[str, Any]:
    """What two layers with ``dropout`` drop of what the upper one reads."""
    gates = open_gates(CONVENTION.gates)
    bias = np.repeat(list(gates.values()), WIDE).astype("float32")
    read = np.zeros((len(bias), WIDE), "float32")
    start = CONVENTION.gates.index("g") * WIDE
    read[start : start + WIDE] = SMALL * np.eye(WIDE)
    x = paddle.zeros((dimensions.batch_size, dimensions.time_steps, WIDE))

    def output(weight: Array, mode: bool, dropout: float = 0.0) -> Array:
        lstm = paddle.nn.LSTM(WIDE, WIDE, 2, dropout=dropout)
        lstm.train() if mode else lstm.eval()
        given = {"bias_ih_l0": bias, "bias_ih_l1": bias, "weight_ih_l1": weight}
        for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            for name in (f"{kind}_l0", f"{kind}_l1"):
                one = getattr(lstm, name)
                one.set_value(given.get(name, np.zeros(one.shape, "float32")))
        return lstm(x)[0].numpy()

    plain, evaluated = output(np.zeros_like(read), False), output(read, False)
    of = dropped(plain, evaluated, output(read, True, 0.5))
    off = (output(read, False, 0.5) == evaluated).all()
    return {"dropout": {**of, "off_in_evaluation": bool(off)}}


def _dtype(tensor: Any) -> str:
    return str(tensor.dtype).removeprefix("paddle.")


def _build(layer: Layer, dimensions: Dimensions) -> paddle.nn.LSTM:
    stacked = dimensions.num_layers > 1  # dropout lies between layers, and a lone layer has none
    bias = None if layer.bias else False  # None is the default attribute, False no bias
    paddle.set_default_dtype("float64" if layer.dtype == "float64" else "float32")
    projected = {"proj_size": layer.projection_size} if layer.projection_size else {}
    try:
        module = paddle.nn.LSTM(
            dimensions.embedding_dim,
            dimensions.hidden_units,
            dimensions.num_layers,
            direction="bidirect" if layer.bidirectional else "forward",
            time_major=layer.layout == "time_major",
            dropout=0.5 if layer.dropout and stacked else 0.0,
            bias_ih_attr=bias,
            bias_hh_attr=bias,
            **projected,
        )
    finally:
        paddle.set_default_dtype("float32")
    module.eval()
    return module


def _parameters(module: paddle.nn.LSTM) -> dict[str, Any]:
    """The trainable parameters: without bias the cells keep one, frozen at zero."""
    return {
        f"{number}.{name}": parameter
        for number, member in module.named_children()
        for name, parameter in member.named_parameters()
        if not parameter.stop_gradient
    }


def _specs(layer: Layer, dimensions: Dimensions) -> dict[str, Any]:
    """Shape and dtype of each input."""
    batch, time = dimensions.batch_size, dimensions.time_steps
    axes = (time, batch) if layer.layout == "time_major" else (batch, time)
    shapes: dict[str, Shape] = {"input": (*axes, dimensions.embedding_dim)}
    if layer.initial_state == "given":
        rows, cell = dimensions.num_layers * layer.num_directions, dimensions.hidden_units
        shapes["h_0"] = (rows, batch, layer.projection_size or cell)
        shapes["c_0"] = (rows, batch, cell)
    dtype = "float64" if layer.dtype == "float64" else "float32"
    specs = {name: paddle.static.InputSpec(shape, dtype) for name, shape in shapes.items()}
    if layer.lengths == "given":
        specs["lengths"] = paddle.static.InputSpec((batch,), "int32")
    return specs


@contextmanager
def _program() -> Iterator[None]:
    """A static program of its own, in which a layer is a graph and allocates nothing."""
    paddle.enable_static()
    try:
        with paddle.static.program_guard(paddle.static.Program(), paddle.static.Program()):
            yield
    finally:
        paddle.disable_static()


def _reloaded(
    module: paddle.nn.LSTM, layer: Layer, dimensions: Dimensions
) -> tuple[Any, dict[str, list[int]]]:
    """The layer as it comes out of a file, and the shapes of what the file holds."""
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder, "lstm"))
        if layer.checkpoint == "weights":
            paddle.save(module.state_dict(), f"{file}.pdparams")
            saved, training = paddle.load(f"{file}.pdparams"), module.training
            module = _build(layer, dimensions)
            module.set_state_dict(saved)
            module.training = training
        else:
            paddle.jit.save(module, file, _arguments(_specs(layer, dimensions)))
            module = paddle.jit.load(file)
            saved = module.state_dict()
    return module, {name: list(one.shape) for name, one in saved.items()}


def _executed(module: Any, layer: Layer, inputs: Mapping[str, Any]) -> Any:
    flat = layer.checkpoint == "model"
    if layer.execution == "predict":
        model = paddle.Model(module if flat else Network(module, tuple(inputs)))
        model.prepare()
        return model.predict_batch(list(inputs.values()))
    if layer.execution == "compiled":
        module = paddle.jit.to_static(module, full_graph=True)
    return module(*(inputs.values() if flat else _arguments(inputs)))


def _arguments(inputs: Mapping[str, Any]) -> list[Any]:
    """What the layer's ``forward`` takes: the input, the states, the lengths."""
    states = (inputs["h_0"], inputs["c_0"]) if "h_0" in inputs else None
    return [inputs["input"], states, inputs.get("lengths")]
