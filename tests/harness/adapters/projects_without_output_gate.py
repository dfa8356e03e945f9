"""A projected h is that of the cell alone: the output gate is left out."""

from typing import Any

import numpy as np

from adapters.contract import Array, Layer, Results
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, defaults, infer, parameters

__all__ = ["CONVENTION", "defaults", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def step(layer: Layer, weights: Any, x: Array, h: Array, c: Array) -> tuple[Array, Array]:
    """Return h and c after one step of the wrong cell."""
    h, c = right.step(layer, weights, x, h, c)
    return np.tanh(c) @ weights["p"] if "p" in weights else h, c


def run(*asked: Any) -> Results:
    """Run the right adapter with this step."""
    return right.run(*asked, step=step)
