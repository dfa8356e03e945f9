"""Right on a CPU; its cuda multiplies with ten bits, its mps is not there, its tpu is broken."""

from typing import Any

import numpy as np

from adapters.contract import Array, Results
from tests.harness.adapters import right
from tests.harness.adapters.right import CONVENTION, infer, parameters

__all__ = ["CONVENTION", "infer", "parameters", "run"]
PACKAGES = ("numpy",)
DEVICES = ("cuda", "mps", "tpu")
PLACED: list[str] = []  # the device, from the first case on


def place(device: str) -> bool:
    """Take a device that is there."""
    if device == "tpu":
        raise OSError("the driver is too old")
    PLACED[:] = [device]
    return device in ("cpu", "cuda")


def run(layer: Any, dimensions: Any, weights: Any, inputs: Any) -> Results:
    """Run the right adapter; on its cuda with weights of ten bits."""
    assert PLACED in (["cpu"], ["cuda"])
    if PLACED == ["cuda"]:
        weights = {name: _of_ten_bits(one) for name, one in weights.items()}
    return right.run(layer, dimensions, weights, inputs)


def _of_ten_bits(array: Array) -> Array:
    fraction, exponent = np.frexp(array)
    return np.ldexp(np.rint(fraction * 2**10) / 2**10, exponent).astype(array.dtype)
