"""The rows of the final states begin with the last layer."""

from typing import Any

from adapters.contract import Array
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, infer, parameters

__all__ = ["CONVENTION", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def run(*asked: Any) -> dict[str, Array]:
    """Turn the rows around, layer by layer."""
    layer, results = asked[0], right.run(*asked)
    for name in ("end_h", "end_c"):
        _, batch, hidden = results[name].shape
        layers = results[name].reshape(-1, layer.num_directions, batch, hidden)[::-1]
        results[name] = layers.reshape(-1, batch, hidden)
    return results
