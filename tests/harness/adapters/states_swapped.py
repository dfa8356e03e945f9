"""The final h and c are handed over under each other's name."""

from typing import Any

from adapters.contract import Array
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, infer, parameters

__all__ = ["CONVENTION", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def run(*asked: Any) -> dict[str, Array]:
    """Swap the two states."""
    results = right.run(*asked)
    return {**results, "end_h": results["end_c"], "end_c": results["end_h"]}
