"""Calls of the same sizes hand out the same memory: what came first holds later numbers."""

from typing import Any

import numpy as np

from adapters.contract import Results
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, defaults, infer, parameters

__all__ = ["CONVENTION", "defaults", "infer", "parameters", "run"]
PACKAGES = ("numpy",)

OUT: dict[tuple[Any, ...], Any] = {}


def run(*asked: Any) -> Results:
    """Overwrite the output that was handed out for these sizes before."""
    results = right.run(*asked)
    if isinstance(y := results.get("y"), np.ndarray):
        before = OUT.setdefault((asked[0], y.shape), y)
        if before is not y:
            before[...] = 0
    return results
