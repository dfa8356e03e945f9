"""The framework is not installed: no distribution has this name."""

from tests.harness.adapters.right import CONVENTION, infer, parameters, run

__all__ = ["CONVENTION", "infer", "parameters", "run"]
PACKAGES = ("numpy", "no-such-framework|nor-such-a-framework")
