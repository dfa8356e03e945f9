"""The layout of an input weight is guessed from its shape, which a square one does not tell."""

from typing import Any

from adapters.contract import Dimensions, Layer, Results
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, defaults, infer, parameters

__all__ = ["CONVENTION", "defaults", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def run(layer: Layer, dimensions: Dimensions, weights: Any, inputs: Any) -> Results:
    """Turn each input weight that has the gates' units on its first axis."""
    gates = 4 * dimensions.hidden_units
    turned = {
        name: one.T if name.endswith(".w") and one.shape[0] == gates else one
        for name, one in weights.items()
    }
    return right.run(layer, dimensions, turned, inputs)
