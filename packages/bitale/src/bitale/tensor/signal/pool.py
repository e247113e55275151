"""Pooling: what windows along the last axes hold at most, in sum or on average."""

from bitale_graph.pooling import MaxPoolGrad as MaxPoolGrad
from bitale_graph.pooling import NamedPool
from bitale_graph.pooling import max_pool_2d as max_pool_2d
from bitale_graph.pooling import max_pool_2d_same_size as max_pool_2d_same_size
from bitale_graph.pooling import pool_1d as pool_1d
from bitale_graph.pooling import pool_2d as pool_2d
from bitale_graph.pooling import pool_3d as pool_3d

Pool = NamedPool
