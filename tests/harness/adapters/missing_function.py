"""The adapter defines neither `infer` nor `parameters`."""

from tests.harness.adapters.right import CONVENTION, run, unsupported

__all__ = ["CONVENTION", "run", "unsupported"]
PACKAGES = ("numpy",)
