"""Keras 3 on PyTorch; `adapters._keras` tells what holds on every backend.

What a layer returns can be differentiated, so NumPy takes it only by way of
``keras.ops.convert_to_numpy``. Without sequences the last output and h are one tensor. A state of
batch 1, or a c of width 1, is broadcast in silence. ``torch.compile`` makes one graph of a layer;
but of one with a mask or a recurrent dropout, whose loop flattens tuples, it makes several, and
raises under ``fullgraph=True``: https://github.com/keras-team/keras/issues/23648
That loop multiplies float64 in float32, too: https://github.com/keras-team/keras/issues/23704
"""

import os
from collections.abc import Callable, Mapping

os.environ["KERAS_BACKEND"] = "torch"

import keras
import torch

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
    Array,
    Dimensions,
    Layer,
    Results,
    Snippet,
)

__all__ = ["CONVENTION", "PACKAGES", "defaults", "infer", "parameters", "run", "training"]

assert keras.config.backend() == "torch"  # a process has one, the first that was imported
torch.backends.cuda.matmul.allow_tf32 = False  # TensorFloat-32 keeps 10 bits of a mantissa's 23
torch.backends.cudnn.allow_tf32 = False
torch.set_num_threads(1)  # in layers this small threads do nothing but wait for each other

PACKAGES = ("keras|keras-nightly", "torch", "h5py")
OLDEST = ("keras==3.15.1", "torch==2.13.0")
DEVICES = ("cuda", "mps")

SNIPPET = Snippet(
    (
        "import os",
        "",
        'os.environ["KERAS_BACKEND"] = "torch"  # before the import',
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
    """Have Keras make its tensors on `device`, a GPU not unasked; whether there is one."""
    there = {"cuda": torch.cuda.is_available, "mps": torch.backends.mps.is_available}
    if device != "cpu" and (device not in there or not there[device]()):
        return False
    keras.device(device).__enter__()  # for good
    return True


def run(
    layer: Layer, dimensions: Dimensions, weights: Mapping[str, Array], inputs: Mapping[str, Array]
) -> Results:
    """As `adapters._keras.run`, its tensors detached."""
    results = _keras.run(layer, dimensions, weights, inputs, _compiled, _vjp)
    arrays = {name: keras.ops.convert_to_numpy(result) for name, result in results.items()}
    return Results(arrays, **results.properties)


def _compiled(call: Call, _: Stack) -> Call:
    """The same call as one graph of ``torch.compile``."""
    torch.compiler.reset()  # or the calls of earlier cases count as recompilations of this one
    return torch.compile(call, backend="aot_eager", fullgraph=True)  # needs no C++ compiler


def _vjp(
    call: Named, inputs: Tensors, weights: Mapping[str, keras.Variable]
) -> tuple[Results, Callable[[Tensors], Tensors]]:
    """A call of which PyTorch keeps what it needs to go back."""
    sources = {name: tensor.requires_grad_() for name, tensor in inputs.items()}
    results = call(sources)
    sources |= {path: weight.value for path, weight in weights.items()}

    def pullback(cotangents: Tensors) -> Tensors:
        gradients = torch.autograd.grad(
            list(results.values()),
            list(sources.values()),
            list(cotangents.values()),
            # An initial state that a kept one has taken the place of is none of the call's.
            allow_unused=True,
            materialize_grads=True,
        )
        return dict(zip(sources, gradients, strict=True))

    return results, pullback
