"""An adapter whose defaults are no plain data."""

import numpy as np

from tests.harness.adapters.right import CONVENTION, infer, parameters, run

__all__ = ["CONVENTION", "defaults", "infer", "parameters", "run"]
PACKAGES = ("numpy",)


def defaults(dimensions):
    """Return a number of NumPy's."""
    return {"forget_bias": np.float32(1.0)}
