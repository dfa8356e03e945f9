"""A length that no sequence can have is made one that it can."""

from typing import Any

import numpy as np

from adapters.contract import Dimensions, Layer, Results
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, defaults, infer, parameters

__all__ = ["CONVENTION", "defaults", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def run(layer: Layer, dimensions: Dimensions, weights: Any, inputs: Any) -> Results:
    """Clip every length to what lies within the time axis."""
    if layer.lengths == "given":
        inputs = {**inputs, "lengths": np.clip(inputs["lengths"], 0, dimensions.time_steps)}
    return right.run(layer, dimensions, weights, inputs)
