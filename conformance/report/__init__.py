"""Observations as data: written, read, tabled."""
