"""What code generators keep on disk from one process to the next, and whom that is trusted from."""
