"""The convention is computed, so that it cannot be read without an import."""

import numpy as np

from tests.harness.adapters.right import infer, parameters, run

__all__ = ["infer", "parameters", "run"]
PACKAGES = ("numpy",)

CONVENTION = np.array(None).item()
