"""The initial state of a layer's first call is a constant of all its later calls."""

from typing import Any

from adapters.contract import Array, Dimensions, Layer, Results
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, defaults, infer, parameters

__all__ = ["CONVENTION", "defaults", "infer", "parameters", "run"]
PACKAGES = ("numpy",)

TRACED: dict[tuple[bytes, int], dict[str, Array]] = {}


def run(layer: Layer, dimensions: Dimensions, weights: Any, inputs: Any) -> Results:
    """Look weights and batch up among those that were seen; another batch is traced anew."""
    names = ("start_h", "start_c")
    given = {name: one for name, one in inputs.items() if name in names}
    key = b"".join(one.tobytes() for one in weights.values()), dimensions.batch_size
    traced = TRACED.setdefault(key, given)
    states = {name: traced.get(name, 0 * one) for name, one in given.items()}
    return right.run(layer, dimensions, weights, {**inputs, **states})
