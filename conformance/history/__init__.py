"""What each release of a framework did, on record: filled, kept, told."""
