"""Kernels in CUDA C: loops over elements, and numbers computed by one thread."""
