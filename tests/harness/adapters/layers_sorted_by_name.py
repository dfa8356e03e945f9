"""Weights go to layers in the order of their names, where layer10 stands before layer2."""

from typing import Any

from adapters.contract import Dimensions, Layer, Results
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, defaults, infer, parameters

__all__ = ["CONVENTION", "defaults", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def run(layer: Layer, dimensions: Dimensions, weights: Any, inputs: Any) -> Results:
    """Give each layer the weights whose name is the next one of all."""
    order = sorted(range(dimensions.num_layers), key=str)
    moved = {}
    for place, number in enumerate(order):
        for name, one in weights.items():
            number_of, _, rest = name.removeprefix("layer").partition(".")
            if int(number_of) == number:
                moved[f"layer{place}.{rest}"] = one
    return right.run(layer, dimensions, moved, inputs)
