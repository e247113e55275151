"""Convolution by its older place; `bitale.tensor.nnet.conv2d` takes more."""

from bitale_graph.convolution import conv2d as conv2d
