"""What goes wrong with devices."""


class CudaError(RuntimeError):
    """The device or its driver refused or failed."""


class NoDeviceError(CudaError):
    """There is no such device, or something that it needs is missing."""
