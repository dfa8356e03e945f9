"""Tests of `conformance.history`."""
