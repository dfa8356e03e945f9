"""The adapter cannot be imported: its framework is broken."""

PACKAGES = ("numpy",)

raise ImportError("libright.so.1: cannot open shared object file")
