"""Calls of the same sizes hand out the same memory: what came first holds later numbers."""

from typing import Any

from adapters.contract import Layer, Results
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, defaults, infer, parameters

__all__ = ["CONVENTION", "defaults", "infer", "parameters", "run"]
PACKAGES = ("numpy",)

OUT: dict[Any, Any] = {}


def run(*asked: Any) -> Results:
    """Write the output into what was handed out for its size before."""
    results = right.run(*asked)
    if asked[0] == Layer(bidirectional=True):
        y = results["y"]
        results["y"] = OUT.setdefault(y.shape, y)
        results["y"][...] = y
    return results
