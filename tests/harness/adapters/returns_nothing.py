"""An adapter that forgets to return what it got."""

from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, infer, parameters

__all__ = ["CONVENTION", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def run(*asked):
    """Call the layer, and return nothing."""
    right.run(*asked)
