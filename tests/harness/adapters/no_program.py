"""A program that the framework calls is not there."""

from tests.harness.adapters.right import CONVENTION, infer, parameters, run

__all__ = ["CONVENTION", "infer", "parameters", "run"]
PACKAGES = ("numpy",)
PROGRAMS = ("no-such-compiler",)
