"""Graphs in words."""
