"""The input weights are (gate*cell, input), and declared the other way round."""

from typing import Any

from adapters.contract import Shape
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, infer, run

__all__ = ["CONVENTION", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def parameters(*asked: Any) -> dict[str, Shape]:
    """Transpose them."""
    return {
        name: one[::-1] if name.endswith(".w") else one
        for name, one in right.parameters(*asked).items()
    }
