"""The layer has peephole weights, which no convention declares."""

from typing import Any

from adapters.contract import Shape
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, infer, run

__all__ = ["CONVENTION", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def parameters(*asked: Any) -> dict[str, Shape]:
    """Add three of them to the first layer."""
    return {**right.parameters(*asked), "layer0.p": (3, asked[1].hidden_units)}
