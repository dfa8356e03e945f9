"""A framework that refuses wrong input, and right input too."""

from tests.harness.adapters.right import CONVENTION, infer, parameters

__all__ = ["CONVENTION", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def run(layer, dimensions, weights, inputs):
    """Raise RuntimeError, whatever comes."""
    raise RuntimeError("no kernel for this processor")
