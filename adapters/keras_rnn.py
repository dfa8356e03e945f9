"""Keras 3 on TensorFlow: one ``keras.layers.RNN`` around the ``LSTMCell``s of all layers.

Around one cell it hands its user what an LSTM does, (output, h, c). Around a list of cells it is
the output and then for each cell a list of its h and c, and the states are given in that nesting. A
step goes through all cells before the next is read, so ``go_backwards`` turns the sequence around
once, before the first cell. A mask is that of every cell; masked steps repeat the output before
them. A list of one cell takes no mask, and the states of a stateful layer of several cannot be
reset. `adapters._keras` tells what holds of every layer.
"""

import os
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"  # oneDNN sums in another order from machine to machine

import keras
import tensorflow as tf

from adapters import _keras
from adapters._keras import EVERYWHERE
from adapters.contract import (
    ANY,
    Array,
    Convention,
    Dimensions,
    Gap,
    Layer,
    Line,
    Native,
    Results,
    Shape,
    Snippet,
    outline,
    stacked,
)

assert keras.config.backend() == "tensorflow"  # a process has one, the first that was imported
tf.get_logger().setLevel("ERROR")  # it takes one compilation a case for needless retracing

PACKAGES = ("keras|keras-nightly", "tensorflow|tensorflow-cpu|tf-nightly|tf-nightly-cpu", "h5py")
OLDEST = ("keras==3.15.1", "tensorflow-cpu==2.21.0")

DOCS = "https://keras.io/api/layers/recurrent_layers/rnn/"

CONVENTION = Convention(
    inputs={
        "input": Native("input", "batch time input"),
        "lengths": Native("lengths", "batch"),
        "h_0": Native("layer_{layer}{direction}/state_h", "batch hidden"),
        "c_0": Native("layer_{layer}{direction}/state_c", "batch cell"),
    },
    results={
        "output": Native("output{direction}", "batch time hidden"),
        "h_n": Native("layer_{layer}{direction}/state_h", "batch hidden"),
        "c_n": Native("layer_{layer}{direction}/state_c", "batch cell"),
        "last": Native("output{direction}", "batch hidden"),
    },
    weights={
        "input_weights": Native("layer_{layer}{direction}/kernel", "input (gate cell)"),
        "recurrent_weights": Native(
            "layer_{layer}{direction}/recurrent_kernel", "hidden (gate cell)"
        ),
        "bias": Native("layer_{layer}{direction}/bias", "(gate cell)"),
    },
    gates="ifgo",
    source=DOCS,
    loader="""rnn.set_weights(
    [weights["/".join(one.path.split("/")[-2:])] for one in rnn.trainable_weights]
)""",
)

