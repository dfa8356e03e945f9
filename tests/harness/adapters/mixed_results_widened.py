"""Results of a mixed dtype are handed over in float32, in which the parameters are."""

import dataclasses
from typing import Any

from adapters.contract import Layer, Results
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, defaults, infer, parameters

__all__ = ["CONVENTION", "defaults", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def run(layer: Layer, *asked: Any) -> Results:
    """Compute in float32 altogether."""
    dtype = "float32" if layer.dtype.startswith("mixed_") else layer.dtype
    return right.run(dataclasses.replace(layer, dtype=dtype), *asked)
