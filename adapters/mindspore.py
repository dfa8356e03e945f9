"""MindSpore: ``mindspore.nn.LSTM`` on the CPU, step by step (PyNative) or compiled by ``jit``."""

import mindspore as ms

from adapters.contract import (
    ANY,
    Convention,
    Dimensions,
    Gap,
    Layer,
    Line,
    Native,
    Results,
    Snippet,
    outline,
)

PACKAGES = ("mindspore", "numpy")
OLDEST = ("mindspore==2.10.0", "numpy==1.26.4")
API = "https://www.mindspore.cn/docs/en/master/api_python"
DOCS = f"{API}/nn/mindspore.nn.LSTM.html"
CONVENTION = Convention(
    inputs={
        "input": Native("x", "batch time input"),
        "h_0": Native("h_0", "(layer direction) batch hidden"),
        "c_0": Native("c_0", "(layer direction) batch cell"),
        "lengths": Native("seq_length", "batch"),
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
    },
    gates="ifgo",
    source=DOCS,
    loader="ms.load_param_into_net(lstm, {name: ms.Parameter(w) for name, w in weights.items()})",
)
SNIPPET = Snippet(
    (
        "import mindspore as ms",
        "",
        "lstm = ms.nn.LSTM(",
        "    $embedding_dim,",
        "    $hidden_units,",
        Line("    num_layers=$num_layers,", {"num_layers": ANY}),
        Line("    has_bias=False,", {"bias": False}),
        Line("    batch_first=True,", {"layout": "batch_major"}),
        Line("    bidirectional=True,", {"bidirectional": True}),
        ")",
        Line(
            "x = ms.ops.zeros(($batch_size, $time_steps, $embedding_dim))",
            {"layout": "batch_major"},
        ),
        Line(
            "x = ms.ops.zeros(($time_steps, $batch_size, $embedding_dim))",
            {"layout": "time_major"},
        ),
        Line(
            "zeros = ms.ops.zeros(($rows, $batch_size, $hidden_units))", {"initial_state": "given"}
        ),
    ),
    (
        Line("output, (h_n, c_n) = lstm(x)", {"initial_state": "zeros"}),
        Line("output, (h_n, c_n) = lstm(x, (zeros, zeros))", {"initial_state": "given"}),
        'results = {"output": output, "h_n": h_n, "c_n": c_n}',
    ),
    options=(
        "bias",
        "bidirectional",
        "initial_state",
        "layout",
        "num_layers",
        "return_sequences",
        "return_state",
    ),
    fed="ms.Tensor(array)",
)
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
    Gap({"cell": ANY}, why="no cell clips, sees c or couples its gates", source=DOCS),
    Gap({"recurrent_activation": ANY}, why="the gates are sigmoids and nothing else", source=DOCS),
    Gap({"activation": ANY}, why="tanh is fixed, and no argument", source=DOCS),
    Gap(
        {"initial_state": ("h_0", "c_0")},
        why="the initial states are a pair of h and c",
        source=DOCS,
    ),
    Gap({"mask": "given"}, why="a layer has seq_length, and no mask", source=DOCS),
    Gap({"reverse": True}, why="a layer reads forwards, or both ways", source=DOCS),
    Gap({"merge": ANY}, why="both directions' outputs are concatenated", source=DOCS),
    Gap(
        {"layout": ("unbatched", "extra_batch")},
        why="an input has the axes of a batch and of time, and no other before the features",
        source=DOCS,
    ),
    Gap({"projection_size": ANY}, why="nothing projects h", source=DOCS),
    Gap({"stateful": ANY}, why="the caller carries the state", source=DOCS),
    Gap(
        {"dtype": ("float64", "bfloat16")},
        why="an input is of float32 or float16",
        source=DOCS,
    ),
    Gap({"dtype": "float16"}, why="a layer of float16 is not run", source=DOCS, own=True),
    Gap(
        {"dtype": ("mixed_bfloat16", "mixed_float16")},
        why="auto_mixed_precision is not run",
        source=f"{API}/amp/mindspore.amp.auto_mixed_precision.html",
        own=True,
    ),
    Gap({"execution": "unrolled"}, why="the loop over time is the operator's own", source=DOCS),
    Gap(
        {"execution": "predict"},
        why="Model.predict is not run",
        source=f"{API}/train/mindspore.train.Model.html",
        own=True,
    ),
    Gap(
        {"checkpoint": "weights"},
        why="save_checkpoint is not run",
        source=f"{API}/mindspore/mindspore.save_checkpoint.html",
        own=True,
    ),
    Gap(
        {"checkpoint": "model"},
        why="export to a MINDIR file is not run",
        source=f"{API}/mindspore/mindspore.export.html",
        own=True,
    ),
)


def run(layer: Layer, dimensions: Dimensions, weights: dict, inputs: dict) -> Results:
    """Call the layer, and differentiate the call where that is asked for."""
    model, given = _layer(layer, dimensions), {n: ms.Tensor(one) for n, one in inputs.items()}
    ms.load_param_into_net(model, {n: ms.Parameter(ms.Tensor(w)) for n, w in weights.items()})
    call = ms.jit(model) if layer.execution == "compiled" else model
    fed = [name for name in ("x", "h_0", "c_0") if name in given]

    def forward(x: ms.Tensor, *state: ms.Tensor) -> tuple:
        return call(x, ms.mutable(state) if state else None, given.get("seq_length"))

    returned = output, (h, c) = forward(*(given[name] for name in fed))
    arrays = {"output": output, "h_n": h, "c_n": c}
    if layer.gradients:
        parts = model.parameters_dict()
        _, pull = ms.vjp(forward, *(given[name] for name in fed), weights=tuple(parts.values()))
        zeros = {f"cotangent of {name}": ms.ops.zeros_like(one) for name, one in arrays.items()}
        bar = [given.get(name, zero) for name, zero in zeros.items()]
        of_inputs, of_parts = pull(bar[0], tuple(bar[1:]))
        found = zip([*fed, *parts], of_inputs + of_parts, strict=True)
        arrays |= {f"gradient of {name}": one for name, one in found}
    return Results(arrays, container=outline(returned, arrays))


def parameters(layer: Layer, dimensions: Dimensions) -> dict:
    """Return the shape of every parameter, as the layer itself holds it."""
    return {p.name: tuple(p.shape) for p in _layer(layer, dimensions).trainable_params()}


def _layer(layer: Layer, dimensions: Dimensions) -> ms.nn.LSTM:
    sizes = dimensions.embedding_dim, dimensions.hidden_units, dimensions.num_layers
    how = {"batch_first": layer.layout == "batch_major", "bidirectional": layer.bidirectional}
    return ms.nn.LSTM(*sizes, layer.bias, dropout=layer.dropout / 2, **how).set_train(False)
