"""The gates are read in another order than declared: candidate before output."""

from typing import Any

import numpy as np

from adapters.contract import Array, Dimensions, Layer
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, infer, parameters

__all__ = ["CONVENTION", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def run(layer: Layer, dimensions: Dimensions, weights: Any, inputs: Any) -> dict[str, Array]:
    """Swap the last two gates of every weight."""
    changed = {}
    for name, one in weights.items():
        f, i, o, g = np.split(one, 4, axis=-1)
        changed[name] = np.concatenate([f, i, g, o], axis=-1)
    return right.run(layer, dimensions, changed, inputs)
