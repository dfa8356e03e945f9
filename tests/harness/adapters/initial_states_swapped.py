"""The given h is taken for c, and c for h."""

from typing import Any

from adapters.contract import Array, Dimensions, Layer
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, infer, parameters

__all__ = ["CONVENTION", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def run(layer: Layer, dimensions: Dimensions, weights: Any, inputs: Any) -> dict[str, Array]:
    """Swap the two states, where both are given."""
    both = layer.initial_state == "given"
    other = {"start_h": "start_c", "start_c": "start_h"} if both else {}
    swapped = {other.get(name, name): array for name, array in inputs.items()}
    return right.run(layer, dimensions, weights, swapped)
