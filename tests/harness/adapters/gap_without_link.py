"""An adapter that says what its framework has not, and not where that is documented."""

from adapters.contract import Gap
from tests.harness.adapters.right import CONVENTION, infer, parameters, run

__all__ = ["CONVENTION", "GAPS", "infer", "parameters", "run"]
PACKAGES = ("numpy",)
GAPS = (
    Gap({"merge": "sum"}, why="nothing is added", source="https://example.org/merge"),
    Gap({"bias": False}, why="every cell has a bias", source=""),
)
