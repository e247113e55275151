"""Reductions over axes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtype as dtypes
from .. import scalar
from ..conversion import as_tensor
from ..elementwise import cast
from ..errors import DtypeError, ShapeError
from ..op import Op, Storage
from ..type import TensorType
from ..variable import Apply
from . import math as tm
from .shape import flatten, keep_axes

if TYPE_CHECKING:
    from ..scalar import ScalarOp
    from ..tensor import TensorVariable

Axes = int | Sequence[int] | None
_FUNCTIONS: dict[str, Any] = {
    "add": np.add.reduce,
    "mul": np.multiply.reduce,
    "maximum": np.maximum.reduce,
    "minimum": np.minimum.reduce,
    "and": np.bitwise_and.reduce,
    "or": np.bitwise_or.reduce,
}


def normalize_axes(name: str, axis: Any, ndim: int) -> tuple[int, ...]:
    """Sorted non-negative axes; None means all.

    Raises `ShapeError` for an axis that is not there or named twice.
    """
    if axis is None:
        return tuple(range(ndim))
    given = [axis] if isinstance(axis, (int, np.integer)) else list(axis)
    axes = []
    for a in given:
        if not isinstance(a, (int, np.integer)) or not -ndim <= a < ndim:
            raise ShapeError(f"{name}: a tensor of rank {ndim} has no axis {a!r}")
        axes.append(int(a) % ndim)
    if len(set(axes)) != len(axes):
        raise ShapeError(f"{name}: the axes {given} name one axis twice")
    return tuple(sorted(axes))


class Reduce(Op):
    """Combine the elements along ``axes`` by an associative scalar op.

    Parameters
    ----------
    scalar_op : ScalarOp
        One of add, mul, maximum, minimum, and, or.
    axes : tuple of int
        Sorted, not negative.
    acc_dtype : str
        What is accumulated in; the result has ``dtype``.
    dtype : str
    """

    __props__ = ("scalar_op", "axes", "acc_dtype", "dtype")

    def __init__(
        self, scalar_op: ScalarOp, axes: tuple[int, ...], acc_dtype: str, dtype: str
    ) -> None:
        self.scalar_op = scalar_op
        self.axes = axes
        self.acc_dtype = acc_dtype
        self.dtype = dtype

    def make_node(self, x: Any) -> Apply:
        """Drop ``axes`` from the shape."""
        x = as_tensor(x)
        if self.axes and self.axes[-1] >= x.ndim:
            raise ShapeError(f"{self}: {x} has rank {x.ndim}")
        kept = tuple(n for i, n in enumerate(x.type.shape) if i not in self.axes)
        return Apply(self, [x], [TensorType(self.dtype, kept)()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        x = inputs[0]
        name = self.scalar_op.name
        if name in ("maximum", "minimum") and 0 in [x.shape[a] for a in self.axes]:
            raise ValueError(
                f"{name} over an empty axis has no value (shape {x.shape}, axes {self.axes})"
            )
        if not self.axes:
            with np.errstate(all="ignore"):
                output_storage[0][0] = x.astype(self.dtype)
            return
        with np.errstate(all="ignore"):
            narrow = x.astype(self.acc_dtype, copy=False)
            # NumPy would add up narrow integers in wider ones.
            dtype = {"dtype": self.acc_dtype} if name in ("add", "mul") else {}
            result = _FUNCTIONS[name](narrow, axis=self.axes, **dtype)
            output_storage[0][0] = np.asarray(result).astype(self.dtype, copy=False)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [tuple(n for i, n in enumerate(input_shapes[0]) if i not in self.axes)]

    def __str__(self) -> str:
        return f"Reduce{{{self.scalar_op.name}, axes={self.axes}}}"


def sum_dtype(dtype: str) -> str:
    """Dtype of a sum or product: bool and integers widen to 64 bits, others stay."""
    if dtype in ("bool", "int8", "int16", "int32", "int64"):
        return "int64"
    return "uint64" if dtype in dtypes.DISCRETE else dtype


def accumulator_dtype(dtype: str) -> str:
    """What sums of ``dtype`` accumulate in: twice the width for floats of up to 32 bits."""
    return {"float16": "float32", "float32": "float64", "complex64": "complex128"}.get(dtype, dtype)


def _reduced(
    scalar_op: ScalarOp, x: Any, axis: Any, keepdims: bool, acc_dtype: str, dtype: str
) -> TensorVariable:
    axes = normalize_axes(scalar_op.name, axis, x.ndim)
    result = Reduce(scalar_op, axes, acc_dtype, dtype)(x)
    return keep_axes(result, axes, x.ndim) if keepdims else result


def _summed(
    op: ScalarOp, x: Any, axis: Axes, dtype: str | None, keepdims: bool, acc_dtype: str | None
) -> TensorVariable:
    x = as_tensor(x)
    out = sum_dtype(x.type.dtype) if dtype is None else dtypes.check(dtype)
    acc = (
        accumulator_dtype(dtypes.upcast(out, x.type.dtype) if dtype is None else out)
        if acc_dtype is None
        else dtypes.check(acc_dtype)
    )
    if dtypes.is_complex(x.type.dtype) and not (dtypes.is_complex(out) and dtypes.is_complex(acc)):
        raise DtypeError(
            f"{op.name} of {x.type.dtype} as {out} would drop imaginary parts; take abs(x) first"
        )
    return _reduced(op, x, axis, keepdims, acc, out)


def sum(
    x: Any,
    axis: Axes = None,
    dtype: str | None = None,
    keepdims: bool = False,
    acc_dtype: str | None = None,
) -> TensorVariable:
    """Add up the elements along ``axis`` (None: all).

    Integers widen to 64 bits, float32 accumulates in float64.
    """
    return _summed(scalar.add, x, axis, dtype, keepdims, acc_dtype)


def prod(
    x: Any,
    axis: Axes = None,
    dtype: str | None = None,
    keepdims: bool = False,
    acc_dtype: str | None = None,
) -> TensorVariable:
    """Multiply the elements along ``axis`` (None: all); dtypes as in `sum`."""
    return _summed(scalar.mul, x, axis, dtype, keepdims, acc_dtype)


def max(x: Any, axis: Axes = None, keepdims: bool = False) -> TensorVariable:
    """The largest element along ``axis`` (None: all); NaN if there is one.

    An empty axis is a ValueError.
    """
    x = as_tensor(x)
    return _reduced(scalar.maximum, x, axis, keepdims, x.type.dtype, x.type.dtype)


def min(x: Any, axis: Axes = None, keepdims: bool = False) -> TensorVariable:
    """The smallest element along ``axis`` (None: all); NaN if there is one.

    An empty axis is a ValueError.
    """
    x = as_tensor(x)
    return _reduced(scalar.minimum, x, axis, keepdims, x.type.dtype, x.type.dtype)


def all(x: Any, axis: Axes = None, keepdims: bool = False) -> TensorVariable:
    """Whether every element along ``axis`` is true, as bool."""
    return _reduced(scalar.and_, _truth(x), axis, keepdims, "bool", "bool")


def any(x: Any, axis: Axes = None, keepdims: bool = False) -> TensorVariable:
    """Whether some element along ``axis`` is true, as bool."""
    return _reduced(scalar.or_, _truth(x), axis, keepdims, "bool", "bool")


def _truth(x: Any) -> Any:
    x = as_tensor(x)
    return x if x.type.dtype == "bool" else tm.neq(x, 0)


def _count(x: Any, axes: Iterable[int], dtype: str) -> Any:
    count: Any = None
    for a in axes:
        count = x.shape[a] if count is None else tm.mul(count, x.shape[a])
    return cast(1 if count is None else count, dtype)


def mean(
    x: Any,
    axis: Axes = None,
    dtype: str | None = None,
    keepdims: bool = False,
    acc_dtype: str | None = None,
) -> TensorVariable:
    """The arithmetic mean along ``axis`` (None: all); integers give float64."""
    x = as_tensor(x)
    out = (
        dtypes.check(dtype)
        if dtype is not None
        else "float64"
        if dtypes.is_discrete(x.type.dtype)
        else x.type.dtype
    )
    if dtypes.is_discrete(out):
        raise DtypeError(f"mean: the result cannot have the discrete dtype {out}")
    axes = normalize_axes("mean", axis, x.ndim)
    # Sums and lengths soon pass the largest float16, 65504.
    work = "float32" if out == "float16" else out
    total = sum(cast(x, work), axes, keepdims=keepdims, acc_dtype=acc_dtype)
    return cast(tm.true_div(total, _count(x, axes, work)), out)  # type: ignore[no-any-return]


def var(x: Any, axis: Axes = None, ddof: int = 0, keepdims: bool = False) -> TensorVariable:
    """The variance along ``axis``.

    The mean of squared distances from the mean, divisor n - ``ddof``.
    """
    if isinstance(ddof, bool):
        raise TypeError("var: ddof is a number; give keepdims by keyword")
    x = as_tensor(x)
    axes = normalize_axes("var", axis, x.ndim)
    out = "float32" if x.type.dtype == "float16" else x.type.dtype
    distance = tm.sub(cast(x, out), mean(cast(x, out), axes, keepdims=True))
    if dtypes.is_complex(out):
        distance = tm.abs_(distance)
    total = sum(tm.sqr(distance), axes, keepdims=keepdims)
    found = tm.true_div(total, tm.sub(_count(x, axes, total.dtype), ddof))
    return cast(found, "float16") if x.type.dtype == "float16" else found  # type: ignore[no-any-return]


def std(x: Any, axis: Axes = None, ddof: int = 0, keepdims: bool = False) -> TensorVariable:
    """The square root of `var`."""
    return tm.sqrt(var(x, axis, ddof, keepdims))  # type: ignore[no-any-return]


class Argmax(Op):
    """The position of the first largest element (or of the first NaN) along one axis, as int64."""

    __props__ = ("axis",)

    def __init__(self, axis: int) -> None:
        self.axis = axis

    def make_node(self, x: Any) -> Apply:
        """Drop ``axis`` from the shape."""
        x = as_tensor(x)
        if dtypes.is_complex(x.type.dtype):
            raise DtypeError(f"argmax: complex numbers have no order ({x.type.dtype})")
        kept = tuple(n for i, n in enumerate(x.type.shape) if i != self.axis)
        return Apply(self, [x], [TensorType("int64", kept)()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        if inputs[0].shape[self.axis] == 0:
            raise ValueError(
                f"argmax over an empty axis has no value (shape {inputs[0].shape}, axis "
                f"{self.axis})"
            )
        output_storage[0][0] = np.asarray(np.argmax(inputs[0], axis=self.axis), dtype="int64")

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [tuple(n for i, n in enumerate(input_shapes[0]) if i != self.axis)]


def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> TensorVariable:
    """The position of the largest element along ``axis`` (None: in the flattened tensor).

    The first of several.
    """
    x = as_tensor(x)
    ndim = x.ndim
    if axis is None:
        result = Argmax(0)(flatten(x))
        return keep_axes(result, tuple(range(ndim)), ndim) if keepdims else result
    axes = normalize_axes("argmax", axis, ndim)
    if len(axes) != 1:
        raise ShapeError(f"argmax: give one axis or None, not {axis!r}")
    result = Argmax(axes[0])(x)
    return keep_axes(result, axes, ndim) if keepdims else result


def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> TensorVariable:
    """The position of the smallest element along ``axis``; the first of several."""
    x = as_tensor(x)
    # ~x reverses the order of integers without the overflow that -x has at the smallest one.
    reverse = tm.invert if dtypes.is_discrete(x.type.dtype) else tm.neg
    return argmax(reverse(x), axis, keepdims)


def max_and_argmax(
    x: Any, axis: int | None = None, keepdims: bool = False
) -> tuple[TensorVariable, TensorVariable]:
    """`max` and `argmax` together."""
    return max(x, axis, keepdims), argmax(x, axis, keepdims)
