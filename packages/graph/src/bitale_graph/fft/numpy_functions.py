"""What functions of `numpy.fft` mean for variables: rows of the table in `ops`."""

from __future__ import annotations

from typing import Any

from . import fourier


def _rfft(a: Any, n: Any = None, axis: int = -1, norm: Any = None) -> Any:
    return fourier.rfftn(a, None if n is None else [n], [axis], norm)


def _irfft(a: Any, n: Any = None, axis: int = -1, norm: Any = None) -> Any:
    return fourier.irfftn(a, None if n is None else [n], [axis], norm)


_ONE, _SEVERAL = "a | n axis norm !out", "a | s axes norm !out"
FFT_ROWS: dict[str, tuple[Any, str]] = {
    "fft.fft": (fourier.fft, _ONE),
    "fft.ifft": (fourier.ifft, _ONE),
    "fft.rfft": (_rfft, _ONE),
    "fft.irfft": (_irfft, _ONE),
    **{
        f"fft.{name}": (getattr(fourier, name), _SEVERAL)
        for name in ("fftn", "ifftn", "rfftn", "irfftn", "fft2", "ifft2", "rfft2", "irfft2")
    },
    "fft.fftshift": (fourier.fftshift, "x | axes"),
    "fft.ifftshift": (fourier.ifftshift, "x | axes"),
}
