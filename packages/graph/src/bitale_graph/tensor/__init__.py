"""Tensors: their types, variables and scalar ops, and what makes variables of values."""
