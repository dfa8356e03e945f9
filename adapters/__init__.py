"""One self-contained module a framework; `contract` is all they share."""
