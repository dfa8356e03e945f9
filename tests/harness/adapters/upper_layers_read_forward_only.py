"""The layers above the first read the forward direction twice."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from adapters.contract import Array
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, infer, parameters

__all__ = ["CONVENTION", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def join(halves: Sequence[Array]) -> Array:
    """Return the first half in the place of every half."""
    return np.concatenate([halves[0]] * len(halves), axis=-1)


def run(*asked: Any) -> dict[str, Array]:
    """Run the right adapter with this join."""
    return right.run(*asked, join=join)
