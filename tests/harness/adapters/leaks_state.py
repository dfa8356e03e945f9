"""A layer that has run one step is off by a little in all that its process runs afterwards."""

from typing import Any

from adapters.contract import Results
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, infer, parameters

__all__ = ["CONVENTION", "infer", "parameters", "run"]
PACKAGES = ("numpy",)

LEFT_OVER: list[float] = []


def run(*asked: Any) -> Results:
    """Add what was left over to the output, where it has no biases."""
    results = right.run(*asked)
    if not asked[0].bias and LEFT_OVER:
        results["y"] = results["y"] + LEFT_OVER[0]
    if asked[1].time_steps == 1:
        LEFT_OVER.append(0.01)
    return results
