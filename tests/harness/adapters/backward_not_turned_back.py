"""The backward direction's sequence stays in the order in which it was read."""

from typing import Any

from adapters.contract import Array
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, infer, parameters

__all__ = ["CONVENTION", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def scan(advance: Any, x: Array, backward: bool, h: Array, c: Array) -> tuple[Array, Array, Array]:
    """Return the sequence as it was read."""
    sequence, h, c = right.scan(advance, x, backward, h, c)
    return sequence[:, ::-1] if backward else sequence, h, c


def run(*asked: Any) -> dict[str, Array]:
    """Run the right adapter with this scan."""
    return right.run(*asked, scan=scan)
