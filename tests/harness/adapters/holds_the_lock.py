"""On sequences of one step the process sleeps with the interpreter's lock, and its child too."""

import ctypes
import os
import subprocess
from typing import Any

from adapters.contract import Array
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, infer, parameters

__all__ = ["CONVENTION", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def run(*asked: Any) -> dict[str, Array]:
    """Tell the numbers of both, and let nothing else of this process run."""
    if asked[1].time_steps == 1:
        child = subprocess.Popen(["sleep", "60"])
        os.write(1, f"{os.getpid()} {child.pid}".encode())
        ctypes.PyDLL(None).sleep(60)
    return right.run(*asked)
