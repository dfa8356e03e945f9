"""Under the name of one hard sigmoid stands another, as it did in an earlier release."""

from dataclasses import replace
from typing import Any

from adapters.contract import Layer, Results
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, defaults, infer, parameters

__all__ = ["CONVENTION", "defaults", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def run(layer: Layer, *asked: Any) -> Results:
    """Run the right adapter with 0.2x + 0.5 for x/6 + 0.5."""
    if layer.recurrent_activation == "hard_sigmoid":
        layer = replace(layer, recurrent_activation="hard_sigmoid_fifth")
    return right.run(layer, *asked)
