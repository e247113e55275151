"""Pooling and convolution of signals and images that stand alone."""

from . import conv as conv
from . import downsample as downsample
from . import pool as pool
