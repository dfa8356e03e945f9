"""A framework that has no layer without a bias, and says so."""

from adapters.contract import Layer
from tests.harness.adapters.right import CONVENTION, infer, parameters, run

__all__ = ["CONVENTION", "infer", "parameters", "run", "unsupported"]
PACKAGES = ("numpy",)


def unsupported(layer: Layer) -> str | None:
    """Why there is no such layer, or None."""
    return None if layer.bias else f"every cell has a bias: {CONVENTION.source}"
