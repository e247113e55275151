"""Checks that are made when a function runs."""

from bitale_graph import Assert as Assert
from bitale_graph import assert_op as assert_op
