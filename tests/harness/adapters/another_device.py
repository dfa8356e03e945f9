"""A device is named that there is none of."""

from tests.harness.adapters.right import CONVENTION, infer, parameters, run

__all__ = ["CONVENTION", "infer", "parameters", "run"]
PACKAGES = ("numpy",)
DEVICES = ("gpu",)


def place(device: str) -> bool:
    """Take any."""
    return bool(device)
