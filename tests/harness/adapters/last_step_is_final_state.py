"""The last output of a bidirectional layer is its sequence's last step.

There the backward direction has read one step only.
"""

import dataclasses
from typing import Any

from adapters.contract import Array, Layer
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, infer, parameters

__all__ = ["CONVENTION", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def run(layer: Layer, *asked: Any) -> dict[str, Array]:
    """Slice the sequence where the layer returns none."""
    results = right.run(dataclasses.replace(layer, return_sequences=True), *asked)
    return results if layer.return_sequences else {**results, "y": results["y"][:, -1]}
