"""Products, sums and logarithms as lists of parts, which the rules of several phases rewrite."""
