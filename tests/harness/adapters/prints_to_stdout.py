"""Every run writes to stdout: through Python, the descriptor, and C."""

import ctypes
import os
from typing import Any

from adapters.contract import Array
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, infer, parameters

__all__ = ["CONVENTION", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def run(*asked: Any) -> dict[str, Array]:
    """Write 1 MB and more."""
    print("through Python")
    os.write(1, b"\x00through the descriptor\n" * 50_000)
    ctypes.CDLL(None).puts(b"through C")
    return right.run(*asked)
