"""Gradients go through what stands behind a sequence's end, as if all ended with the last step."""

from dataclasses import replace
from typing import Any

from adapters.contract import Dimensions, Layer, Results
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, defaults, infer, parameters

__all__ = ["CONVENTION", "defaults", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def run(layer: Layer, dimensions: Dimensions, weights: Any, inputs: Any) -> Results:
    """Take the results as they should be, and the gradients of sequences of full length."""
    results = right.run(layer, dimensions, weights, inputs)
    if layer.gradients and layer.lengths == "given":
        padded = {name: one for name, one in inputs.items() if name != "lengths"}
        full = right.run(replace(layer, lengths="full"), dimensions, weights, padded)
        results |= {name: one for name, one in full.items() if name.startswith("gradient of ")}
    return results
