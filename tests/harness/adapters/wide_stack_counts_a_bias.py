"""A stack of 100 units or more has one bias more than its convention declares."""

from typing import Any

from adapters.contract import Shape
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, defaults, infer, run

__all__ = ["CONVENTION", "defaults", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def parameters(*asked: Any) -> dict[str, Shape]:
    """Add it to the first layer."""
    held, sizes = right.parameters(*asked), asked[1]
    wide = sizes.num_layers > 1 and sizes.hidden_units >= 100
    return {**held, "layer0.e": (4 * sizes.hidden_units,)} if wide else held
