"""Samples of Fourier transforms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..fft import fourier
from .elementwise_samples import values
from .sample import LAYOUTS, OpSample, laid_out, sample

ATOL = {"float32": 2e-5, "complex64": 2e-5}


def _one(op: Any, tag: str, reference: Any, *arrays: Any, **facts: Any) -> OpSample:
    name = f"{type(op).__name__}: {tag}"
    atol = ATOL.get(arrays[0].dtype.name, 1e-12)
    return sample(name, type(op), op, *arrays, reference=reference, atol=atol, rtol=1e-5, **facts)


def _parts(x: Any) -> Any:
    return np.stack([x.real, x.imag], -1)


def _halves(tag: str, x: Any, axes: tuple[int, ...], norm: Any, **facts: Any) -> Iterator[OpSample]:
    """Both forms of the transform of real numbers, and of its inverse."""
    smooth = facts.pop("smooth", False)
    half = np.fft.rfftn(x, axes=axes, norm=norm)
    n = np.asarray(x.shape[axes[-1]])
    lengths = [x.shape[a] for a in axes]
    for pairs in (False, True):
        of = _parts if pairs else (lambda y: y)
        name = f"{tag} {norm}{' pairs' if pairs else ''}"
        op = fourier.RealDFT(axes, norm, pairs)
        reference = lambda x, of=of: of(np.fft.rfftn(x, axes=axes, norm=norm))
        yield _one(op, name, reference, x, smooth=smooth and pairs, **facts)
        inverse = fourier.RealInverseDFT(axes, norm, pairs)
        given = of(half).astype(half.real.dtype if pairs else half.dtype)
        back = lambda y, n, pairs=pairs: np.fft.irfftn(
            y[..., 0] + 1j * y[..., 1].astype(y.dtype) if pairs else y, lengths, axes, norm
        ).astype(x.dtype)
        yield _one(inverse, name, back, given, n, smooth=(smooth and pairs, False), **facts)


def fourier_samples() -> Iterator[OpSample]:
    """Transforms of complex numbers, and of real ones by halves."""
    norms: tuple[Any, ...] = ("backward", "ortho", "forward")
    for norm in norms:
        for dtype in ("complex64", "complex128"):
            x = values("fft", dtype, (3, 4))
            for inverse, function in ((False, np.fft.fftn), (True, np.fft.ifftn)):
                op = fourier.DFT((1,), inverse, norm)
                reference = lambda x, f=function, norm=norm: f(x, axes=(1,), norm=norm)
                yield _one(op, f"{dtype} {norm} {inverse}", reference, x, core=norm == "ortho")
        for dtype in ("float32", "float64"):
            x = values("rfft", dtype, (2, 5))
            whole = lambda x, norm=norm: np.fft.fftn(x, axes=(1,), norm=norm)
            yield _one(fourier.DFT((1,), False, norm), f"{dtype} {norm}", whole, x)
            smooth = dtype == "float64"
            yield from _halves(dtype, x, (1,), norm, smooth=smooth, core=norm == "ortho")
    x, z = values("rfft", "float64", (2, 3, 4)), values("fft", "complex128", (2, 3, 4))
    for axes in ((0,), (0, 2), (2, 1), (1, 2)):
        yield from _halves(f"axes {axes}", x, axes, "backward", smooth=True)
        several = lambda z, axes=axes: np.fft.fftn(z, axes=axes)
        yield _one(fourier.DFT(axes), f"axes {axes}", several, z)
    yield from _halves("one element", x[:, :, :1], (2,), "backward", smooth=True)
    yield from _halves("no rows", x[:0, 0], (1,), "backward")
    yield _one(fourier.DFT((1,)), "no rows", lambda z: z, z[:0, 0])
    for layout in LAYOUTS:
        yield from _halves(layout, laid_out(x[0], layout), (1,), "backward")
        rows = lambda z: np.fft.fft(z, axis=0)
        yield _one(fourier.DFT((0,)), layout, rows, laid_out(z[0], layout))