SNIPPET = Snippet(
    (
        "import os",
        "",
        'os.environ["KERAS_BACKEND"] = "tensorflow"  # before the import',
        "",
        "import keras",
        "import numpy as np",
        "",
        "cells = [",
        Line(
            '    keras.layers.LSTMCell($hidden_units, name=f"layer_{number}")',
            {"bias": True},
        ),
        Line(
            '    keras.layers.LSTMCell($hidden_units, use_bias=False, name=f"layer_{number}")',
            {"bias": False},
        ),
        "    for number in range($num_layers)",
        "]",
        "rnn = keras.layers.RNN(",
        Line("    cells[0],", {"num_layers": 1}),
        Line("    cells,", {"num_layers": ANY}),
        Line("    return_sequences=True,", {"return_sequences": True}),
        Line("    return_state=True,", {"return_state": True}),
        Line("    go_backwards=True,", {"reverse": True}),
        ")",
        'x = np.zeros(($batch_size, $time_steps, $embedding_dim), "float32")',
        Line(
            "lengths = np.full(($batch_size, 1), $time_steps)  # of each sequence",
            {"lengths": "given"},
        ),
        Line(
            'zeros = np.zeros(($batch_size, $hidden_units), "float32")',
            {"initial_state": "given"},
        ),
    ),
    (
        "returned = rnn(",
        "    x,",
        Line("    mask=np.arange($time_steps) < lengths,", {"lengths": "given"}),
        Line(
            "    initial_state=[zeros, zeros],  # h, c",
            {"initial_state": "given", "num_layers": 1},
        ),
        Line(
            "    initial_state=[[zeros, zeros]] * $num_layers,  # h, c of each cell",
            {"initial_state": "given", "num_layers": ANY},
        ),
        ")",
        Line('results = {"output": returned}', {"return_state": False}),
        Line(
            "output, h, c = returned\nstates = [(h, c)]",
            {"return_state": True, "num_layers": 1},
        ),
        Line("output, *states = returned", {"return_state": True, "num_layers": ANY}),
        Line(
            'results = {"output": output}\n'
            "for number, (h, c) in enumerate(states):\n"
            '    results |= {f"layer_{number}/state_h": h, f"layer_{number}/state_c": c}',
            {"return_state": True},
        ),
    ),
    options=(
        "bias",
        "initial_state",
        "lengths",
        "num_layers",
        "return_sequences",
        "return_state",
        "reverse",
    ),
    fed="array",
    loading=("rnn.build(x.shape)", "$loader"),
)

GAPS = (
    *EVERYWHERE,
    Gap({"mask": "given"}, why="a mask that is no prefix is not run", source=DOCS, own=True),
    Gap(
        {"residual": True},
        why="a cell of a list hands the next what it computed, and nothing is added to it",
        source=DOCS,
    ),
    Gap({"execution": "unrolled"}, why="unroll=True is not run", source=DOCS, own=True),
    Gap(
        {"bidirectional": True},
        why="a Bidirectional around an RNN of cells is not run",
        source="https://keras.io/api/layers/recurrent_layers/bidirectional/",
        own=True,
    ),
    Gap(
        {"execution": "predict"},
        why="predict of a model with an RNN of cells is not run",
        source="https://keras.io/api/models/model_training_apis/#predict-method",
        own=True,
    ),
    Gap(
        {"checkpoint": ANY},
        why="files of a model with an RNN of cells are not run",
        source="https://keras.io/api/models/model_saving_apis/",
        own=True,
    ),
)


def run(
    layer: Layer, dimensions: Dimensions, weights: Mapping[str, Array], inputs: Mapping[str, Array]
) -> Results:
    """Assign `weights` by their paths, call the layer; the output and every cell's states.

    Raises KeyError where a weight is missing or surplus, ValueError where its shape is another.
    """
    rnn = _build(layer, dimensions)
    variables = {_within(variable.path): variable for variable in rnn.trainable_weights}
    if unmatched := variables.keys() ^ weights.keys():
        raise KeyError(f"weights that are missing or surplus: {sorted(unmatched)}")
    for path, variable in variables.items():
        variable.assign(weights[path])
    call: Any = partial(_call, rnn, dimensions)
    if layer.execution == "compiled":
        call = tf.function(call, autograph=False)  # Keras's own loop is a graph operation already
    named = partial(_named, call, layer)
    tensors = _keras.tensors_of(layer, inputs)
    if layer.stateful != "no":
        named = _keras.second(named, [rnn], layer, tensors)
    if layer.gradients:
        return _keras.differentiated(_vjp, named, tensors, variables, inputs)
    return named(tensors)


