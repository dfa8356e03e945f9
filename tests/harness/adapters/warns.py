"""Every run warns."""

import warnings
from typing import Any

from adapters.contract import Array
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, infer, parameters

__all__ = ["CONVENTION", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def run(*asked: Any) -> dict[str, Array]:
    """Warn twice."""
    warnings.warn("old style", DeprecationWarning, stacklevel=1)
    warnings.warn("old style", DeprecationWarning, stacklevel=1)
    return right.run(*asked)
