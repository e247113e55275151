"""Rules for sparse matrices; loaded with the first graph that has one."""
