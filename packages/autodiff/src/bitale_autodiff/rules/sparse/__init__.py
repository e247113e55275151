"""Derivatives of sparse matrices; loaded when one is differentiated by or through."""
