"""One rule for each op, by subject; `load_rules` stores them in the tables."""
