"""Two versions of a framework: their environments, their observations, and what changed."""
