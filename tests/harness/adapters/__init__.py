"""Adapters without a framework: a right one, and deliberately wrong ones."""
