"""Where no option is chosen, the layer now has two layers."""

from typing import Any

from adapters.contract import Dimensions
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, infer, parameters, run

__all__ = ["CONVENTION", "defaults", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def defaults(dimensions: Dimensions) -> dict[str, Any]:
    """Change the signature alone."""
    signature = "(embedding_dim, hidden_units, num_layers=2)"
    return {**right.defaults(dimensions), "signature": signature}
