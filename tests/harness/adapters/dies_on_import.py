"""The process ends while the framework is imported."""

import os

PACKAGES = ("numpy",)

os.abort()
