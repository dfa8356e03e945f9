"""A right layer, and faults that are small changes of it: what the suite is put to."""
