"""The reverse direction's final state has read what stands behind a sequence's end."""

import dataclasses
from typing import Any

from adapters.contract import Dimensions, Layer, Results
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, defaults, infer, parameters

__all__ = ["CONVENTION", "defaults", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def run(layer: Layer, dimensions: Dimensions, weights: Any, inputs: Any) -> Results:
    """Take the backward rows of both states from sequences of full length."""
    results = right.run(layer, dimensions, weights, inputs)
    if layer.bidirectional and layer.lengths == "given":
        padded = {name: one for name, one in inputs.items() if name != "lengths"}
        full = right.run(dataclasses.replace(layer, lengths="full"), dimensions, weights, padded)
        for name in ("end_h", "end_c"):
            results[name][1::2] = full[name][1::2]
    return results
