"""A layer has as many steps as it was called with first; those behind them are not computed."""

from typing import Any

from adapters.contract import Dimensions, Layer, Results
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, defaults, infer, parameters

__all__ = ["CONVENTION", "defaults", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def run(layer: Layer, dimensions: Dimensions, weights: Any, inputs: Any) -> Results:
    """Leave zeros in the output where a layer that keeps no state had no step in its first call."""
    results = right.run(layer, dimensions, weights, inputs)
    if layer.stateful == "no" and "first" in inputs:
        time = 0 if layer.layout == "time_major" else 1
        y = results["y"].swapaxes(0, time)
        y[inputs["first"].shape[time] :] = 0.0
    return results
