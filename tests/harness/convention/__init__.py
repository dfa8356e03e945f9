"""Tests of `conformance.convention`."""
