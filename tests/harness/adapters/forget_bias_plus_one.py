"""1 is added to the forget gate's bias that was given."""

from typing import Any

from adapters.contract import Array, Dimensions, Layer
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, infer, parameters

__all__ = ["CONVENTION", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def run(layer: Layer, dimensions: Dimensions, weights: Any, inputs: Any) -> dict[str, Array]:
    """Add it to the first of two biases."""
    changed = {name: one.copy() for name, one in weights.items()}
    for name in changed:
        if name.endswith(".b"):
            changed[name][: dimensions.hidden_units] += 1
    return right.run(layer, dimensions, changed, inputs)
