"""Tests of `conformance.pages`."""
