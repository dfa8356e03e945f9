"""What must be true of an observation: verdicts, claims, diagnosis, properties, pins."""
