"""An adapter whose framework leaves the steps open in its inference, and says -1."""

from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, parameters, run

__all__ = ["CONVENTION", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def infer(layer, dimensions):
    """Return the shapes of a right one, with -1 for the steps of y."""
    return right.infer(layer, dimensions) | {"y": (2, -1, 4)}
