"""Initial states of one sequence or of one unit are broadcast, in silence."""

from typing import Any

import numpy as np

from adapters.contract import Array, Dimensions, Layer
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, infer, parameters

__all__ = ["CONVENTION", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def run(layer: Layer, dimensions: Dimensions, weights: Any, inputs: Any) -> dict[str, Array]:
    """Repeat what is of size 1, as arithmetic does."""
    batch, hidden = dimensions.batch_size, dimensions.hidden_units
    states = {
        name: np.broadcast_to(one, (len(one), batch, hidden))
        for name, one in inputs.items()
        if name != "x" and one.shape[1] in (1, batch) and one.shape[2] in (1, hidden)
    }
    return right.run(layer, dimensions, weights, {**inputs, **states})
