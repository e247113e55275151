"""Pooling by the name that it had once; see `bitale.tensor.signal.pool`."""

from bitale_graph.pooling import max_pool_2d as max_pool_2d
from bitale_graph.pooling import max_pool_2d_same_size as max_pool_2d_same_size
