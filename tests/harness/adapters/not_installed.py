"""The framework is not installed: no distribution has this name."""

PACKAGES = ("numpy", "no-such-framework|nor-such-a-framework")
