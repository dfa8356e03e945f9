"""LiteRT: a Keras 3 stack through ``TFLiteConverter.from_keras_model``, run by ``ai-edge-litert``.

The converter is TensorFlow's, with the operators that are built in and no others: of those of
TensorFlow itself (flex), the package has none. The model keeps its batch and leaves its time open;
one whose batch is open is refused by the converter. A user calls the one signature of an
``Interpreter`` and gets a dict, ``output_0`` and so on in the order in which the Keras model has
them. The newer ``CompiledModel`` fills buffers that its user makes; it is given a model of fixed
sizes.

Inputs are resized in silence to what is fed, and the loop over time, whose states are of the batch
that was converted, reads and writes beside them: another batch than the model's gives a sequence of
the model's own batch, or other numbers. The variables of a stateful stack are the interpreter's.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from adapters import _converted
from adapters._converted import ALONE, MODEL, OPTIONS, Program
from adapters._keras import BUILT, CONVENTION, EVERYWHERE, LOADING, NAMED, parameters
from adapters.contract import (
    ANY,
    Array,
    Dimensions,
    Gap,
    Layer,
    Results,
    Snippet,
    outline,
    promoted,
)

import keras  # isort: skip (once its backend is chosen)
import numpy as np
import tensorflow as tf
from ai_edge_litert.compiled_model import CompiledModel
from ai_edge_litert.interpreter import Interpreter

__all__ = ["CONVENTION", "PACKAGES", "defaults", "parameters", "run"]

PACKAGES = (
    "ai-edge-litert",
    "keras|keras-nightly",
    "tensorflow|tensorflow-cpu|tf-nightly|tf-nightly-cpu",
    "h5py",
)
OLDEST = ("ai-edge-litert==2.3.0", "keras==3.15.1", "tensorflow-cpu==2.21.0")

DOCS = "https://ai.google.dev/edge/litert"
KEY = "serving_default"  # the one signature
SNIPPET = Snippet(
    (
        "import os",
        "",
        'os.environ["KERAS_BACKEND"] = "tensorflow"  # before the import',
        "",
        "import keras",
        "import numpy as np",
        "import tensorflow as tf",
        "from ai_edge_litert.interpreter import Interpreter",
        *BUILT,
    ),
    (
        MODEL,
        "file = tf.lite.TFLiteConverter.from_keras_model(model).convert()",
        "runner = Interpreter(model_content=file).get_signature_runner()",
        "named = runner(x=x)",
        "returned = [named[name] for name in sorted(named)]  # output_0, output_1, ...",
        ALONE,
        *NAMED,
    ),
    options=OPTIONS,
    fed="array",
    loading=LOADING,
)

GAPS = (
    *EVERYWHERE,
    Gap(
        {"dtype": ANY},
        why="operators compute in float32 or quantized, and not in other floats",
        source=f"{DOCS}/conversion/tensorflow/ops_compatibility",
    ),
    Gap(
        {"gradients": True},
        why="a converted model is run forward",
        source=f"{DOCS}/inference",
    ),
    Gap(
        {"execution": ("eager", "predict")},
        why="an interpreter runs the graph that was converted",
        source=f"{DOCS}/inference",
    ),
    Gap(
        {"execution": "unrolled"},
        why="a layer with unroll=True is not converted",
        source=f"{DOCS}/conversion/tensorflow/rnn",
        own=True,
    ),
    Gap(
        {"checkpoint": "weights"},
        why="a .tflite file is the whole model",
        source=f"{DOCS}/conversion/tensorflow/convert_tf",
    ),
    Gap(
        {"stateful": ANY, "initial_state": "given"},
        why="a second signature, without states, beside the one that is given them is not made",
        source=f"{DOCS}/inference",
        own=True,
    ),
)


def run(
    layer: Layer, dimensions: Dimensions, weights: Mapping[str, Array], inputs: Mapping[str, Array]
) -> Results:
    """Assign `weights` to the Keras stack, convert it, and run what comes of that.

    Raises KeyError where a weight is missing or surplus, ValueError where its shape is another.
    """
    time = dimensions.time_steps if layer.execution == "compiled" else None
    convert = partial(_program, layer)
    batch = dimensions.batch_size
    return _converted.run(layer, dimensions, weights, inputs, convert, batch, time)


def defaults(dimensions: Dimensions) -> dict[str, Any]:
    """Describe ``LSTM(hidden_units)``, converted.

    ``fed`` has, for a model of fixed sizes, one of an open time axis and one of an open batch, what
    comes of an input of another batch and of another time: the shape of the output, and whether it
    is what the layer gives; or the exception, of the converter or of the call.
    """
    batch, time, width = (
        dimensions.batch_size,
        dimensions.time_steps,
        dimensions.embedding_dim,
    )
    member = keras.layers.LSTM(dimensions.hidden_units)
    member.build((batch, time, width))
    program = _alone(member, (batch, time, width))
    zeros = np.zeros((batch, time, width), np.float32)
    returned = program({"input_0": zeros})
    (output,) = returned.values()

    def fed(shape: tuple[int | None, ...], batch: int, time: int) -> Any:
        x = np.linspace(-1, 1, batch * time * width, dtype=np.float32).reshape(batch, time, width)
        try:
            (output,) = _alone(member, shape)({"input_0": x}).values()
        except Exception as problem:
            return type(problem).__name__
        expected = np.asarray(member(x))
        alike = output.shape == expected.shape and np.allclose(output, expected, atol=1e-5)
        return {"shape": list(output.shape), "agrees": bool(alike)}

    others = {"batch_of_1": (1, time), "longer": (batch, time + 2)}
    shapes = {"fixed": (batch, time), "open_time": (batch, None), "open_batch": (None, time)}
    return {
        "output_shape": list(output.shape),
        "returns": outline(returned, {}),
        "dtype": str(output.dtype),
        "promotes": promoted(
            lambda dtype: str(
                program({"input_0": tf.zeros(zeros.shape, dtype).numpy()})["output_0"].dtype
            )
        ),
        "fed": {
            name: {other: fed((*shape, width), *sizes) for other, sizes in others.items()}
            for name, shape in shapes.items()
        },
    }


def _tflite(model: keras.Model) -> bytes:
    return tf.lite.TFLiteConverter.from_keras_model(model).convert()


def _alone(member: keras.Layer, shape: tuple[int | None, ...]) -> Program:
    """One layer, converted for an input of `shape`."""
    symbol = keras.Input(batch_shape=shape, name="input_0")
    interpreter = Interpreter(model_content=_tflite(keras.Model([symbol], [member(symbol)])))
    runner = interpreter.get_signature_runner()
    return lambda inputs: dict(runner(**inputs))


def _cast(array: Any, dtype: str) -> Any:
    return tf.cast(array, dtype).numpy()  # NumPy alone has no bfloat16


def _program(layer: Layer, stack: keras.Model, properties: dict[str, Any]) -> Program:
    """The converted model by the API that `layer` asks for, from a file or from its bytes."""
    model = _tflite(stack)
    if layer.execution == "compiled":
        return _compiled(model)
    with TemporaryDirectory() as folder:
        file = Path(folder, "stack.tflite")
        file.write_bytes(model)
        saved = layer.checkpoint == "model"
        interpreter = Interpreter(
            **{"model_path": str(file)} if saved else {"model_content": model}
        )
    if saved:
        details = interpreter.get_tensor_details()
        properties["checkpoint"] = {one["name"]: one["shape"].tolist() for one in details}
    runner = interpreter.get_signature_runner()

    def call(inputs: Mapping[str, Any]) -> dict[str, Any]:
        if layer.stateful == "reset":
            interpreter.reset_all_variables()
        return dict(runner(**inputs))

    return call


def _compiled(model: bytes) -> Program:
    """The model by ``CompiledModel``, with buffers of the sizes that it has."""
    compiled = CompiledModel.from_buffer(model)

    def call(inputs: Mapping[str, Any]) -> dict[str, Any]:
        given = {name: compiled.create_input_buffer_by_name(KEY, name) for name in inputs}
        for name, buffer in given.items():
            buffer.write(np.ascontiguousarray(inputs[name]))
        details = compiled.get_output_tensor_details(KEY)
        handed = {name: compiled.create_output_buffer_by_name(KEY, name) for name in details}
        compiled.run_by_name(KEY, given, handed)
        shapes = {name: tuple(one["shape"]) for name, one in details.items()}
        return {
            name: buffer.read(int(np.prod(shapes[name])), np.float32).reshape(shapes[name])
            for name, buffer in handed.items()
        }

    return call
