"""Tests of `conformance.bench`."""
