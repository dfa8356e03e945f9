"""Outputs that are to be averaged are added and not halved."""

import dataclasses
from typing import Any

from adapters.contract import Layer, Results
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, defaults, infer, parameters

__all__ = ["CONVENTION", "defaults", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def run(layer: Layer, *asked: Any) -> Results:
    """Take the sum for the average."""
    merge = "sum" if layer.merge == "ave" else layer.merge
    return right.run(dataclasses.replace(layer, merge=merge), *asked)
