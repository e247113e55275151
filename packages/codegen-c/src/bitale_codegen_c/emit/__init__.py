"""C text of the ops, by subject: one rule for each op class, and one row for each scalar op."""
