"""Derivatives of Fourier transforms; loaded when one is asked for."""
