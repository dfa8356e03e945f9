"""The process is killed on sequences of one step, as by a kernel that runs out of memory."""

import os
import signal
from typing import Any

from adapters.contract import Array
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, infer, parameters

__all__ = ["CONVENTION", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def run(*asked: Any) -> dict[str, Array]:
    """Send what no process can catch."""
    if asked[1].time_steps == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return right.run(*asked)
