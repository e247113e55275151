"""From expressions to functions: modes, makers and linkers."""
