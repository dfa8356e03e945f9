"""What is fed is scaled in place, after it was read."""

from typing import Any

from adapters.contract import Layer, Results
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, defaults, infer, parameters

__all__ = ["CONVENTION", "defaults", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def run(*asked: Any) -> Results:
    """Halve the input, of which the results tell nothing."""
    results = right.run(*asked)
    if asked[0] == Layer():
        asked[3]["x"] *= 0.5
    return results
