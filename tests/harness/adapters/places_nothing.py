"""A device is named, and nothing places a layer there."""

from tests.harness.adapters.right import CONVENTION, infer, parameters, run

__all__ = ["CONVENTION", "infer", "parameters", "run"]
PACKAGES = ("numpy",)
DEVICES = ("cuda",)
