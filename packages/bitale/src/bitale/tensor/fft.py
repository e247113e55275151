"""Fourier transforms: `rfft` and `irfft` in Theano's form, the others under the names of NumPy."""

from bitale_graph.fft import fft as fft
from bitale_graph.fft import fft2 as fft2
from bitale_graph.fft import fftfreq as fftfreq
from bitale_graph.fft import fftn as fftn
from bitale_graph.fft import fftshift as fftshift
from bitale_graph.fft import ifft as ifft
from bitale_graph.fft import ifft2 as ifft2
from bitale_graph.fft import ifftn as ifftn
from bitale_graph.fft import ifftshift as ifftshift
from bitale_graph.fft import irfft as irfft
from bitale_graph.fft import irfft2 as irfft2
from bitale_graph.fft import irfftn as irfftn
from bitale_graph.fft import rfft as rfft
from bitale_graph.fft import rfft2 as rfft2
from bitale_graph.fft import rfftfreq as rfftfreq
from bitale_graph.fft import rfftn as rfftn
