"""The adapter does not define `run`."""

from tests.harness.adapters.right import CONVENTION, infer, parameters, unsupported

__all__ = ["CONVENTION", "infer", "parameters", "unsupported"]
PACKAGES = ("numpy",)
