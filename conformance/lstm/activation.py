"""The functions by which sums become gates, and c becomes h: each with its derivative.

A name has one meaning here, whatever it has elsewhere. ``hard_sigmoid`` is x/6 + 0.5, cut to 0 and
1, as in Keras 3, PyTorch and JAX; under the same name Keras 2 and ONNX, by its defaults, have 0.2x
+ 0.5 (https://github.com/tensorflow/tensorflow/issues/65381), which is ``hard_sigmoid_fifth``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from conformance.lstm.sample import Floats


@dataclass(frozen=True)
class Activation:
    """A function of any array, and its derivative there, both number by number."""

    of: Callable[[Floats], Floats]
    slope: Callable[[Floats], Floats]  # of what `of` has given
    told: str  # as a failure names it


def _sigmoid(x: Floats) -> Floats:
    # By tanh, which cannot overflow as exp(-x) does.
    result: Floats = 0.5 * (1.0 + np.tanh(0.5 * x))
    return result


def _cut(x: Floats) -> Floats:
    result: Floats = np.minimum(np.maximum(x, 0.0), 1.0)
    return result


def _within(y: Floats) -> Floats:
    """1 where `_cut` has cut nothing off, else 0."""
    return np.where((y > 0.0) & (y < 1.0), 1.0, 0.0)


ACTIVATIONS: Mapping[str, Activation] = {
    "sigmoid": Activation(_sigmoid, lambda y: y * (1 - y), "sigmoid"),
    "hard_sigmoid": Activation(
        lambda x: _cut(x / 6 + 0.5), lambda y: _within(y) / 6, "hard_sigmoid with slope 1/6"
    ),
    "hard_sigmoid_fifth": Activation(
        lambda x: _cut(0.2 * x + 0.5), lambda y: _within(y) * 0.2, "hard_sigmoid with slope 0.2"
    ),
    "tanh": Activation(np.tanh, lambda y: 1 - y**2, "tanh"),
    "relu": Activation(lambda x: np.maximum(x, 0.0), lambda y: np.where(y > 0.0, 1.0, 0.0), "relu"),
    "linear": Activation(lambda x: x, np.ones_like, "linear"),
    "softsign": Activation(
        lambda x: x / (1 + np.abs(x)), lambda y: (1 - np.abs(y)) ** 2, "softsign"
    ),
}
