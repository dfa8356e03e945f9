"""Keras 2 (tf_keras): a stack of ``LSTM`` layers, or of ``Bidirectional`` ones around them.

What people migrate from. A layer with ``return_state=True`` hands its user a flat list: the
output, then h and c, and for a bidirectional one forward h, forward c, backward h, backward c;
``initial_state`` takes the states in that order. Without states it hands out the tensor alone.
``return_sequences=False`` is the default and joins both directions' final states. A gate has one
bias, and the forget gate's starts at 1. ``go_backwards`` returns the reversed sequence.

``time_major=True``, which Keras 3 has not, swaps batch and time of the input, of the sequences and
of the mask, never of states; a model's ``predict`` takes time for the batch all the same.
Sequences have no lengths but a mask: a masked step repeats the output before it, and is zero in
the sequences of a ``Bidirectional``. ``Model.predict`` rounds what it is fed to
``keras.backend.floatx()``, of a float64 model too. A weight's name has the scope of the call that
built it, and ends in ``:0``. In a graph TensorFlow traces each layer twice, for cuDNN's sake.
"""

import io
import math
import os
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache, partial
from inspect import signature
from pathlib import Path
from typing import Any

os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"  # oneDNN sums in another order from machine to machine

import h5py
import numpy as np
import tensorflow as tf
import tf_keras as keras

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
    stacked,
)

tf.get_logger().setLevel("ERROR")  # it takes one compilation a case for needless retracing

PACKAGES = (
    "tf-keras|tf-keras-nightly",
    "tensorflow|tensorflow-cpu|tf-nightly|tf-nightly-cpu",
    "h5py",
)
OLDEST = ("tf-keras==2.16.0", "tensorflow-cpu==2.16.1", "numpy<2")
DEVICES = ("cuda",)

DOCS = "https://www.tensorflow.org/versions/r2.15/api_docs/python/tf/keras"  # the last of Keras 2

CONVENTION = Convention(
    inputs={
        "input": Native("input", "batch time input"),
        "lengths": Native("lengths", "batch"),
        "mask": Native("mask", "batch time"),
        "first": Native("first", "batch time input"),
        "h_0": Native("layer_{layer}{direction}/state_h", "batch hidden"),
        "c_0": Native("layer_{layer}{direction}/state_c", "batch cell"),
    },
    results={
        "output": Native("output", "batch time (direction hidden)"),
        "h_n": Native("layer_{layer}{direction}/state_h", "batch hidden"),
        "c_n": Native("layer_{layer}{direction}/state_c", "batch cell"),
        "last": Native("output", "batch (direction hidden)"),
    },
    weights={
        "input_weights": Native("layer_{layer}{direction}/lstm_cell/kernel:0", "input (gate cell)"),
        "recurrent_weights": Native(
            "layer_{layer}{direction}/lstm_cell/recurrent_kernel:0", "hidden (gate cell)"
        ),
        "bias": Native("layer_{layer}{direction}/lstm_cell/bias:0", "(gate cell)"),
    },
    gates="ifgo",
    directions=(("",), ("/forward_lstm", "/backward_lstm")),
    source=f"{DOCS}/layers/LSTM",
    loader="""for number, layer in enumerate(layers):
    both = "Bidirectional" in type(layer).__name__
    layer.set_weights([
        weights[name]
        for way in (("/forward_lstm", "/backward_lstm") if both else ("",))
        for kind in ("kernel", "recurrent_kernel", "bias")
        if (name := f"layer_{number}{way}/lstm_cell/{kind}:0") in weights
    ])""",
    spellings=(
        Spelling(
            "variable.path, and .h5 of a model",
            {
                "input_weights": Native("{direction}*/lstm_cell*/kernel", "input (gate cell)"),
                "recurrent_weights": Native(
                    "{direction}*/lstm_cell*/recurrent_kernel", "hidden (gate cell)"
                ),
                "bias": Native("{direction}*/lstm_cell*/bias", "(gate cell)"),
            },
            directions=(("",), ("forward_", "backward_")),
        ),
        Spelling(
            ".weights.h5 and .keras",
            {
                "input_weights": Native("{direction}cell/vars/0", "input (gate cell)"),
                "recurrent_weights": Native("{direction}cell/vars/1", "hidden (gate cell)"),
                "bias": Native("{direction}cell/vars/2", "(gate cell)"),
            },
            directions=(("",), ("forward_layer/", "backward_layer/")),
        ),
        Spelling(
            ".weights.h5 and .keras, of RNN([LSTMCell])",
            {
                "input_weights": Native("lstm_cell*/vars/0", "input (gate cell)"),
                "recurrent_weights": Native("lstm_cell*/vars/1", "hidden (gate cell)"),
                "bias": Native("lstm_cell*/vars/2", "(gate cell)"),
            },
        ),
        Spelling(
            "an older layer, without a cell of its own",
            {
                "input_weights": Native("{direction}*/kernel", "input (gate cell)"),
                "recurrent_weights": Native("{direction}*/recurrent_kernel", "hidden (gate cell)"),
                "bias": Native("{direction}*/bias", "(gate cell)"),
            },
            directions=(("",), ("forward_", "backward_")),
        ),
    ),
    files=(
        File(
            ".npz",
            "arrays",
            save="np.savez(FILE, **{one.name: one.numpy() for one in model.weights})",
            load="state = dict(np.load(FILE))",
        ),
        File(
            ".h5",
            "hdf5",
            save='model.save_weights("model.weights.h5")',
            load="state = {}; h5py.File(FILE).visititems(lambda name, one: state.update("
            "{name: one[()]} if isinstance(one, h5py.Dataset) else {}))",
        ),
    ),
    sequence="model.get_weights()",
)

