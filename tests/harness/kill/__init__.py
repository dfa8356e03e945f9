"""Tests of the room `kill`."""
