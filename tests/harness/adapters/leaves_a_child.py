"""The process dies on sequences of one step, and leaves a child that holds its pipe open."""

import ctypes
import os
import time
from typing import Any

from adapters.contract import Array
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, infer, parameters

__all__ = ["CONVENTION", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def run(*asked: Any) -> dict[str, Array]:
    """Read from address 0."""
    if asked[1].time_steps == 1:
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
        ctypes.string_at(0)
    return right.run(*asked)
