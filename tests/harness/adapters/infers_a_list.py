"""An adapter whose inference gives shapes without names."""

from tests.harness.adapters.right import CONVENTION, parameters, run

__all__ = ["CONVENTION", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def infer(layer, dimensions):
    """Return a list where a mapping is due."""
    return [(2, 3, 4)]
