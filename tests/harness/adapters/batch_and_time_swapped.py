"""The output is (time, batch, direction*hidden)."""

from typing import Any

from adapters.contract import Array, Line, Snippet
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, infer, parameters

__all__ = ["CONVENTION", "infer", "parameters", "run"]
PACKAGES = ("numpy",)
SNIPPET = Snippet(
    ("x = zeros($batch_size, $time_steps, $embedding_dim)",),
    (Line("y = swapped(x)", {"bias": True}), Line("y = bare(x)", {"bias": False})),
    options=("bias",),
)


def run(*asked: Any) -> dict[str, Array]:
    """Swap the first two axes of a sequence."""
    results = right.run(*asked)
    y = results["y"]
    return {**results, "y": y.swapaxes(0, 1) if y.ndim == 3 else y}
