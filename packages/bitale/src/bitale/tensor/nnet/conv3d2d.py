"""Convolution of volumes with time before channels."""

from bitale_graph.convolution import conv3d_of_series as conv3d

__all__ = ("conv3d",)
