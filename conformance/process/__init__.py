"""A framework's own process, and what was observed in it."""
