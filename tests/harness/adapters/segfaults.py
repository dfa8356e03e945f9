"""The process dies of a segmentation fault on sequences of one step."""

import ctypes
from typing import Any

from adapters.contract import Array
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, infer, parameters

__all__ = ["CONVENTION", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def run(*asked: Any) -> dict[str, Array]:
    """Read from address 0."""
    if asked[1].time_steps == 1:
        ctypes.string_at(0)
    return right.run(*asked)
