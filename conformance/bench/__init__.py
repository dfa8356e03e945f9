"""What the suite costs over a bare loop of the same calls."""