SNIPPET = Snippet(
    (
        "import numpy as np\nimport tensorflow as tf\nimport tf_keras as keras\n",
        "lstm = keras.layers.LSTM(",
        "    $hidden_units,",
        Line("    return_sequences=True,", {"return_sequences": True}),
        Line("    return_state=True,", {"return_state": True}),
        Line("    use_bias=False,", {"bias": False}),
        Line("    go_backwards=True,", {"reverse": True}),
        Line("    time_major=True,", {"layout": "time_major"}),
        ")",
        Line(
            "x = np.zeros(($batch_size, $time_steps, $embedding_dim), np.float32)",
            {"layout": "batch_major"},
        ),
        Line(
            "x = np.zeros(($time_steps, $batch_size, $embedding_dim), np.float32)",
            {"layout": "time_major"},
        ),
        Line("zeros = tf.zeros(($batch_size, $hidden_units))", {"initial_state": "given"}),
    ),
    (
        Line("returned = lstm(x)", {"initial_state": "zeros"}),
        Line(
            "returned = lstm(x, initial_state=[zeros, zeros])  # h, c", {"initial_state": "given"}
        ),
        Line('results = {"output": returned}', {"return_state": False}),
        Line(
            "output, state_h, state_c = returned\n"
            'results = {"output": output, "layer_0/state_h": state_h, "layer_0/state_c": state_c}',
            {"return_state": True},
        ),
    ),
    options=(
        "bias",
        "initial_state",
        "layout",
        "return_sequences",
        "return_state",
        "reverse",
    ),
    fed="array",
    loading=("lstm.build(x.shape)", "layers = [lstm]", "$loader"),
)

