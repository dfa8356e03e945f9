"""An adapter whose parameters have sizes that are no whole numbers."""

from tests.harness.adapters.right import CONVENTION, infer, run

__all__ = ["CONVENTION", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def parameters(layer, dimensions):
    """Return half a unit."""
    return {"layer0.w": (dimensions.embedding_dim, dimensions.hidden_units / 8)}
