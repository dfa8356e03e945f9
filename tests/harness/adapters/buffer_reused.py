"""Calls of the same sizes hand out the same memory: what came first holds later numbers."""

from typing import Any

from adapters.contract import Layer, Results
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, defaults, infer, parameters

__all__ = ["CONVENTION", "defaults", "infer", "parameters", "run"]
PACKAGES = ("numpy",)

OUT: dict[Any, Any] = {}


def run(*asked: Any) -> Results:
    """Overwrite the output that was handed out for these sizes before."""
    results = right.run(*asked)
    if asked[0] == Layer():
        y = results["y"]
        OUT.get(y.shape, y.copy())[...] = 0
        OUT[y.shape] = y
    return results