TIME_DISTRIBUTED = f"{DOCS}/layers/TimeDistributed"
GAPS = (
    Gap({"cell": ANY}, why="no layer clips, sees c or couples its gates", source=CONVENTION.source),
    Gap(
        {"initial_state": ("h_0", "c_0")},
        why="initial_state has h and c, a list of one is refused",
        source=CONVENTION.source,
    ),
    Gap(
        {"layout": "unbatched"},
        why="the input has exactly the axes batch, time, feature",
        source=CONVENTION.source,
    ),
    Gap(
        {"layout": "extra_batch", "return_state": True},
        why="there is one batch axis; TimeDistributed takes another, but no layer with states",
        source=TIME_DISTRIBUTED,
    ),
    Gap(
        {"layout": "extra_batch", "initial_state": "given"},
        why="TimeDistributed, which takes another batch axis, takes no initial_state",
        source=TIME_DISTRIBUTED,
    ),
    Gap(
        {"layout": "extra_batch", "return_state": False, "initial_state": "zeros"},
        why="TimeDistributed, which takes another batch axis, is not run",
        source=TIME_DISTRIBUTED,
        own=True,
    ),
    Gap(
        {"keep_order": True},
        why="go_backwards always returns the reversed sequence",
        source=CONVENTION.source,
    ),
    Gap(
        {"projection_size": ANY},
        why="h is as wide as c, nothing projects it",
        source="https://github.com/keras-team/keras/issues/1843",
    ),
    Gap(
        {"gradients": True, "execution": "predict"},
        why="predict returns NumPy arrays, which nothing differentiates",
        source=f"{DOCS}/Model#predict",
    ),
)


class Stack(keras.Model):
    """The layers as one model, to save and load; a functional one would trace them all first."""

    def __init__(self, members: list[keras.layers.Layer]) -> None:
        super().__init__(name="stack")
        self.members = members
        self.built = True  # as each of them is


Call = Callable[[Mapping[str, Any]], Results]  # the stack, from inputs by name


def place(device: str) -> bool:
    """Hide GPUs from TensorFlow, which would take one unasked, or whether there is one."""
    tf.config.experimental.enable_tensor_float_32_execution(False)  # of 10 bits, unless told so
    if device == "cpu":
        tf.config.set_visible_devices([], "GPU")
        return True
    return bool(tf.config.list_physical_devices("GPU"))


def run(
    layer: Layer, dimensions: Dimensions, weights: Mapping[str, Array], inputs: Mapping[str, Array]
) -> Results:
    """Assign `weights` by their names, call the stack; the output and every layer's states.

    Raises KeyError where a weight is missing or surplus, ValueError where its shape is another.
    """
    if "first" in inputs:  # which the layer is built by, where it is its first input
        batch, time, _ = inputs["first"].shape
        if layer.layout == "time_major":
            batch, time = time, batch
        dimensions = replace(dimensions, batch_size=batch, time_steps=time)
    stack = _stack(layer, dimensions)
    variables = {variable.name: variable for member in stack for variable in member.weights}
    if unmatched := variables.keys() ^ weights.keys():
        raise KeyError(f"weights that are missing or surplus: {sorted(unmatched)}")
    for name, variable in variables.items():
        variable.assign(weights[name])
    tensors = _tensors(layer, inputs)
    first = tensors.pop("first", None)
    properties = {}
    if layer.checkpoint != "none":
        stack, properties["checkpoint"] = _reloaded(layer, dimensions, stack, tensors)
        loaded = [variable for member in stack for variable in member.weights]
        variables = dict(zip(variables, loaded, strict=True))
    call = partial(_call, stack, layer)
    if layer.execution == "compiled":
        call = _compiled(call)
    elif layer.execution == "predict":
        call = partial(_predicted, call)
    before = tensors
    if first is not None:  # all of its steps count
        before = {n: one for n, one in tensors.items() if n != "mask"} | {"input": first}
    if layer.stateful != "no":
        call = _second(call, stack, layer, before)
    elif first is not None:
        call(before)
    if layer.gradients:
        results = _differentiated(call, tensors, variables, inputs)
    else:
        results = call(tensors)
    return Results(results, **results.properties, **properties)


