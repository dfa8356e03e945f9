"""Shape inference raises."""

from typing import Any

from adapters.contract import Shape
from tests.harness.adapters.right import CONVENTION, parameters, run

__all__ = ["CONVENTION", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def infer(*asked: Any) -> dict[str, Shape]:
    """Raise NotImplementedError."""
    raise NotImplementedError(f"no inference for {asked[0]}")
