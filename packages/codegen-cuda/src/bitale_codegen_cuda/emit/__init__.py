"""What CUDA has of its own for an op; all else is planned in graph."""
