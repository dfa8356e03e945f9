"""What the converters of a Keras stack on TensorFlow share: the model, and how it is called.

The stack's layers are called with symbolic inputs, one for each tensor that a case feeds, named
``input_0`` and so on; what comes of that, flat and in Keras's order, are the model's outputs.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"  # oneDNN sums in another order from machine to machine

import keras
import tensorflow as tf

from adapters import _keras
from adapters._keras import Call, Stack, Tensors
from adapters.contract import Array, Dimensions, Layer, Line, Results, outline, stacked

assert keras.config.backend() == "tensorflow"  # a process has one, the first that was imported
tf.get_logger().setLevel("ERROR")

# Of a snippet: the model of a layer, and what names the one array of a list.
MODEL = (
    'inside = keras.Input(batch_shape=x.shape, name="x")\nmodel = keras.Model(inside, lstm(inside))'
)
ALONE = Line(
    "(returned,) = returned", {"return_state": False, "merge": ("concat", "sum", "mul", "ave")}
)
OPTIONS = ("bias", "bidirectional", "merge", "return_sequences", "return_state", "reverse")

# What runs a converted model: from inputs by name to what it hands out, in a dict or a list.
Program: TypeAlias = Callable[[Mapping[str, Any]], dict[str, Any] | list[Any]]
Converter: TypeAlias = Callable[[keras.Model, dict[str, Any]], Program]


def run(
    layer: Layer,
    dimensions: Dimensions,
    weights: Mapping[str, Array],
    inputs: Mapping[str, Array],
    convert: Converter,
    batch: int | None,
    time: int | None,
) -> Results:
    """Assign `weights` to the Keras stack, `convert` a model of it, and run what comes of that.

    The model declares `batch` and `time`, or leaves them open where they are None. `convert` may
    add properties to what it is given.

    Raises KeyError where a weight is missing or surplus, ValueError where its shape is another.
    """
    properties: dict[str, Any] = {}
    shapes = {
        "input": (batch, time, dimensions.embedding_dim),
        "mask": (batch, time),
    }
    for number, (one, own) in enumerate(stacked(layer, dimensions)):
        shapes |= dict.fromkeys(_keras.state_names(one, number), (batch, own.hidden_units))
    # Converted in the place where another backend of Keras compiles a call.
    keras_layer = replace(layer, execution="compiled", checkpoint="none")
    compiled = partial(_converted, convert, shapes, properties)
    results = _keras.run(keras_layer, dimensions, weights, inputs, compiled, None)
    properties["container"] = outline(properties.pop("returned"), results)
    return Results(results, **properties)


def _converted(
    convert: Converter,
    shapes: Mapping[str, tuple[int | None, ...]],
    properties: dict[str, Any],
    call: Call,
    _: Stack,
) -> Call:
    """Return the same call by the runtime; what that returned last is among `properties`."""
    programs: dict[tuple[str, ...], Program] = {}
    forms: dict[tuple[str, ...], Any] = {}

    def called(tensors: Tensors) -> list[Any]:
        names = tuple(tensors)
        if names not in programs:
            symbols = {
                name: keras.Input(
                    batch_shape=shapes[name],
                    dtype=keras.backend.standardize_dtype(tensors[name].dtype),
                    name=f"input_{number}",
                )
                for number, name in enumerate(names)
            }
            forms[names] = call(symbols)
            outputs = tf.nest.flatten(forms[names])
            # A name of its own: otherwise it would count the models of the process.
            model = keras.Model(list(symbols.values()), outputs, name="stack")
            programs[names] = convert(model, properties)
        fed = {f"input_{number}": tensors[name].numpy() for number, name in enumerate(names)}
        returned = properties["returned"] = programs[names](fed)
        if isinstance(returned, dict):  # output_0, output_1 and so on, in whatever order
            order = sorted(returned, key=lambda name: int(name.rpartition("_")[2]))
            returned = [returned[name] for name in order]
        return tf.nest.pack_sequence_as(forms[names], returned)

    return called
