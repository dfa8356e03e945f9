"""Of a time-major layer with whole sequences, the output has the batch first."""

from typing import Any

from adapters.contract import Layer, Results
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, defaults, infer, parameters

__all__ = ["CONVENTION", "defaults", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def run(layer: Layer, *asked: Any) -> Results:
    """Swap the first two axes of a sequence back."""
    results = right.run(layer, *asked)
    if layer.layout == "time_major" and layer.lengths == "full" and layer.return_sequences:
        results["y"] = results["y"].swapaxes(0, 1)
    return results
