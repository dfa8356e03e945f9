"""There is one more result than the convention declares."""

from typing import Any

from adapters.contract import Array
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, infer, parameters

__all__ = ["CONVENTION", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def run(*asked: Any) -> dict[str, Array]:
    """Add the sequence's mean over time."""
    results = right.run(*asked)
    return {**results, "mean": results["y"].mean(axis=1)}
