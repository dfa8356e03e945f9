"""A residual layer hands out what it would without its input."""

from dataclasses import replace
from typing import Any

from adapters.contract import Array, Dimensions, Layer
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, infer, parameters

__all__ = ["CONVENTION", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def run(layer: Layer, dimensions: Dimensions, weights: Any, inputs: Any) -> dict[str, Array]:
    """Run the right adapter, each layer without its residual."""
    if layer.layers:
        return right.apart().composed(run, layer, dimensions, weights, inputs)
    return right.run(replace(layer, residual=False), dimensions, weights, inputs)
