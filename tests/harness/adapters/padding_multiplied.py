"""A sequence's end is a mask that is multiplied by: what is no number behind it stays none."""

from typing import Any

import numpy as np

from adapters.contract import Cast, Dimensions, Layer, Results
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, defaults, infer, parameters

__all__ = ["CONVENTION", "defaults", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def run(layer: Layer, dimensions: Dimensions, weights: Any, inputs: Any) -> Results:
    """Add to each final state zero times what stands behind its sequence's end."""
    results = right.run(layer, dimensions, weights, inputs)
    if layer.lengths == "given":
        x = inputs["x"].swapaxes(0, 1) if layer.layout == "time_major" else inputs["x"]
        ended = np.arange(x.shape[-2]) >= inputs["lengths"][..., None]
        left = np.where(ended[..., None], 0.0 * x, 0.0).sum(axis=(-2, -1))[..., None]
        for name in {"end_h", "end_c"} & results.keys():
            held = results[name]
            if isinstance(held, Cast):
                results[name] = Cast(held.array + left.astype(np.float32), held.dtype)
            else:
                results[name] = (held + left).astype(held.dtype)
    return results
