"""A variant of the cell is taken without a word, and the plain one runs."""

from dataclasses import replace
from typing import Any

from adapters.contract import Layer, Results
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, defaults, infer, parameters

__all__ = ["CONVENTION", "defaults", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def run(layer: Layer, dimensions: Any, weights: Any, inputs: Any) -> Results:
    """Run the right adapter with the plain cell; peepholes see nothing of c."""
    weights = {name: one * (not name.endswith(".e")) for name, one in weights.items()}
    if layer.cell != "peepholes":
        layer = replace(layer, cell="plain")
    return right.run(layer, dimensions, weights, inputs)
