"""The final c is handed over in float64."""

from typing import Any

import numpy as np

from adapters.contract import Array
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, infer, parameters

__all__ = ["CONVENTION", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def run(*asked: Any) -> dict[str, Array]:
    """Widen c."""
    results = right.run(*asked)
    return {**results, "end_c": results["end_c"].astype(np.float64)}
