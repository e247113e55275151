"""What generated code calls: support text, vector math, BLAS."""
