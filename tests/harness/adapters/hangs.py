"""The layer never comes back from sequences of one step."""

import os
import time
from typing import Any

from adapters.contract import Array
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, infer, parameters

__all__ = ["CONVENTION", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def run(*asked: Any) -> dict[str, Array]:
    """Tell the process's number, then sleep for an hour."""
    if asked[1].time_steps == 1:
        print(os.getpid(), flush=True)
        time.sleep(3600)
    return right.run(*asked)
