"""Numbers between given points, and vectors at right angles to two others."""

from __future__ import annotations

from typing import Any

from ..base import dtype as dtypes
from ..base.errors import DtypeError, ShapeError, describe
from ..ops import math as tm
from ..tensor.conversion import as_tensor
from ..tensor.elementwise import cast
from ..tensor.variable import TensorVariable
from .axes import moveaxis
from .join import concatenate, stack
from .shape import shape_i, with_lengths
from .sorting import argsort, searchsorted
from .split import one_axis


def interp(
    x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None
) -> TensorVariable:
    """The values at ``x`` of the function that is linear between points, as `numpy.interp`.

    Parameters
    ----------
    x : tensor_like
        Real numbers of any shape.
    xp, fp : tensor_like
        Vectors: where the points are, in rising order, and the values there.
    left, right : scalar, optional
        The values before and behind all points; by default those of the first and the last one.
    period : scalar, optional
        After how much the function repeats itself. The points then need no order, and ``left`` and
        ``right`` have no meaning.

    Returns
    -------
    TensorVariable
        In the shape of ``x``, of a dtype that holds all three, and floats at least.
    """
    x, xp, fp = as_tensor(x), as_tensor(xp), as_tensor(fp)
    for v in (xp, fp):
        if v.ndim != 1:
            raise ShapeError(f"interp: points are told by two vectors, not by {describe(v)}")
    if dtypes.is_complex(dtypes.upcast(x.type.dtype, xp.type.dtype)):
        raise DtypeError(f"interp: places are real numbers\n  x  {describe(x)}")
    work = dtypes.quotient(dtypes.upcast(x.type.dtype, xp.type.dtype))
    x, xp = cast(x, work), cast(xp, work)
    fp = cast(fp, dtypes.upcast(work, fp.type.dtype))
    if period is not None:
        x, xp, fp = _periodic(x, xp, fp, tm.abs_(cast(period, work)))
    last = tm.sub(shape_i(xp, 0), 1)
    after = tm.minimum(searchsorted(xp, x, "right"), last)
    before = tm.maximum(tm.sub(after, 1), 0)
    # The last point, and one that is alone, have no other behind them.
    width = tm.sub(xp[after], xp[before])
    slope = tm.true_div(tm.sub(fp[after], fp[before]), tm.switch(tm.eq(width, 0), 1, width))
    found = tm.add(fp[before], tm.mul(slope, tm.sub(x, xp[before])))
    found = tm.switch(tm.eq(x, xp[-1]), fp[-1], found)
    found = tm.switch(tm.lt(x, xp[0]), fp[0] if left is None or period is not None else left, found)
    is_behind = tm.gt(x, xp[-1])
    return tm.switch(is_behind, fp[-1] if right is None or period is not None else right, found)


def _periodic(x: Any, xp: Any, fp: Any, period: Any) -> tuple[Any, Any, Any]:
    """One period of the points in order, with the last one before and the first one behind."""
    xp = tm.mod(xp, period)
    order = argsort(xp)
    xp, fp = xp[order], fp[order]
    xp = concatenate([tm.sub(xp[-1:], period), xp, tm.add(xp[:1], period)])
    return tm.mod(x, period), xp, concatenate([fp[-1:], fp, fp[:1]])


def cross(
    a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> TensorVariable:
    """The vector products of vectors of length 3, as `numpy.cross`.

    Parameters
    ----------
    a, b : tensor_like
        Tensors of vectors, which broadcast.
    axisa, axisb, axisc : int
        The axes of the vectors in ``a``, in ``b`` and in the result.
    axis : int, optional
        All three.
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    (a0, a1, a2), (b0, b1, b2) = _components("a", a, axisa), _components("b", b, axisb)
    parts = [(a1, b2, a2, b1), (a2, b0, a0, b2), (a0, b1, a1, b0)]
    made = [tm.sub(tm.mul(p, q), tm.mul(r, s)) for p, q, r, s in parts]
    return moveaxis(stack(made, axis=-1), -1, axisc)


def _components(name: str, v: Any, axis: int) -> list[Any]:
    v = as_tensor(v)
    if v.ndim == 0 or v.type.shape[one_axis("cross", axis, v)] not in (3, None):
        raise ShapeError(f"cross: vectors have the length 3\n  {name}  {describe(v)}")
    moved = moveaxis(v, axis, -1)
    moved = with_lengths(moved, [*[None] * (v.ndim - 1), 3])
    return [moved[..., i] for i in range(3)]
