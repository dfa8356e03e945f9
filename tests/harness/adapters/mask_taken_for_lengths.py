"""A mask is counted and read as lengths: right where a sequence is padded behind its end alone."""

from dataclasses import replace
from typing import Any

import numpy as np

from adapters.contract import Dimensions, Layer, Results
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, defaults, infer, parameters

__all__ = ["CONVENTION", "defaults", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def run(layer: Layer, dimensions: Dimensions, weights: Any, inputs: Any) -> Results:
    """Take as many steps from the first on as the mask, of a right shape, lets count."""
    results = right.run(layer, dimensions, weights, inputs)
    if layer.mask == "none" or (layer.reverse and not layer.keep_order):
        return results
    lengths = inputs["mask"].sum(axis=0 if layer.layout == "time_major" else -1)
    unmasked = {name: one for name, one in inputs.items() if name != "mask"}
    layer = replace(layer, mask="none", lengths="given")
    unmasked["lengths"] = lengths.astype(np.int32)
    return right.run(layer, dimensions, weights, unmasked)
