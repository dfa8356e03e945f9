"""The final states stand in a list, no longer in a tuple."""

from typing import Any

from adapters.contract import Results
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, defaults, infer, parameters

__all__ = ["CONVENTION", "defaults", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def run(*asked: Any) -> Results:
    """Tell of other brackets."""
    results = right.run(*asked)
    told = results.properties["container"].replace("(end_h, end_c)", "[end_h, end_c]")
    return Results(results, **{**results.properties, "container": told})
