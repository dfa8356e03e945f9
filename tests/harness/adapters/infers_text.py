"""An adapter whose inference gives shapes as text."""

from tests.harness.adapters.right import CONVENTION, parameters, run

__all__ = ["CONVENTION", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def infer(layer, dimensions):
    """Return text where a tuple of sizes is due."""
    return {"y": "(2, 3, 4)"}
