"""Tests of `conformance.claim`."""
