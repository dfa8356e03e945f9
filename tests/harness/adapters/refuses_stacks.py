"""A stack of layers is refused, though no gap says so."""

from typing import Any

from adapters.contract import Array
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, infer, parameters

__all__ = ["CONVENTION", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def run(*asked: Any) -> dict[str, Array]:
    """Raise NotImplementedError for more layers than one."""
    if asked[1].num_layers > 1:
        raise NotImplementedError("one layer only")
    return right.run(*asked)
