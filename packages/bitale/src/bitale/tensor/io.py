"""Arrays in files."""

from bitale_graph.extend import load as load
