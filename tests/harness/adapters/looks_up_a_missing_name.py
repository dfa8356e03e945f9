"""An adapter that reads an input by a name that it did not declare."""

from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, infer, parameters

__all__ = ["CONVENTION", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def run(layer, dimensions, weights, inputs):
    """Raise KeyError for every input."""
    state = inputs["layer_0/h"]
    return right.run(layer, dimensions, weights, {**inputs, "start_h": state})
