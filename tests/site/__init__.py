"""Tests of the explorer in a real browser: ``tox run -e site``."""
