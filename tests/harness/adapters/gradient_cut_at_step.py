"""Gradients do not go through time: a step takes the state before it for a constant."""

from typing import Any

from adapters.contract import Array, Layer, Results
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, defaults, infer, parameters

__all__ = ["CONVENTION", "defaults", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def step(layer: Layer, weights: Any, x: Array, h: Array, c: Array) -> tuple[Array, Array]:
    """Return h and c after one step; what moves is in the imaginary part."""
    return right.step(layer, weights, x, h.real, c.real)


def run(*asked: Any) -> Results:
    """Run the right adapter with this step."""
    return right.run(*asked, step=step)
