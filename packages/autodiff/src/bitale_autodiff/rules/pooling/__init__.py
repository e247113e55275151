"""Derivatives of pooling; loaded when one is asked for."""
