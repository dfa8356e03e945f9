"""Tests of `conformance.session`."""
