"""The output of a reversed layer is always turned around to align with its input."""

import dataclasses
from typing import Any

from adapters.contract import Layer, Results
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, defaults, infer, parameters

__all__ = ["CONVENTION", "defaults", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def run(layer: Layer, *asked: Any) -> Results:
    """Keep the order, asked or not, of a layer that is not trained."""
    kept = layer.keep_order if layer.gradients else layer.reverse
    return right.run(dataclasses.replace(layer, keep_order=kept), *asked)
