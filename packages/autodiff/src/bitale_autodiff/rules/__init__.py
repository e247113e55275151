"""One rule for each op, by subject; loaded when the tables are first asked for one."""
