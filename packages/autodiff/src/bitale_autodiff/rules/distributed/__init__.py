"""Derivatives of sums over processes; loaded when one is asked for."""
