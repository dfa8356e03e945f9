"""Shape inference gives the width of one direction for two."""

from typing import Any

from adapters.contract import Shape
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, parameters, run

__all__ = ["CONVENTION", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def infer(*asked: Any) -> dict[str, Shape]:
    """Put the hidden units in the place of direction*hidden."""
    shapes = right.infer(*asked)
    return {**shapes, "y": (*shapes["y"][:-1], asked[1].hidden_units)}
