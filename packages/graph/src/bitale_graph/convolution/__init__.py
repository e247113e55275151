"""Convolutions, their adjoints, and what is made of them."""

from .conv import Conv as Conv
from .conv import ConvGradInputs as ConvGradInputs
from .conv import ConvGradWeights as ConvGradWeights
from .functions import conv2d as conv2d
from .geometry import Geometry as Geometry
from .geometry import geometry as geometry
