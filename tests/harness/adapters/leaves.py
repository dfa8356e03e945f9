"""``sys.exit`` is called on sequences of one step."""

import sys
from typing import Any

from adapters.contract import Array
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, infer, parameters

__all__ = ["CONVENTION", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def run(*asked: Any) -> dict[str, Array]:
    """Raise SystemExit."""
    if asked[1].time_steps == 1:
        sys.exit("I am leaving")
    return right.run(*asked)
