"""C text of the ops, by subject: one rule for each class."""
