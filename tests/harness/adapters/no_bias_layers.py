"""A framework that has no layer without a bias, and says so."""

from adapters.contract import Gap
from tests.harness.adapters.right import CONVENTION, infer, parameters, run

__all__ = ["CONVENTION", "GAPS", "infer", "parameters", "run"]
PACKAGES = ("numpy",)
GAPS = (Gap({"bias": False}, why="every cell has a bias", source=CONVENTION.source),)