def infer(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Read the shapes of the same results from a call with symbolic tensors."""
    shape = (dimensions.batch_size, dimensions.time_steps, dimensions.embedding_dim)
    inputs: dict[str, Any] = {"input": keras.KerasTensor(shape)}
    if layer.lengths == "given":
        inputs["mask"] = keras.KerasTensor(shape[:2], dtype="bool")
    if layer.initial_state == "given":
        for number, (_, own) in enumerate(stacked(layer, dimensions)):
            state = (own.batch_size, own.hidden_units)
            inputs |= {name: keras.KerasTensor(state) for name in _states(number)}
    results = _named(partial(_call, _build(layer, dimensions), dimensions), layer, inputs)
    return {name: tuple(result.shape) for name, result in results.items()}


def parameters(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Return the shape of every trainable weight by its path."""
    rnn = _build(layer, dimensions)
    return {_within(weight.path): tuple(weight.shape) for weight in rnn.trainable_weights}


@lru_cache(maxsize=1)  # TensorFlow never gives back all that creating a variable takes
def _build(layer: Layer, dimensions: Dimensions) -> keras.layers.RNN:
    cells = [
        keras.layers.LSTMCell(
            own.hidden_units,
            activation=one.activation,
            recurrent_activation=(
                _keras.hard_sigmoid_fifth
                if one.recurrent_activation == "hard_sigmoid_fifth"
                else one.recurrent_activation
            ),
            use_bias=one.bias,
            kernel_initializer="zeros",  # every weight is given: there is nothing to draw
            recurrent_initializer="zeros",
            dropout=0.5 * layer.dropout,
            recurrent_dropout=0.5 * layer.dropout,
            dtype=layer.dtype,
            name=f"layer_{number}",
        )
        for number, (one, own) in enumerate(stacked(layer, dimensions))
    ]
    rnn = keras.layers.RNN(
        cells if len(cells) > 1 else cells[0],
        return_sequences=layer.return_sequences,
        return_state=layer.return_state,
        go_backwards=layer.reverse,
        stateful=layer.stateful != "no",
        dtype=layer.dtype,
        name="rnn",
    )
    # built for the declared size: otherwise the first input would decide it, right or wrong
    rnn.build((dimensions.batch_size, dimensions.time_steps, dimensions.embedding_dim))
    return rnn


def _call(rnn: keras.layers.RNN, dimensions: Dimensions, inputs: Mapping[str, Any]) -> Any:
    """Return what the layer returns."""
    given = None
    if _states(0)[0] in inputs:
        numbers = range(dimensions.num_layers)
        given = [[inputs[name] for name in _states(number)] for number in numbers]
        given = given if len(given) > 1 else given[0]
    mask = inputs.get("mask")
    return rnn(inputs["input"], initial_state=given, mask=mask, training=False)


def _named(call: Callable[[Any], Any], layer: Layer, inputs: Mapping[str, Any]) -> Results:
    """Call the layer: its output and the states of all cells, by name."""
    returned = call(dict(inputs))
    if not layer.return_state:
        results = {"output": returned}
        return Results(results, container=outline(returned, results))
    results = {"output": returned[0]}
    nested = isinstance(returned[1], list)
    for number, states in enumerate(returned[1:] if nested else [returned[1:]]):
        results |= dict(zip(_states(number), states, strict=True))
    return Results(results, container=outline(returned, results))


def _within(path: str) -> str:
    """A weight's path from its cell on; what stands before counts the layers of a process."""
    return "/".join(path.split("/")[-2:])


def _states(number: int) -> tuple[str, str]:
    return f"layer_{number}/state_h", f"layer_{number}/state_c"


def _vjp(
    call: Callable[[Any], Results], inputs: Mapping[str, Any], weights: Mapping[str, Any]
) -> tuple[Results, Callable[[Any], Any]]:
    """A call under a tape, which watches inputs only where it is told to."""
    with tf.GradientTape() as tape:
        tape.watch(list(inputs.values()))
        results = call(inputs)
    sources = {**inputs, **{path: weight.value for path, weight in weights.items()}}

    def pullback(cotangents: Mapping[str, Any]) -> Any:
        return tape.gradient(
            dict(results),
            sources,
            output_gradients=dict(cotangents),
            # None otherwise: of an initial state that a kept one has taken the place of
            unconnected_gradients=tf.UnconnectedGradients.ZERO,
        )

    return results, pullback
