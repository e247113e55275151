"""What kernels and devices have in common."""

# Threads of a block, but for kernels over long rows.
MOST_THREADS = 256
