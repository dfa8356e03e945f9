"""Keras 3 on TensorFlow: a stack of ``LSTM`` layers, or of ``Bidirectional`` ones around them.

A layer with ``return_state=True`` hands its user a flat tuple: the output, then h and c, and for a
bidirectional one forward h, forward c, backward h, backward c. ``initial_state`` takes the states
in that order. ``return_sequences=False`` is the default and drops the time axis of the output; of
a bidirectional layer it then joins both directions' final states, where ``output[:, -1]`` of the
sequence would not. There is no multi-layer LSTM: all but the last layer of a stack must return
sequences. A gate has one bias, and the forget gate's starts at 1. TensorFlow broadcasts an initial
state of batch 1, or a c of width 1, in silence.
"""

import os
from collections.abc import Mapping
from functools import lru_cache

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"  # oneDNN sums in another order from machine to machine

import keras

from adapters.contract import Array, Convention, Dimensions, Layer, Native, Shape

PACKAGES = ("keras", "tensorflow|tensorflow-cpu")

CONVENTION = Convention(
    inputs={
        "input": Native("input", "batch time input"),
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
)


def unsupported(layer: Layer) -> str | None:  # noqa: ARG001, an adapter without a gap
    """None: Keras has every option of `Layer`."""
    return None


def run(
    layer: Layer, dimensions: Dimensions, weights: Mapping[str, Array], inputs: Mapping[str, Array]
) -> dict[str, Array]:
    """Assign `weights` by their paths, call the stack; the output and every layer's states.

    Raises KeyError where a weight is missing or surplus, ValueError where its shape is another.
    """
    stack = _build(layer, dimensions)
    variables = {variable.path: variable for member in stack for variable in member.weights}
    if unmatched := variables.keys() ^ weights.keys():
        raise KeyError(f"weights that are missing or surplus: {sorted(unmatched)}")
    for path, variable in variables.items():
        variable.assign(weights[path])
    return _call(stack, layer, inputs)


def infer(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Read the shapes of the same results from a call with symbolic tensors."""
    shape = (dimensions.batch_size, dimensions.time_steps, dimensions.embedding_dim)
    inputs = {"input": keras.KerasTensor(shape)}
    if layer.initial_state == "given":
        state = (dimensions.batch_size, dimensions.hidden_units)
        for number in range(dimensions.num_layers):
            inputs |= {name: keras.KerasTensor(state) for name in _states(layer, number)}
    results = _call(_build(layer, dimensions), layer, inputs)
    return {name: tuple(result.shape) for name, result in results.items()}


def parameters(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Return the shape of every trainable weight by its path."""
    weights = [w for member in _build(layer, dimensions) for w in member.trainable_weights]
    return {weight.path: tuple(weight.shape) for weight in weights}


@lru_cache(maxsize=1)  # for TensorFlow never gives back all that creating a variable takes
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
            return_sequences=layer.return_sequences or number < dimensions.num_layers - 1,
            return_state=True,
            name="lstm" if layer.bidirectional else name,
        )
        if layer.bidirectional:
            member = keras.layers.Bidirectional(member, name=name)
        # built for the declared size: otherwise the first input would decide it, right or wrong
        member.build((dimensions.batch_size, dimensions.time_steps, width))
        width = layer.num_directions * dimensions.hidden_units
        stack.append(member)
    return stack


def _call(stack: list[keras.Layer], layer: Layer, inputs: Mapping[str, Array]) -> dict[str, Array]:
    output = inputs["input"]
    results: dict[str, Array] = {}
    for number, member in enumerate(stack):
        names = _states(layer, number)
        given = [inputs[name] for name in names] if layer.initial_state == "given" else None
        output, *states = member(output, initial_state=given)
        results |= dict(zip(names, states, strict=True))
    return {"output": output, **results}


def _states(layer: Layer, number: int) -> list[str]:
    """Name one layer's states in Keras's order: forward h, forward c, backward h, backward c."""
    directions = CONVENTION.directions[layer.bidirectional]
    return [
        f"layer_{number}{direction}/state_{state}" for direction in directions for state in "hc"
    ]
