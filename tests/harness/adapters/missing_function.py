"""The adapter does not define `run`."""

from tests.harness.adapters.right import CONVENTION, infer, parameters

__all__ = ["CONVENTION", "infer", "parameters"]
PACKAGES = ("numpy",)
