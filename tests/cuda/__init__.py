"""A second target: loops as kernels in CUDA C, which keeps what C and CUDA share in one place."""
