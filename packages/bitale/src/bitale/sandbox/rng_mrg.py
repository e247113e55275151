"""Streams of random numbers in the calling form of Theano's generator for devices."""

from bitale_graph.random import MRG_RandomStreams as MRG_RandomStreams
