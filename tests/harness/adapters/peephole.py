"""The output gate sees the cell as well, by a weight of 1."""

from typing import Any

import numpy as np

from adapters.contract import Array, Layer
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, infer, parameters

__all__ = ["CONVENTION", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def step(layer: Layer, weights: Any, x: Array, h: Array, c: Array) -> tuple[Array, Array]:
    """Return h and c after one step of the wrong cell."""
    total = x @ weights["w"] + h @ weights["r"] + weights.get("b", 0) + weights.get("d", 0)
    f, i, o, g = np.split(total, 4, axis=-1)
    c = right.sigmoid(f) * c + right.sigmoid(i) * np.tanh(g)
    return right.sigmoid(o + c) * np.tanh(c), c


def run(*asked: Any) -> dict[str, Array]:
    """Run the right adapter with this step."""
    return right.run(*asked, step=step)
