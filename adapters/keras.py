"""Keras 3 on TensorFlow; `adapters._keras` tells what holds on every backend.

TensorFlow broadcasts an initial state of batch 1, or a c of width 1, in silence.
"""

import os
from collections.abc import Callable, Mapping
from functools import partial

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"  # oneDNN sums in another order from machine to machine

import keras
import tensorflow as tf

from adapters import _keras
from adapters._keras import (
    BUILT,
    CALLED,
    CONVENTION,
    DIFFERENTIATING,
    LOADING,
    OPTIONS,
    Call,
    Named,
    Stack,
    Tensors,
    defaults,
    infer,
    parameters,
    training,
)
from adapters.contract import (
    Results,
    Snippet,
)

__all__ = ["CONVENTION", "PACKAGES", "defaults", "infer", "parameters", "run", "training"]

assert keras.config.backend() == "tensorflow"  # a process has one, the first that was imported
tf.get_logger().setLevel("ERROR")  # it takes one compilation a case for needless retracing

PACKAGES = ("keras|keras-nightly", "tensorflow|tensorflow-cpu|tf-nightly|tf-nightly-cpu", "h5py")
OLDEST = ("keras==3.0.0", "tensorflow-cpu==2.16.1", "numpy<2")
DEVICES = ("cuda",)

SNIPPET = Snippet(
    (
        "import os",
        "",
        'os.environ["KERAS_BACKEND"] = "tensorflow"  # before the import',
        "",
        "import keras",
        "import numpy as np",
        *BUILT,
    ),
    CALLED,
    options=OPTIONS,
    fed="array",
    loading=LOADING,
)

GAPS = DIFFERENTIATING


def place(device: str) -> bool:
    """Hide GPUs from TensorFlow, which would take one unasked, or whether there is one."""
    tf.config.experimental.enable_tensor_float_32_execution(False)  # of 10 bits, unless told so
    if device == "cpu":
        tf.config.set_visible_devices([], "GPU")
        return True
    return bool(tf.config.list_physical_devices("GPU"))


def _compiled(call: Call, _: Stack) -> Call:
    """The same call as a ``tf.function``."""
    return tf.function(call, autograph=False)  # Keras's own loops are graph operations already


def _vjp(
    call: Named, inputs: Tensors, weights: Mapping[str, keras.Variable]
) -> tuple[Results, Callable[[Tensors], Tensors]]:
    """A call under a tape, which watches inputs only where it is told to."""
    with tf.GradientTape() as tape:
        tape.watch(list(inputs.values()))
        results = call(inputs)
    sources = {**inputs, **{path: weight.value for path, weight in weights.items()}}

    def pullback(cotangents: Tensors) -> Tensors:
        return tape.gradient(
            dict(results),
            sources,
            output_gradients=dict(cotangents),
            # None otherwise: of an initial state that a kept one has taken the place of
            unconnected_gradients=tf.UnconnectedGradients.ZERO,
        )

    return results, pullback


run = partial(_keras.run, compiled=_compiled, vjp=_vjp)
