"""The adapter declares no PACKAGES."""
