"""pytest's side: one run, its scheduling, and what the terminal shows."""
