"""A stateful layer's second call starts from zeros again."""

import dataclasses
from typing import Any

from adapters.contract import Layer, Results
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, defaults, infer, parameters

__all__ = ["CONVENTION", "defaults", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def run(layer: Layer, *asked: Any) -> Results:
    """Call it as one that keeps no state."""
    return right.run(dataclasses.replace(layer, stateful="no"), *asked)
