"""A step of zeros is taken for padding, as a mask does that looks for a value."""

from functools import partial
from typing import Any

import numpy as np

from adapters.contract import Array, Dimensions, Layer, Results
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, defaults, infer, parameters

__all__ = ["CONVENTION", "defaults", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def step(
    first: int, layer: Layer, weights: Any, x: Array, h: Array, c: Array
) -> tuple[Array, Array]:
    """Leave h and c as they are where every feature is zero; of the lowest layer alone."""
    next_h, next_c = right.step(layer, weights, x, h, c)
    if not first or x.shape[-1] != first:
        return next_h, next_c
    left_out = (x == 0).all(axis=-1, keepdims=True)
    return np.where(left_out, h, next_h), np.where(left_out, c, next_c)


def run(layer: Layer, dimensions: Dimensions, *fed: Any) -> Results:
    """Run the right adapter with this step."""
    return right.run(layer, dimensions, *fed, step=partial(step, dimensions.embedding_dim))
