"""What kernels call, in CUDA C that NVRTC compiles without headers."""
