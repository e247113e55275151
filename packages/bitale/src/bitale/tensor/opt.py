"""Checks that are made when a function runs."""

from bitale_graph import Assert as Assert
from bitale_graph import assert_op as assert_op
from bitale_graph.extend import MakeVector as MakeVector
from bitale_graph.extend import make_vector as make_vector
