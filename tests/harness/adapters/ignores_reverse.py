"""An adapter that never looks at an option."""

import dataclasses

from adapters.contract import Layer
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION

__all__ = ["CONVENTION", "run"]
PACKAGES = ("numpy",)


def run(layer, dimensions, weights, inputs):
    """Call a layer that reads forward."""
    names = [option.name for option in dataclasses.fields(Layer)]
    kept = {name: getattr(layer, name) for name in names if name not in ("reverse", "keep_order")}
    return right.run(Layer(**kept), dimensions, weights, inputs)
