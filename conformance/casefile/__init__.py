"""From YAML to cases, every error with its place; covering arrays."""
