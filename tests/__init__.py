"""The suite, and the tests of its engine."""
