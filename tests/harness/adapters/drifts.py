"""The same call a second time gives a little more."""

from typing import Any

from adapters.contract import Layer, Results
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, defaults, infer, parameters

__all__ = ["CONVENTION", "defaults", "infer", "parameters", "run"]
PACKAGES = ("numpy",)

SEEN: set[bytes] = set()


def run(*asked: Any) -> Results:
    """Add the last place of float32 to every result of a call that was made before."""
    results = right.run(*asked)
    call = b"".join(one.tobytes() for part in asked[2:] for one in part.values())
    if call in SEEN and asked[0] == Layer():
        results.update({name: one * (1 + 2**-22) for name, one in results.items()})
    SEEN.add(call)
    return results
