"""Pages: how frameworks differ, for people to read; from declarations and records alone."""
