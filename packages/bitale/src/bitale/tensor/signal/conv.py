"""Convolution of images without channels."""

from bitale_graph.convolution import conv2d_of_images as conv2d

__all__ = ("conv2d",)
