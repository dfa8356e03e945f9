"""Initial states of any batch and width are cut to size, in silence."""

from typing import Any

from adapters.contract import Array, Dimensions, Layer
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, infer, parameters

__all__ = ["CONVENTION", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def run(layer: Layer, dimensions: Dimensions, weights: Any, inputs: Any) -> dict[str, Array]:
    """Cut both states."""
    batch, hidden = dimensions.batch_size, dimensions.hidden_units
    cut = {name: one[:, :batch, :hidden] for name, one in inputs.items() if name != "x"}
    return right.run(layer, dimensions, weights, {**inputs, **cut})
