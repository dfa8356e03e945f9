"""Tests of the engine: no framework takes part."""
