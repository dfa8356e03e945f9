"""The process writes 200 MB without a newline on sequences of one step, and exits."""

import os
from typing import Any

from adapters.contract import Array
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, infer, parameters

__all__ = ["CONVENTION", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def run(*asked: Any) -> dict[str, Array]:
    """Write, and leave."""
    if asked[1].time_steps == 1:
        for _ in range(200):
            os.write(1, b"x" * 1_000_000)
        os.write(1, b"\nthe last words\n")
        os._exit(3)
    return right.run(*asked)
