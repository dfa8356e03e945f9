"""No more than an adapter must define: no inference, no parameters, no defaults, no properties."""

from typing import Any

from adapters.contract import Array
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION

__all__ = ["CONVENTION", "run"]
PACKAGES = ("numpy",)


def run(*asked: Any) -> dict[str, Array]:
    """Return the bare results."""
    return dict(right.run(*asked))
