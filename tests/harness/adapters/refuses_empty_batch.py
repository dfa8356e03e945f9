"""A batch of no sequence is refused, though no gap says so."""

from typing import Any

from adapters.contract import Results
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, defaults, infer, parameters

__all__ = ["CONVENTION", "defaults", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def run(*asked: Any) -> Results:
    """Raise ValueError where there is nothing to compute."""
    if asked[1].batch_size == 0:
        raise ValueError("no sequence")
    return right.run(*asked)
