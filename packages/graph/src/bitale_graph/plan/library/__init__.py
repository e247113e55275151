"""Functions of numbers in a text that C and CUDA C share."""
