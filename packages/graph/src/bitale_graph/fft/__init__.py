"""Fourier transforms: `rfft` and `irfft` in Theano's form, the others under the names of NumPy."""

from .fourier import DFT as DFT
from .fourier import RealDFT as RealDFT
from .fourier import RealInverseDFT as RealInverseDFT
from .fourier import adjoint_norm as adjoint_norm
from .fourier import fft as fft
from .fourier import fft2 as fft2
from .fourier import fftfreq as fftfreq
from .fourier import fftn as fftn
from .fourier import fftshift as fftshift
from .fourier import ifft as ifft
from .fourier import ifft2 as ifft2
from .fourier import ifftn as ifftn
from .fourier import ifftshift as ifftshift
from .fourier import irfft as irfft
from .fourier import irfft2 as irfft2
from .fourier import irfftn as irfftn
from .fourier import rfft as rfft
from .fourier import rfft2 as rfft2
from .fourier import rfftfreq as rfftfreq
from .fourier import rfftn as rfftn
