"""Derivatives of linear algebra; loaded when one is asked for."""
