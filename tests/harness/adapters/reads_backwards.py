"""A one-way layer reads its input from the end."""

from typing import Any

from adapters.contract import Array, Dimensions, Layer
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, infer, parameters

__all__ = ["CONVENTION", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def run(layer: Layer, dimensions: Dimensions, weights: Any, inputs: Any) -> dict[str, Array]:
    """Turn the input around where it has a time axis."""
    x = inputs["x"]
    turned = x[:, ::-1] if x.ndim == 3 and not layer.bidirectional else x
    return right.run(layer, dimensions, weights, {**inputs, "x": turned})
