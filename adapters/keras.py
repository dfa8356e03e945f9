"""Keras 3 on TensorFlow: a stack of ``LSTM`` layers, or of ``Bidirectional`` ones around them.

A layer with ``return_state=True`` hands its user a flat tuple: the output, then h and c, and for a
bidirectional one forward h, forward c, backward h, backward c. ``initial_state`` takes the states
in that order. ``return_sequences=False`` is the default and drops the time axis of the output; of
a bidirectional layer it then joins both directions' final states, where ``output[:, -1]`` of the
sequence would not. There is no multi-layer LSTM: all but the last layer of a stack must return
sequences. A gate has one bias, and the forget gate's starts at 1. TensorFlow broadcasts an initial
state of batch 1, or a c of width 1, in silence.

``go_backwards`` returns the reversed sequence, so the next layer of a stack turns it around again.
Sequences have no lengths but a mask: a masked step repeats the output before it, and is zero in the
sequences of a ``Bidirectional``. A mask that travels with its tensor is lost where an
``initial_state`` is given, so each layer is handed its own. ``Bidirectional`` has a dtype apart
from that of the layer in it, and casts to it. ``Model.predict`` rounds what it is fed to
``keras.config.floatx()``, of a float64 model too. In a loaded model the paths of weights lack the
name of the ``Bidirectional``.
"""

import io
import os
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from inspect import signature
from pathlib import Path
from typing import Any

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"  # oneDNN sums in another order from machine to machine

import h5py
import keras
import numpy as np
import tensorflow as tf

from adapters.contract import (
    Array,
    Convention,
    Dimensions,
    Layer,
    Native,
    Results,
    Shape,
    outline,
    promoted,
)

tf.get_logger().setLevel("ERROR")  # it takes one compilation a case for needless retracing

PACKAGES = ("keras", "tensorflow|tensorflow-cpu", "h5py")

CONVENTION = Convention(
    inputs={
        "input": Native("input", "batch time input"),
        "lengths": Native("lengths", "batch"),
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
        "input_weights": Native("layer_{layer}{direction}/lstm_cell/kernel", "input (gate cell)"),
        "recurrent_weights": Native(
            "layer_{layer}{direction}/lstm_cell/recurrent_kernel", "hidden (gate cell)"
        ),
        "bias": Native("layer_{layer}{direction}/lstm_cell/bias", "(gate cell)"),
    },
    gates="ifgo",
    directions=(("",), ("/forward_lstm", "/backward_lstm")),
    source="https://keras.io/api/layers/recurrent_layers/lstm/",
    loader="for variable in layer.weights: variable.assign(weights[variable.path])",
)

Call = Callable[[Mapping[str, Any]], Results]  # the stack, from inputs by name


def unsupported(layer: Layer) -> str | None:
    """Name the layout, the order, the projection or the call that Keras does not have."""
    if layer.layout == "time_major":
        issue = "https://github.com/keras-team/keras/issues/20750"
        return f"time_major was removed in Keras 3: {issue}"
    if layer.layout != "batch_major":
        return f"the input has exactly the axes (batch, timesteps, feature): {CONVENTION.source}"
    if layer.keep_order:
        return f"go_backwards always returns the reversed sequence: {CONVENTION.source}"
    if layer.projection_size:
        issue = "https://github.com/keras-team/keras/issues/1843"
        return f"h is as wide as c, nothing projects it: {issue}"
    if layer.gradients and layer.execution == "predict":
        page = "https://keras.io/api/models/model_training_apis/#predict-method"
        return f"predict returns NumPy arrays, which nothing differentiates: {page}"
    return None


def run(
    layer: Layer, dimensions: Dimensions, weights: Mapping[str, Array], inputs: Mapping[str, Array]
) -> Results:
    """Assign `weights` by their paths, call the stack; the output and every layer's states.

    Raises KeyError where a weight is missing or surplus, ValueError where its shape is another.
    """
    stack = _stack(layer, dimensions)
    variables = {variable.path: variable for member in stack for variable in member.weights}
    if unmatched := variables.keys() ^ weights.keys():
        raise KeyError(f"weights that are missing or surplus: {sorted(unmatched)}")
    for path, variable in variables.items():
        variable.assign(weights[path])
    tensors = _tensors(layer, inputs)
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
    if layer.stateful != "no":
        call = partial(_twice, call, stack, layer)
    if layer.gradients:
        results = _differentiated(call, tensors, variables, inputs)
    else:
        results = call(tensors)
    return Results(results, **results.properties, **properties)


