"""Derivatives of what takes complex numbers apart and puts them together.

They have no complex derivative, so their rules are for the convention itself; see `conjugates`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import dtype as dtypes
from bitale_graph.extend import scalar as s

from ..zero import ZERO
from .scalar import vjp


def _over(x: Any, size: Any) -> Any:
    """A quotient that is 0 where the size is."""
    at_zero = T.eq(size, 0)
    return T.switch(at_zero, 0, x / T.switch(at_zero, 1, size))


vjp(s.real)(lambda x, y, ct: (ct,))
vjp(s.imag)(lambda x, y, ct: (T.complex(0, ct) if dtypes.is_complex(x.dtype) else T.zeros_like(x),))
vjp(s.conj)(lambda x, y, ct: (T.conj(ct),))
vjp(s.complex)(lambda re, im, y, ct: (T.real(ct), T.imag(ct)))


@vjp(s.angle)
def angle_vjp(x: Any, y: Any, ct: Any) -> tuple[Any]:
    """``i z / |z|**2``; 0 at 0, and for real numbers."""
    if not dtypes.is_complex(x.dtype):
        return (T.zeros_like(x),)
    return (_over(ct, T.sqr(T.abs_(x))) * T.complex(-T.imag(x), T.real(x)),)


@vjp(s.sgn)
def sgn_vjp(x: Any, y: Any, ct: Any) -> tuple[Any]:
    """Flat for real numbers; ``x / |x|`` of complex ones moves along the circle alone."""
    if not dtypes.is_complex(x.dtype):
        return (ZERO,)
    return (_over(ct - y * T.real(T.conj(y) * ct), T.abs_(x)),)


# From the operands, the result and the tangents of the operands to the tangent of the result.
MOVED: dict[Any, Callable[..., Any]] = {
    s.real: lambda x, y, t: T.real(t),
    s.imag: lambda x, y, t: T.imag(t),
    s.conj: lambda x, y, t: T.conj(t),
    s.complex: lambda re, im, y, a, b: T.complex(a, b),
    s.abs_: lambda x, y, t: _over(T.real(T.conj(x) * t), y),
    s.angle: lambda x, y, t: _over(T.imag(T.conj(x) * t), T.sqr(T.abs_(x))),
    s.sgn: lambda x, y, t: _over(t - y * T.real(T.conj(y) * t), T.abs_(x)),
}
