"""bitale_codegen_cuda: whole functions on an NVIDIA GPU, as one graph of kernels."""

from .base.errors import CudaError as CudaError
from .base.errors import NoDeviceError as NoDeviceError
from .health import doctor as doctor
from .profiling import Profile as Profile
from .profiling import profile as profile

__version__ = "0.1.0"