def infer(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Read the shapes of the same results from a call with symbolic tensors."""
    shape = (dimensions.batch_size, dimensions.time_steps, dimensions.embedding_dim)
    inputs = {"input": keras.KerasTensor(shape)}
    if layer.lengths == "given":
        inputs["mask"] = keras.KerasTensor(shape[:2], dtype="bool")
    if layer.initial_state == "given":
        state = (dimensions.batch_size, dimensions.hidden_units)
        for number in range(dimensions.num_layers):
            inputs |= {name: keras.KerasTensor(state) for name in _states(layer, number)}
    results = _call(_stack(layer, dimensions), layer, inputs)
    return {name: tuple(result.shape) for name, result in results.items()}


def parameters(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Return the shape of every trainable weight by its path."""
    weights = [w for member in _stack(layer, dimensions) for w in member.trainable_weights]
    return {weight.path: tuple(weight.shape) for weight in weights}


def defaults(dimensions: Dimensions) -> dict[str, Any]:
    """Return what ``LSTM(hidden_units)`` is and gives: the last output alone."""
    member = keras.layers.LSTM(dimensions.hidden_units, name="lstm")
    shape = (dimensions.batch_size, dimensions.time_steps, dimensions.embedding_dim)
    output = member(np.zeros(shape, np.float32))
    bias = np.asarray(member.cell.bias.value).reshape(len(CONVENTION.gates), -1)
    return {
        "signature": str(signature(keras.layers.LSTM.__init__)),
        "output_shape": list(output.shape),
        "returns": outline(output, {}),
        "dtype": keras.backend.standardize_dtype(output.dtype),
        "promotes": promoted(
            lambda dtype: keras.backend.standardize_dtype(
                member(keras.ops.zeros(shape, dtype)).dtype
            )
        ),
        "parameters": {weight.path: list(weight.shape) for weight in member.trainable_weights},
        "forget_bias": float(bias[CONVENTION.gates.index("f")].mean()),
    }


def _build(layer: Layer, dimensions: Dimensions) -> list[keras.Layer]:
    stack: list[keras.Layer] = []
    width = dimensions.embedding_dim
    for number in range(dimensions.num_layers):
        name = f"layer_{number}"  # unnamed, the layers of a process count on: lstm, lstm_1 ...
        member: keras.Layer = keras.layers.LSTM(
            dimensions.hidden_units,
            use_bias=layer.bias,
            kernel_initializer="zeros",  # every weight is given: there is nothing to draw
            recurrent_initializer="zeros",
            dropout=0.5 * layer.dropout,
            recurrent_dropout=0.5 * layer.dropout,
            return_sequences=layer.return_sequences or number < dimensions.num_layers - 1,
            return_state=layer.return_state,
            go_backwards=layer.reverse,
            stateful=layer.stateful != "no",
            dtype=layer.dtype,
            name="lstm" if layer.bidirectional else name,
        )
        if layer.bidirectional:
            merge = None if layer.merge == "none" else layer.merge
            member = keras.layers.Bidirectional(member, merge, dtype=layer.dtype, name=name)
        # built for the declared size: otherwise the first input would decide it, right or wrong
        member.build((dimensions.batch_size, dimensions.time_steps, width))
        width = layer.num_outputs * dimensions.hidden_units
        stack.append(member)
    return stack


# One is kept, for TensorFlow never gives back all that creating a variable takes.
_stack = lru_cache(maxsize=1)(_build)


def _tensors(layer: Layer, inputs: Mapping[str, Array]) -> dict[str, Any]:
    """Tensors of the parameters' dtype; of the lengths, the mask that stands for them."""
    dtype = keras.DTypePolicy(layer.dtype).variable_dtype
    names = [name for name in inputs if name != "lengths" and not name.startswith("cotangent of ")]
    tensors = {name: keras.ops.convert_to_tensor(inputs[name], dtype) for name in names}
    if layer.lengths == "given":
        mask = np.arange(inputs["input"].shape[1]) < inputs["lengths"][:, None]
        tensors["mask"] = keras.ops.convert_to_tensor(mask)
    return tensors


def _call(stack: list[keras.Layer], layer: Layer, inputs: Mapping[str, Any]) -> Results:
    heads = ["output"]
    if layer.merge == "none":
        heads = [f"output{direction}" for direction in CONVENTION.directions[1]]
    outputs, states, returned = [inputs["input"]], {}, None
    for number, member in enumerate(stack):
        names = _states(layer, number)
        given = [inputs[name] for name in names] if names[0] in inputs else None
        sequence = outputs[0] if len(outputs) == 1 else keras.ops.concatenate(outputs, axis=-1)
        mask = inputs.get("mask")
        returned = member(sequence, initial_state=given, mask=mask, training=False)
        parts = returned if isinstance(returned, tuple) else (returned,)
        outputs, final = parts[: len(heads)], parts[len(heads) :]
        states |= dict(zip(names if layer.return_state else [], final, strict=True))
    results = {**dict(zip(heads, outputs, strict=True)), **states}
    return Results(results, container=outline(returned, results))


def _states(layer: Layer, number: int) -> list[str]:
    """Name one layer's states in Keras's order: forward h, forward c, backward h, backward c."""
    directions = CONVENTION.directions[layer.bidirectional]
    return [
        f"layer_{number}{direction}/state_{state}" for direction in directions for state in "hc"
    ]


def _twice(
    call: Call, stack: list[keras.Layer], layer: Layer, inputs: Mapping[str, Any]
) -> Results:
    """Call a stateful stack from its reset state, and again from what it kept, or once more reset.

    An initial state that is given takes the place of the kept one: it is fed before that alone.
    """
    for member in stack:
        member.reset_state()
    call(inputs)
    if layer.stateful == "carried":
        return call({name: inputs[name] for name in ("input", "mask") if name in inputs})
    for member in stack:
        member.reset_state()
    return call(inputs)


def _model(call: Call, inputs: Mapping[str, Any]) -> tuple[keras.Model, list[str]]:
    """Return a functional model of the stack, and the names of its outputs."""
    symbolic = {}
    for name, tensor in inputs.items():
        dtype = keras.backend.standardize_dtype(tensor.dtype)
        symbolic[name] = keras.Input(tuple(tensor.shape[1:]), dtype=dtype)
    results = call(symbolic)
    outputs = tuple(results.values()) if len(results) > 1 else results["output"]
    return keras.Model(list(symbolic.values()), outputs, name="stack"), list(results)


def _predicted(call: Call, inputs: Mapping[str, Any]) -> Results:
    model, names = _model(call, inputs)
    returned = model.predict(list(inputs.values()), verbose=0)
    results = dict(zip(names, keras.tree.flatten(returned), strict=True))
    return Results(results, container=outline(returned, results))


def _reloaded(
    layer: Layer, dimensions: Dimensions, stack: list[keras.Layer], inputs: Mapping[str, Any]
) -> tuple[list[keras.Layer], dict[str, list[int]]]:
    """Return the stack as it comes out of a file, and the shapes of what the file holds."""
    model, _ = _model(partial(_call, stack, layer), inputs)
    with tempfile.TemporaryDirectory() as folder:
        if layer.checkpoint == "weights":
            file = Path(folder, "stack.weights.h5")
            model.save_weights(file)
            loaded = _build(layer, dimensions)
            _model(partial(_call, loaded, layer), inputs)[0].load_weights(file)
            saved = file.read_bytes()
        else:
            file = Path(folder, "stack.keras")
            model.save(file)
            copy = keras.saving.load_model(file)
            loaded = [copy.get_layer(member.name) for member in stack]
            with zipfile.ZipFile(file) as archive:
                saved = archive.read("model.weights.h5")
    return loaded, _shapes(saved)


def _shapes(saved: bytes) -> dict[str, list[int]]:
    """Return the shape of every array in an HDF5 file, by its path there."""
    shapes = {}

    def note(path: str, node: h5py.Group | h5py.Dataset) -> None:
        if isinstance(node, h5py.Dataset):
            shapes[path] = list(node.shape)

    with h5py.File(io.BytesIO(saved)) as file:
        file.visititems(note)
    return shapes


# What TensorFlow alone has: a graph of its own, and a tape.


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
    sources |= {path: variable.value for path, variable in variables.items()}
    cotangents = [
        tf.convert_to_tensor(inputs[f"cotangent of {name}"], result.dtype)
        for name, result in results.items()
    ]
    gradients = tape.gradient(
        list(results.values()), list(sources.values()), output_gradients=cotangents
    )
    named = {f"gradient of {name}": one for name, one in zip(sources, gradients, strict=True)}
    return Results({**results, **named}, **results.properties)
