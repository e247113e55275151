"""Functions in C for sparse matrices as vectors; loaded with the first of them."""
