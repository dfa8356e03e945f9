"""An adapter that cannot say its defaults."""

from tests.harness.adapters.right import CONVENTION, infer, parameters, run

__all__ = ["CONVENTION", "defaults", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def defaults(dimensions):
    """Raise RuntimeError."""
    raise RuntimeError("nobody knows")
