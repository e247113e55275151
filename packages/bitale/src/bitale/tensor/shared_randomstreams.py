"""Streams of random numbers, whose states are shared variables."""

from bitale_graph.random import RandomStreams as RandomStreams
