"""Linear algebra, under the names of `numpy.linalg` and `scipy.linalg`."""

from bitale_graph.linalg import *  # noqa: F403 (a name is listed once, there)
