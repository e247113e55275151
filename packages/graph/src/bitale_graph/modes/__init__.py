"""Modes that look at every node of a call, and the search for the node that went wrong."""
