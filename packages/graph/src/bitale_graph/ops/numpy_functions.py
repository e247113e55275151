"""What NumPy's functions mean for variables: one table.

A function that has a counterpart in the tensor language gives an expression with NumPy's meaning,
see `numpy_calls`; every other raises a `TypeError`.
"""

from __future__ import annotations

import contextlib
import functools
import operator
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np

from ..base import dtype as dtypes
from ..base import late
from ..base.errors import ShapeError, describe
from ..core.graph import Variable
from ..ops import (
    along_axis,
    axes,
    broadcasting,
    contraction,
    covariance,
    creation,
    cumulative,
    diagonal,
    differences,
    grids,
    interpolation,
    join,
    math,
    multi_index,
    nonzero,
    numpy_sorting,
    order,
    reduction,
    sequences,
    shape,
    special,
    split,
    taking,
    triangle,
)
from ..ops import einsum as sums
from ..ops import matmul as matrices
from ..ops import pad as padding
from ..ops import repeat as repeating
from ..ops import reshape as reshaping
from ..ops.assertion import Assert
from ..tensor.conversion import as_tensor
from ..tensor.elementwise import Elementwise
from ..tensor.protocol import WAY_OUT
from ..tensor.reductions import Reduction, reductions
from ..tensor.scalar import SCALAR_OPS

Row = tuple[Callable[..., Any], str]


# Where NumPy's meaning takes more than one of our functions.


def _concatenate(arrays: Sequence[Any], axis: int | None = 0) -> Any:
    if axis is None:
        return join.concatenate([as_tensor(a).flatten() for a in arrays])
    return join.concatenate(arrays, axis)


def _stack(arrays: Sequence[Any], axis: int = 0) -> Any:
    return join.stack(list(arrays), axis=axis)