def infer(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Ask ``compute_output_shape`` of every layer for the shapes of the same results."""
    shape, results = _input_shape(layer, dimensions, dimensions.embedding_dim), {}
    for number, member in enumerate(_stack(layer, dimensions)):
        outputs, states = _named(layer.at(number), number, member.compute_output_shape(shape))
        first, *others = map(tuple, outputs.values())
        shape = (*first[:-1], first[-1] + sum(other[-1] for other in others))
        results |= states
    return {name: tuple(shape) for name, shape in {**outputs, **results}.items()}


def parameters(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Return the shape of every trainable weight by its name."""
    weights = [w for member in _stack(layer, dimensions) for w in member.trainable_weights]
    return {weight.name: tuple(weight.shape) for weight in weights}


def defaults(dimensions: Dimensions) -> dict[str, Any]:
    """Return what ``LSTM(hidden_units)`` is and gives: the last output alone."""
    member = keras.layers.LSTM(dimensions.hidden_units, name="lstm")
    shape = (dimensions.batch_size, dimensions.time_steps, dimensions.embedding_dim)
    output = member(np.zeros(shape, np.float32))
    bias = member.cell.bias.numpy().reshape(len(CONVENTION.gates), -1)
    states = member.cell.get_initial_state(batch_size=dimensions.batch_size, dtype="float32")
    return {
        "signature": str(signature(keras.layers.LSTM.__init__)),
        "output_shape": list(output.shape),
        "returns": outline(output, {}),
        "dtype": output.dtype.name,
        "promotes": promoted(lambda dtype: member(tf.zeros(shape, dtype)).dtype.name),
        "parameters": {weight.name: list(weight.shape) for weight in member.trainable_weights},
        "forget_bias": float(bias[CONVENTION.gates.index("f")].mean()),
        "get_initial_state": [list(state.shape) for state in states],
        "fit": _fitted(dimensions),
    }


def _fitted(dimensions: Dimensions) -> dict[str, str]:
    """What a step of ``Model.fit`` does to the loss, and what loss it and ``evaluate`` tell."""
    shape = (dimensions.batch_size, dimensions.time_steps, dimensions.embedding_dim)
    x = np.linspace(-1, 1, math.prod(shape), dtype="float32").reshape(shape)
    y = np.ones((dimensions.batch_size, dimensions.hidden_units), np.float32)
    member = keras.layers.LSTM(dimensions.hidden_units)
    model = keras.Sequential([keras.Input(shape[1:]), member])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    before = np.square(member(x) - y).mean()
    evaluated = model.evaluate(x, y, verbose=0)
    told = model.fit(x, y, batch_size=len(x), verbose=0).history["loss"][0]
    after = np.square(member(x) - y).mean()
    return {
        "evaluate": "the loss of a call" if np.isclose(evaluated, before) else "another",
        "history": "the loss before the step" if np.isclose(told, before) else "another",
        "loss": "falls" if after < before else "does not fall",
    }


def training(dimensions: Dimensions) -> dict[str, Any]:
    """What a layer with ``dropout`` and ``recurrent_dropout`` drops of its input and of its h.

    Of the h of the step before, so that its first step is left out.
    """
    shape = dimensions.batch_size, dimensions.time_steps, WIDE
    bias = np.repeat(list(open_gates(CONVENTION.gates).values()), WIDE)
    nothing = np.zeros((WIDE, len(bias)))
    read = nothing.copy()
    start = CONVENTION.gates.index("g") * WIDE
    read[:, start : start + WIDE] = SMALL * np.eye(WIDE)

    def output(kernel: Array, recurrent: Array, mode: bool, **options: float) -> Array:
        layer = keras.layers.LSTM(WIDE, return_sequences=True, **options)
        layer.build(shape)
        layer.set_weights([kernel, recurrent, bias])
        return layer(tf.ones(shape), training=mode).numpy()

    found = {}
    for name, fed in (("dropout", (read, nothing)), ("recurrent_dropout", (nothing, read))):
        plain = output(nothing, nothing, False)[:, 1:]
        of = dropped(plain, output(*fed, False)[:, 1:], output(*fed, True, **{name: 0.5})[:, 1:])
        off = np.array_equal(output(*fed, False), output(*fed, False, **{name: 0.5}))
        found[name] = {**of, "off_in_evaluation": off}
    return found


def _input_shape(layer: Layer, dimensions: Dimensions, width: int) -> Shape:
    batch, time = dimensions.batch_size, dimensions.time_steps
    return (time, batch, width) if layer.layout == "time_major" else (batch, time, width)


def _build(layer: Layer, dimensions: Dimensions) -> list[keras.layers.Layer]:
    stack: list[keras.layers.Layer] = []
    for number, (one, own) in enumerate(stacked(layer, dimensions)):
        name = f"layer_{number}"  # unnamed, the layers of a process count on: lstm, lstm_1 ...
        member: keras.layers.Layer = keras.layers.LSTM(
            own.hidden_units,
            activation=one.activation,
            # Its own of this name is the one of 0.2x + 0.5, and there is no other.
            recurrent_activation=one.recurrent_activation.removesuffix("_fifth"),
            use_bias=one.bias,
            kernel_initializer="zeros",  # every weight is given: there is nothing to draw
            recurrent_initializer="zeros",
            dropout=0.5 * layer.dropout,
            recurrent_dropout=0.5 * layer.dropout,
            return_sequences=layer.return_sequences or number < dimensions.num_layers - 1,
            return_state=layer.return_state,
            go_backwards=one.reverse,
            stateful=layer.stateful != "no",
            unroll=layer.execution == "unrolled",
            time_major=layer.layout == "time_major",
            dtype=layer.dtype,
            name="lstm" if one.bidirectional else name,
        )
        if one.bidirectional:
            merge = None if one.merge == "none" else one.merge
            member = keras.layers.Bidirectional(member, merge, dtype=layer.dtype, name=name)
        # built for the declared size: otherwise the first input would decide it, right or wrong
        with tf.name_scope(name):
            member.build(_input_shape(layer, own, own.embedding_dim))
        stack.append(member)
    return stack


# One is kept, for TensorFlow never gives back all that creating a variable takes.
_stack = lru_cache(maxsize=1)(_build)


def _tensors(layer: Layer, inputs: Mapping[str, Array]) -> dict[str, Any]:
    """Tensors of the parameters' dtype; of the lengths, the mask that stands for them."""
    dtype = "float32" if "mixed" in layer.dtype else layer.dtype
    others = ("lengths", "mask", *(name for name in inputs if name.startswith("cotangent of ")))
    names = [name for name in inputs if name not in others]
    tensors = {
        name: tf.convert_to_tensor(one, dtype if one.dtype.kind == "f" else None)
        for name, one in inputs.items()
        if name in names
    }
    if layer.lengths == "given":
        steps = range(inputs["input"].shape[layer.layout != "time_major"])
        mask = [[step < length for step in steps] for length in inputs["lengths"]]
        tensors["mask"] = tf.constant(np.transpose(mask) if layer.layout == "time_major" else mask)
    if layer.mask == "given":
        tensors["mask"] = tf.constant(inputs["mask"])
    return tensors


def _call(stack: list[keras.layers.Layer], layer: Layer, inputs: Mapping[str, Any]) -> Results:
    outputs, states, returned = {"output": inputs["input"]}, {}, None
    for number, member in enumerate(stack):
        one = layer.at(number)
        names = _states(one, number)
        given = [inputs[name] for name in names] if names[0] in inputs else None
        sequence = tf.concat(list(outputs.values()), -1) if len(outputs) > 1 else outputs["output"]
        mask = inputs.get("mask")
        returned = member(sequence, initial_state=given, mask=mask, training=False)
        outputs, final = _named(one, number, returned)
        if one.residual:
            outputs = {"output": outputs["output"] + sequence}
        states |= final
    results = {**outputs, **states}
    return Results(results, container=outline(returned, results))


def _named(layer: Layer, number: int, returned: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The outputs and the states that one layer returned, by their names."""
    heads = ["output"]
    if layer.merge == "none":
        heads = [f"output{direction}" for direction in CONVENTION.directions[1]]
    parts = returned if isinstance(returned, list) else [returned]
    names = _states(layer, number) if layer.return_state else []
    outputs = dict(zip(heads, parts[: len(heads)], strict=True))
    return outputs, dict(zip(names, parts[len(heads) :], strict=True))


def _states(layer: Layer, number: int) -> list[str]:
    """Name one layer's states in Keras's order: forward h, forward c, backward h, backward c."""
    directions = CONVENTION.directions[layer.bidirectional]
    return [
        f"layer_{number}{direction}/state_{state}" for direction in directions for state in "hc"
    ]


def _second(
    call: Call, stack: list[keras.layers.Layer], layer: Layer, inputs: Mapping[str, Any]
) -> Call:
    """Call a stateful stack from its reset state; what calls it from what it kept, or reset again.

    `inputs` are those of the first call.

    An initial state that is given takes the place of the kept one: it is fed before that alone.
    """
    for member in stack:
        member.reset_states()
    call(inputs)
    if layer.stateful == "carried":
        return lambda inputs: call(
            {name: inputs[name] for name in ("input", "mask") if name in inputs}
        )
    for member in stack:
        member.reset_states()
    return call


def _model(call: Call, inputs: Mapping[str, Any]) -> tuple[keras.Model, list[str]]:
    """Return a functional model of the stack, and the names of its outputs."""
    symbolic = {
        name: keras.Input(batch_input_shape=tensor.shape, dtype=tensor.dtype)
        for name, tensor in inputs.items()
    }
    results = call(symbolic)
    outputs = list(results.values()) if len(results) > 1 else results["output"]
    return keras.Model(list(symbolic.values()), outputs, name="stack"), list(results)


def _predicted(call: Call, inputs: Mapping[str, Any]) -> Results:
    model, names = _model(call, inputs)
    returned = model.predict(list(inputs.values()), verbose=0)
    results = dict(zip(names, tf.nest.flatten(returned), strict=True))
    return Results(results, container=outline(returned, results))


def _reloaded(
    layer: Layer, dimensions: Dimensions, stack: list[keras.layers.Layer], inputs: Mapping[str, Any]
) -> tuple[list[keras.layers.Layer], dict[str, list[int]]]:
    """Return the stack as it comes out of a file, and the shapes of what the file holds."""
    with tempfile.TemporaryDirectory() as folder:
        if layer.checkpoint == "weights":
            file, loaded = Path(folder, "stack.h5"), _build(layer, dimensions)
            Stack(stack).save_weights(file)
            Stack(loaded).load_weights(file)
            saved = file.read_bytes()
        else:
            file = Path(folder, "stack.keras")
            model, _ = _model(partial(_call, stack, layer), inputs)
            model.save(file)
            copy = keras.models.load_model(file)
            loaded = [copy.get_layer(member.name) for member in stack]
            with zipfile.ZipFile(file) as archive:
                saved = archive.read("model.weights.h5")
    return loaded, dict(_shapes(saved))


def _shapes(saved: bytes) -> Iterator[tuple[str, list[int]]]:
    """Yield the path and the shape of every array in an HDF5 file."""
    with h5py.File(io.BytesIO(saved)) as file:
        paths: list[str] = []
        file.visit(paths.append)
        for path in paths:
            if isinstance(file[path], h5py.Dataset):
                yield path, list(file[path].shape)


def _compiled(call: Call) -> Call:
    """The same call as a ``tf.function``."""
    containers = []

    @tf.function(autograph=False)  # Keras's own loops are graph operations already
    def graph(inputs: Mapping[str, Any]) -> dict[str, Any]:
        results = call(inputs)
        containers.append(results.properties["container"])
        return dict(results)

    return lambda inputs: Results(graph(inputs), container=containers[-1])


def _differentiated(
    call: Call,
    tensors: Mapping[str, Any],
    variables: Mapping[str, Any],
    inputs: Mapping[str, Array],
) -> Results:
    """The results, and beside them the gradient for every input and weight."""
    sources = {name: tensor for name, tensor in tensors.items() if name != "mask"}
    with tf.GradientTape() as tape:
        tape.watch(list(sources.values()))
        results = call(tensors)
    sources |= variables
    cotangents = [
        tf.convert_to_tensor(inputs[f"cotangent of {name}"], result.dtype)
        for name, result in results.items()
    ]
    gradients = tape.gradient(
        list(results.values()),
        list(sources.values()),
        output_gradients=cotangents,
        # None otherwise: of an initial state that a kept one has taken the place of
        unconnected_gradients=tf.UnconnectedGradients.ZERO,
    )
    named = {f"gradient of {name}": one for name, one in zip(sources, gradients, strict=True)}
    return Results({**results, **named}, **results.properties)
