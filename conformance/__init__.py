"""The engine: no framework is ever imported here."""
