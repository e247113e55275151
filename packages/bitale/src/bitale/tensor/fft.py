"""Fourier transforms: `rfft` and `irfft` in Theano's form, the others under the names of NumPy."""

from bitale_graph.fft import *  # noqa: F403 (a name is listed once, there)
