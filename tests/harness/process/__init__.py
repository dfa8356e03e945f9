"""Tests of `conformance.process`."""
