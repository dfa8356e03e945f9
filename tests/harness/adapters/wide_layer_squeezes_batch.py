"""Shape inference drops a batch of one from a layer of 100 units or more."""

from typing import Any

from adapters.contract import Shape
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, defaults, parameters, run

__all__ = ["CONVENTION", "defaults", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def infer(*asked: Any) -> dict[str, Shape]:
    """Leave the first axis out."""
    shapes, sizes = right.infer(*asked), asked[1]
    wide = sizes.batch_size == 1 and sizes.hidden_units >= 100
    return {**shapes, "y": shapes["y"][1:]} if wide else shapes
