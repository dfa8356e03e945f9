"""Keras 3 on JAX; `adapters._keras` tells what holds on every backend.

A plain call is eager, but its loop over time is one ``lax.scan``, compiled for every new shape;
``Model.predict`` compiles all of it. An initial state must have its very shape, for the scan's
carry cannot change. A stateful layer carries its state in a plain call alone: under ``jax.jit``,
``stateless_call`` and ``Model.predict`` it starts from the same state again, as its state is none
of its variables. float64 is float32, with a warning, unless ``jax_enable_x64`` is on; and even
then Keras casts to float32 before a tanh: https://github.com/keras-team/keras/issues/23704
"""

import os
from collections.abc import Callable, Mapping
from typing import Any

os.environ["KERAS_BACKEND"] = "jax"

import jax
import keras

from adapters import _keras
from adapters._compilation import keep_compilations as keep_compilations
from adapters._compilation import stages as stages
from adapters._device import DEVICES as DEVICES
from adapters._device import place as place
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
    training,
)
from adapters._older import enable_x64
from adapters.contract import (
    Array,
    Dimensions,
    Layer,
    Results,
    Shape,
    Snippet,
)

__all__ = ["CONVENTION", "PACKAGES", "defaults", "infer", "parameters", "run", "training"]

assert keras.config.backend() == "jax"  # a process has one, the first that was imported
jax.config.update("jax_default_matmul_precision", "highest")
jax.config.update("jax_traceback_filtering", "off")  # or its own frames are cut out of errors

PACKAGES = ("keras|keras-nightly", "jax", "jaxlib", "h5py")
OLDEST = ("keras==3.0.0", "jax==0.4.30", "jaxlib==0.4.30", "numpy<2")

SNIPPET = Snippet(
    (
        "import os",
        "",
        'os.environ["KERAS_BACKEND"] = "jax"  # before the import',
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


def run(
    layer: Layer, dimensions: Dimensions, weights: Mapping[str, Array], inputs: Mapping[str, Array]
) -> Results:
    """As `adapters._keras.run`; float64 is switched on where it is asked for."""
    with enable_x64(layer.dtype == "float64"):
        return _keras.run(layer, dimensions, weights, inputs, _compiled, _vjp)


def infer(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """As `adapters._keras.infer`."""
    with enable_x64(layer.dtype == "float64"):
        return _keras.infer(layer, dimensions)


def parameters(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """As `adapters._keras.parameters`."""
    with enable_x64(layer.dtype == "float64"):
        return _keras.parameters(layer, dimensions)


def _compiled(call: Call, stack: Stack) -> Call:
    """The call under ``jax.jit``; what the variables hold goes in, and comes out to be kept.

    So does ``stateless_call``, of a single layer.
    """
    variables = [variable for member in stack for variable in member.variables]

    @jax.jit
    def pure(values: list[Any], inputs: Tensors) -> tuple[list[Any], list[Any]]:
        with keras.StatelessScope(zip(variables, values, strict=True)) as scope:
            returned = call(inputs)
        return returned, [scope.get_current_value(variable) for variable in variables]

    def kept(inputs: Tensors) -> list[Any]:
        returned, values = pure([variable.value for variable in variables], inputs)
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
        return returned

    return kept


def _vjp(
    call: Named, inputs: Tensors, weights: Mapping[str, keras.Variable]
) -> tuple[Results, Callable[[Tensors], Tensors]]:
    """A call to which the weights are arguments too, as JAX differentiates for nothing else."""

    def pure(sources: Tensors) -> tuple[dict[str, Any], str]:
        with keras.StatelessScope([(weights[path], sources[path]) for path in weights]):
            results = call({name: sources[name] for name in inputs})
        return dict(results), results.properties["container"]

    sources = {**inputs, **{path: weight.value for path, weight in weights.items()}}
    results, pullback, container = jax.vjp(pure, sources, has_aux=True)
    return Results(results, container=container), lambda cotangents: pullback(cotangents)[0]
