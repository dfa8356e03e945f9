"""Tests of `conformance.weights`."""
