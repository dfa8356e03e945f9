"""Tests of `conformance.upgrade`, a file for each of its files."""
