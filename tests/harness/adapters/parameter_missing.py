"""The layer does not list its second bias among its parameters."""

from typing import Any

from adapters.contract import Shape
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, infer, run

__all__ = ["CONVENTION", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def parameters(*asked: Any) -> dict[str, Shape]:
    """Leave it out."""
    return {name: one for name, one in right.parameters(*asked).items() if not name.endswith(".d")}
