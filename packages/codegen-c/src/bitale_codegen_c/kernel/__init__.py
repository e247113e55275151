"""`Loop` to C."""
