"""Surplus features are cut off and missing ones taken as zero, in silence."""

from typing import Any

import numpy as np

from adapters.contract import Array, Dimensions, Layer
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, infer, parameters

__all__ = ["CONVENTION", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def run(layer: Layer, dimensions: Dimensions, weights: Any, inputs: Any) -> dict[str, Array]:
    """Make the input as wide as the layer."""
    x, width = inputs["x"], dimensions.embedding_dim
    if x.ndim == 3:
        x = np.pad(x, ((0, 0), (0, 0), (0, width)))[..., :width]
    return right.run(layer, dimensions, weights, {**inputs, "x": x})
