"""Tests of `conformance.casefile`."""
