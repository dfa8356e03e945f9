"""Tests of `conformance.lstm`."""