def _split(x: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    """``split``: a number of parts divides the length."""
    x = as_tensor(x)
    if isinstance(indices_or_sections, (int, np.integer)) and indices_or_sections > 0:
        n = split.as_known(shape.shape_i(x, axis))
        message = f"split: {indices_or_sections} parts of equal length there are not"
        if isinstance(n, int) and n % indices_or_sections:
            raise ShapeError(f"{message} in axis {axis} of {describe(x)}")
        if not isinstance(n, int):
            divides = math.eq(math.mod(n, indices_or_sections), 0)
            x = Assert(message, "ShapeError")(x, divides)
    return split.array_split(x, indices_or_sections, axis)


def _round(a: Any, decimals: int = 0) -> Any:
    a = as_tensor(a)
    if not isinstance(decimals, (int, np.integer)) or decimals != 0:
        _refuse("round", f"(decimals={decimals!r})", [a, decimals])
    return math.round(a) if not dtypes.is_discrete(a.dtype) else math.tensor_copy(a)


def _clip(a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    low, high = a_min if min is None else min, a_max if max is None else max
    if low is None and high is None:
        return as_tensor(a)
    if low is None or high is None:
        return math.minimum(a, high) if low is None else math.maximum(a, low)
    return math.clip(a, low, high)


def _size(a: Any, axis: int | None = None) -> Any:
    a = as_tensor(a)
    return a.size if axis is None else shape.shape_i(a, axis)


def _where(condition: Any, x: Any = None, y: Any = None) -> Any:
    if x is None and y is None:
        return nonzero.nonzero(condition)
    if x is None or y is None:
        _refuse("where", "(...) with one choice", [condition])
    return math.switch(_truth(condition), x, y)


def _truth(x: Any) -> Any:
    return reduction._truth(x)


def _to_truth(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *operands: function(*(_truth(x) for x in operands))


def _angle(z: Any, deg: bool = False) -> Any:
    return math.rad2deg(math.angle(z)) if deg else math.angle(z)


# The parameters in NumPy's order; those after the bar are passed by keyword. What is marked ! can
# only have its neutral value, what is marked ~ says nothing of values (layout, subclasses). A star
# stands for any number of tensors.
_REDUCE = "a | axis !out keepdims !initial !where"
_SUM = "a | axis dtype !out keepdims !initial !where"
_REDUCTIONS = [reductions[op] for op in reductions]


def _parameters(row: Reduction) -> str:
    return _SUM if row.widens else _REDUCE


_FUNCTIONS: dict[str, Row] = {
    **numpy_sorting.ROWS,
    # reductions
    **{row.name: (getattr(reduction, row.name), _parameters(row)) for row in _REDUCTIONS},
    "amax": (reduction.max, _REDUCE),
    "amin": (reduction.min, _REDUCE),
    "mean": (reduction.mean, "a | axis dtype !out keepdims !where"),
    "var": (reduction.var, "a | axis !dtype !out ddof keepdims !where !mean !correction"),
    "std": (reduction.std, "a | axis !dtype !out ddof keepdims !where !mean !correction"),
    "argmax": (reduction.argmax, "a | axis !out keepdims"),
    "argmin": (reduction.argmin, "a | axis !out keepdims"),
    # products
    "dot": (contraction.dot, "a b | !out"),
    "inner": (contraction.inner, "a b"),
    "outer": (contraction.outer, "a b | !out"),
    "vdot": (contraction.vdot, "a b"),
    "kron": (contraction.kron, "a b"),
    "tensordot": (contraction.tensordot, "a b | axes"),
    "einsum": (sums.einsum, "* | !out optimize ~order !casting dtype"),
    # shapes
    "ndim": (lambda a: as_tensor(a).ndim, "a"),
    "shape": (creation.shape, "a"),
    "size": (_size, "a | axis"),
    "reshape": (reshaping.reshape, "a shape/newshape | !order ~copy"),
    "ravel": (reshaping.flatten, "a | !order"),
    "transpose": (axes.transpose, "a | axes"),
    "permute_dims": (axes.transpose, "a | axes"),
    "matrix_transpose": (matrices.matrix_transpose, "x"),
    "swapaxes": (axes.swapaxes, "a axis1 axis2"),
    "moveaxis": (axes.moveaxis, "a source destination"),
    "squeeze": (axes.squeeze, "a | axis"),
    "expand_dims": (axes.expand_dims, "a axis"),
    "tile": (repeating.tile, "A reps"),
    "repeat": (repeating.repeat, "a repeats | axis"),
    "roll": (order.roll, "a shift | axis"),
    "flip": (order.flip, "m | axis"),
    "fliplr": (order.fliplr, "m"),
    "flipud": (order.flipud, "m"),
    "rot90": (order.rot90, "m | k axes"),
    "pad": (
        padding.pad,
        "array pad_width | mode constant_values end_values stat_length reflect_type",
    ),
    "broadcast_to": (broadcasting.broadcast_to, "array shape | ~subok"),
    "broadcast_arrays": (broadcasting.broadcast_arrays, "* | ~subok"),
    "split": (_split, "ary indices_or_sections | axis"),
    "array_split": (split.array_split, "ary indices_or_sections | axis"),
    # diagonals and triangles
    "diag": (diagonal.diag, "v | k"),
    "diagonal": (diagonal.diagonal, "a | offset axis1 axis2"),
    "trace": (diagonal.trace, "a | offset axis1 axis2 dtype !out"),
    "tril": (triangle.tril, "m | k"),
    "triu": (triangle.triu, "m | k"),
    "tril_indices_from": (triangle.tril_indices_from, "arr | k"),
    "triu_indices_from": (triangle.triu_indices_from, "arr | k"),
    # made of a few numbers
    "linspace": (sequences.linspace, "start stop | num endpoint retstep dtype axis ~device"),
    "logspace": (sequences.logspace, "start stop | num endpoint base dtype axis"),
    "geomspace": (sequences.geomspace, "start stop | num endpoint dtype axis"),
    "vander": (sequences.vander, "x | N increasing"),
    "meshgrid": (grids.meshgrid, "* | copy sparse indexing"),
    "empty_like": (creation.empty_like, "prototype | dtype ~order ~subok !shape ~device"),
    "zeros_like": (creation.zeros_like, "a | dtype ~order ~subok !shape ~device"),
    "ones_like": (creation.ones_like, "a | dtype ~order ~subok !shape ~device"),
    "full_like": (creation.full_like, "a fill_value | dtype ~order ~subok !shape ~device"),
    "copy": (math.tensor_copy, "a | ~order ~subok"),
    "astype": (math.cast, "x dtype | ~copy ~device"),
    # several tensors
    "concatenate": (_concatenate, "arrays | axis !out !dtype !casting"),
    "concat": (_concatenate, "arrays | axis !out !dtype !casting"),
    "stack": (_stack, "arrays | axis !out !dtype !casting"),
    "hstack": (join.hstack, "tup | !dtype !casting"),
    "vstack": (join.vstack, "tup | !dtype !casting"),
    "column_stack": (join.column_stack, "tup"),
    "dstack": (join.dstack, "tup"),
    "atleast_1d": (axes.atleast_1d, "*"),
    "atleast_2d": (axes.atleast_2d, "*"),
    "atleast_3d": (axes.atleast_3d, "*"),
    # statistics and differences
    "ptp": (covariance.ptp, "a | axis !out keepdims"),
    "average": (covariance.average, "a | axis weights returned keepdims"),
    "cov": (covariance.cov, "m | y rowvar bias ddof fweights aweights !dtype"),
    "corrcoef": (covariance.corrcoef, "x | y rowvar !bias !ddof !dtype"),
    "interp": (interpolation.interp, "x xp fp | left right period"),
    "cross": (interpolation.cross, "a b | axisa axisb axisc axis"),
    "diff": (differences.diff, "a | n axis prepend append"),
    "ediff1d": (differences.ediff1d, "ary | to_end to_begin"),
    # elements
    "where": (_where, "condition | x y"),
    "clip": (_clip, "a | a_min a_max !out min max !dtype !casting !where"),
    "round": (_round, "a | decimals !out"),
    "around": (_round, "a | decimals !out"),
    "isclose": (math.isclose, "a b | rtol atol equal_nan"),
    "allclose": (special.allclose, "a b | rtol atol equal_nan"),
    "isposinf": (special.isposinf, "x | !out"),
    "isneginf": (special.isneginf, "x | !out"),
    "nan_to_num": (special.nan_to_num, "x | ~copy nan posinf neginf"),
    "i0": (math.i0, "x"),
    "sinc": (special.sinc, "x"),
    "real": (math.real, "val"),
    "imag": (math.imag, "val"),
    "angle": (_angle, "z | deg"),
    # order
    "cumsum": (cumulative.cumsum, "a | axis dtype !out"),
    "cumprod": (cumulative.cumprod, "a | axis dtype !out"),
    # places
    "take": (taking.take, "a indices | axis !out mode"),
    "choose": (taking.choose, "a choices | !out mode"),
    "compress": (taking.compress, "condition a | axis !out"),
    "extract": (taking.extract, "condition arr"),
    "take_along_axis": (along_axis.take_along_axis, "arr indices | axis"),
    "nonzero": (nonzero.nonzero, "a"),
    "flatnonzero": (nonzero.flatnonzero, "a"),
    "argwhere": (nonzero.argwhere, "a"),
    "count_nonzero": (nonzero.count_nonzero, "a | axis keepdims"),
    "unravel_index": (multi_index.unravel_index, "indices shape | order"),
    "ravel_multi_index": (multi_index.ravel_multi_index, "multi_index dims | mode order"),
}
_NEUTRAL: dict[str, Any] = {
    "order": "C",
    "mode": "raise",
    "casting": "same_kind",
    "where": True,
}

# Of those that are the meaning of a row, the function of that row.
_UFUNCS: dict[str, Callable[..., Any]] = {
    **{
        op.compute.__name__: Elementwise(op)
        for op in SCALAR_OPS.values()
        if isinstance(op.compute, np.ufunc)
    },
    "divmod": math.divmod,
    "power": math.pow,
    "matmul": matrices.matmul,
    "vecdot": matrices.vecdot,
    "matvec": matrices.matvec,
    "vecmat": matrices.vecmat,
    "positive": as_tensor,
    "conjugate": math.conj,
    "isfinite": special.isfinite,
    "signbit": special.signbit,
    "float_power": special.float_power,
    "logical_and": _to_truth(math.and_),
    "logical_or": _to_truth(math.or_),
    "logical_xor": _to_truth(math.xor),
    "logical_not": _to_truth(math.invert),
    "equal": math.eq,
    "not_equal": math.neq,
    "less": math.lt,
    "greater": math.gt,
    "less_equal": math.le,
    "greater_equal": math.ge,
    "heaviside": special.heaviside,
    "radians": math.deg2rad,
    "deg2rad": math.deg2rad,
    "degrees": math.rad2deg,
    "rad2deg": math.rad2deg,
}
# All and any reduce by what works on bits; of truth values NumPy has other ufuncs.
_REDUCING: dict[str, Row] = {
    **{
        row.ufunc.__name__: (getattr(reduction, row.name), _parameters(row))
        for row in _REDUCTIONS
        if row.name not in ("all", "any")
    },
    "logical_and": (reduction.all, _REDUCE),
    "logical_or": (reduction.any, _REDUCE),
}


def _row_of(function: Any) -> tuple[str, Row] | None:
    """The name of a function of NumPy, and what it means; None if nothing is known of it."""
    module = getattr(function, "__module__", None) or ""
    part = next((p for p in ("linalg", "fft") if module.startswith(f"numpy.{p}")), "")
    return _rows(part).get(function)


@functools.cache
def _rows(part: str) -> dict[Any, tuple[str, Row]]:
    """What is known of `numpy`, or of a part of it that has a room of its own."""
    rows = _FUNCTIONS
    if part:
        rows = late.LINALG_ROWS if part == "linalg" else late.FFT_ROWS
    found: dict[Any, tuple[str, Row]] = {}
    for name, row in rows.items():
        # NumPy 2.0 lacks some of those of later versions.
        with contextlib.suppress(AttributeError):
            found[operator.attrgetter(name)(np)] = (name, row)
    return found


@functools.cache
def _ufuncs() -> dict[Any, Callable[..., Any]]:
    # NumPy before 2.2 lacks some.
    known = ((getattr(np, name, None), function) for name, function in _UFUNCS.items())
    return {ufunc: function for ufunc, function in known if ufunc is not None}


def _refuse(name: str, detail: str, operands: Sequence[Any]) -> NoReturn:
    """Raise the one error of what NumPy cannot do with a variable."""
    shown: list[str] = []
    stack = list(reversed(operands))
    while stack:
        x = stack.pop()
        if isinstance(x, Variable):
            shown.append(describe(x))
        elif isinstance(x, (list, tuple)):
            stack.extend(reversed(x))
    if not detail and name in _FUNCTIONS:
        detail = "(...) with these arguments"
    raise TypeError(
        f"np.{name}{detail} has no symbolic form and cannot take {', '.join(shown[:3])}: {WAY_OUT}"
    )
