"""Arrays in files."""

from bitale_graph.disk import load as load
