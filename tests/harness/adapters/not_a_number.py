"""One number of the output is NaN."""

from typing import Any

import numpy as np

from adapters.contract import Array
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, infer, parameters

__all__ = ["CONVENTION", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def run(*asked: Any) -> dict[str, Array]:
    """Spoil the first number."""
    results = right.run(*asked)
    results["y"].flat[0] = np.nan
    return results
