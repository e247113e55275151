"""Reductions over axes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..base import dtype as dtypes
from ..base.errors import DtypeError, ShapeError, describe
from ..core.graph import Apply, Op, Storage, Variable
from ..ops import math as tm
from ..tensor import scalar
from ..tensor.conversion import as_tensor
from ..tensor.elementwise import cast
from ..tensor.op import TensorOp
from ..tensor.reductions import Reduction, reductions
from ..tensor.scalar import ScalarOp
from ..tensor.variable import TensorType, TensorVariable
from .axes import Axes, keep_axes
from .axes import normalize_axes as normalize_axes
from .reshape import flatten
from .shape import dimshuffle, shape_i


class Reduce(TensorOp):
    """Combine the elements along ``axes`` by an associative scalar op.

    Parameters
    ----------
    scalar_op : ScalarOp
        One that `reductions` has a row of; a `MissingRuleError` for others.
    axes : tuple of int
        Sorted, not negative.
    acc_dtype : str
        What is accumulated in; the result has ``dtype``.
    dtype : str
    allows_empty : bool
        Whether a reduction that refuses no elements gives its identity instead: maximum and
        minimum of no floats are infinite.
    """

    __props__ = ("scalar_op", "axes", "acc_dtype", "dtype", "allows_empty")

    def __init__(
        self,
        scalar_op: ScalarOp,
        axes: tuple[int, ...],
        acc_dtype: str,
        dtype: str,
        allows_empty: bool = False,
    ) -> None:
        self.scalar_op = scalar_op
        self.axes = axes
        self.acc_dtype = acc_dtype
        self.dtype = dtype
        self.allows_empty = allows_empty
        _ = self.row

    @property
    def row(self) -> Reduction:
        """What a reduction by the scalar op is."""
        return reductions[self.scalar_op]

    def over(self, axes: tuple[int, ...]) -> Reduce:
        """The same over other axes."""
        return Reduce(self.scalar_op, axes, self.acc_dtype, self.dtype, self.allows_empty)

    def make_node(self, x: Any) -> Apply:
        """Drop ``axes`` from the shape."""
        x = as_tensor(x)
        if self.axes and self.axes[-1] >= x.ndim:
            raise ShapeError(f"{self}: {x} has rank {x.ndim}")
        kept = tuple(n for i, n in enumerate(x.type.shape) if i not in self.axes)
        return Apply(self, [x], [TensorType(self.dtype, kept)()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        x, row = inputs[0], self.row
        is_empty = 0 in [x.shape[a] for a in self.axes]
        if is_empty and row.refuses_nothing and not self.allows_empty:
            raise ValueError(
                f"{row.name} over an empty axis has no value (shape {x.shape}, axes {self.axes})"
            )
        if not self.axes:
            with np.errstate(all="ignore"):
                output_storage[0][0] = x.astype(self.dtype)
            return
        with np.errstate(all="ignore"):
            narrow = x.astype(self.acc_dtype, copy=False)
            # NumPy would add up narrow integers in wider ones.
            options: Any = {"dtype": self.acc_dtype} if row.widens else {}
            if is_empty and row.refuses_nothing:
                options = {"initial": row.identity(self.acc_dtype)}
            result = row.ufunc.reduce(narrow, axis=self.axes, **options)
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
    axes = normalize_axes(reductions[scalar_op].name, axis, x)
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
            f"{reductions[op].name} of {x.type.dtype} as {out} would drop imaginary parts; take "
            f"abs(x) first\n  x  {describe(x)}"
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
    no_zeros_in_input: bool = False,
) -> TensorVariable:
    """Multiply the elements along ``axis`` (None: all); dtypes as in `sum`.

    ``no_zeros_in_input`` is accepted for Theano's sake: derivatives are right with zeros too.
    """
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


def nanmax(x: Any, axis: Axes = None, keepdims: bool = False) -> TensorVariable:
    """The largest element along ``axis`` (None: all) that is not NaN; NaN where all are.

    An empty axis is a ValueError.
    """
    x = as_tensor(x)
    return _reduced(scalar.fmax, x, axis, keepdims, x.type.dtype, x.type.dtype)


def nanmin(x: Any, axis: Axes = None, keepdims: bool = False) -> TensorVariable:
    """The smallest element along ``axis`` (None: all) that is not NaN; NaN where all are.

    An empty axis is a ValueError.
    """
    x = as_tensor(x)
    return _reduced(scalar.fmin, x, axis, keepdims, x.type.dtype, x.type.dtype)


def all(x: Any, axis: Axes = None, keepdims: bool = False) -> TensorVariable:
    """Whether every element along ``axis`` is true, as bool."""
    x = as_tensor(x)
    return _reduced(
        scalar.and_, _truth(x), normalize_axes("all", axis, x), keepdims, "bool", "bool"
    )


def any(x: Any, axis: Axes = None, keepdims: bool = False) -> TensorVariable:
    """Whether some element along ``axis`` is true, as bool."""
    x = as_tensor(x)
    return _reduced(scalar.or_, _truth(x), normalize_axes("any", axis, x), keepdims, "bool", "bool")


def _truth(x: Any) -> Any:
    x = as_tensor(x)
    return x if x.type.dtype == "bool" else tm.neq(x, 0)


def _count(x: Any, axes: Iterable[int], dtype: str) -> Any:
    count: Any = None
    for a in axes:
        n = shape_i(x, a)
        count = n if count is None else tm.mul(count, n)
    return cast(1 if count is None else count, dtype)


def mean(
    x: Any,
    axis: Axes = None,
    dtype: str | None = None,
    op: Any = False,
    keepdims: bool = False,
    acc_dtype: str | None = None,
) -> TensorVariable:
    """The arithmetic mean along ``axis`` (None: all); integers give float64.

    ``op`` is there for Theano's programs and changes nothing; the fourth argument of `numpy.mean`
    is none of ours either.
    """
    x = as_tensor(x)
    out = (
        dtypes.check(dtype)
        if dtype is not None
        else "float64"
        if dtypes.is_discrete(x.type.dtype)
        else x.type.dtype
    )
    if dtypes.is_discrete(out):
        raise DtypeError(
            f"mean: the result cannot have the discrete dtype {out}\n  x  {describe(x)}"
        )
    axes = normalize_axes("mean", axis, x)
    # Sums and lengths soon pass the largest float16, 65504.
    work = "float32" if out == "float16" else out
    total = sum(cast(x, work), axes, keepdims=keepdims, acc_dtype=acc_dtype)
    return cast(tm.true_div(total, _count(x, axes, work)), out)


def var(
    x: Any, axis: Axes = None, ddof: int = 0, keepdims: bool = False, corrected: bool = False
) -> TensorVariable:
    """The variance along ``axis``.

    The mean of squared distances from the mean, divisor n - ``ddof``. With ``corrected`` what the
    rounding of the mean adds to it is taken off.
    """
    if isinstance(ddof, bool):
        raise TypeError("var: ddof is a number; give keepdims by keyword")
    x = as_tensor(x)
    axes = normalize_axes("var", axis, x)
    out = "float32" if x.type.dtype == "float16" else x.type.dtype
    distance = tm.sub(cast(x, out), mean(cast(x, out), axes, keepdims=True))
    rest = sum(distance, axes, keepdims=keepdims) if corrected else None
    if dtypes.is_complex(out):
        distance = tm.abs_(distance)
        rest = None if rest is None else tm.abs_(rest)
    total = sum(tm.sqr(distance), axes, keepdims=keepdims)
    count = _count(x, axes, total.dtype)
    if rest is not None:
        # Chan, Golub and LeVeque, "Algorithms for computing the sample variance" (1983): (1.7).
        total = tm.sub(total, tm.true_div(tm.sqr(rest), count))
    found = tm.true_div(total, tm.sub(count, ddof))
    return cast(found, "float16") if x.type.dtype == "float16" else found


def std(
    x: Any, axis: Axes = None, ddof: int = 0, keepdims: bool = False, corrected: bool = False
) -> TensorVariable:
    """The square root of `var`."""
    x = as_tensor(x)
    return tm.sqrt(var(x, normalize_axes("std", axis, x), ddof, keepdims, corrected))


def norm(x: Any, L: Any = None, axis: Axes = None, keepdims: bool = False) -> TensorVariable:
    """The L-norm of all elements along ``axis`` (None: all of them, whatever the rank).

    Parameters
    ----------
    x : tensor_like
        Integers count as ``floatX``.
    L : number, None, "inf" or "fro"
        As ``ord`` of `numpy.linalg.norm` for vectors: infinity gives the largest magnitude, minus
        infinity the smallest, 0 the number of elements other than zero; None and "fro" are 2.
        Norms of matrices as operators are not there.
    axis : int, sequence of ints, or None
    keepdims : bool

    Raises
    ------
    ValueError
        For any other ``L``.
    """
    x = as_tensor(x)
    axis = normalize_axes("norm", axis, x)
    size = tm.abs_(cast(x, dtypes.quotient(x.type.dtype)))
    if isinstance(L, str) or (isinstance(L, float) and np.isnan(L)):
        if L not in ("fro", "inf", "-inf"):
            raise ValueError(
                f"norm: L is a number, None, 'inf' or 'fro', not {L!r}; see numpy.linalg.svd"
            )
        L = None if L == "fro" else float(L)
    if isinstance(L, Variable):
        return tm.pow(sum(tm.pow(size, L), axis, keepdims=keepdims), tm.inv(L))
    if L is None or L == 2:
        return tm.sqrt(sum(tm.sqr(size), axis, keepdims=keepdims))
    if np.inf == L:
        return max(size, axis, keepdims)
    if -np.inf == L:
        return min(size, axis, keepdims)
    if L == 0:
        return sum(cast(tm.neq(size, 0), size.type.dtype), axis, keepdims=keepdims)
    if L == 1:
        return sum(size, axis, keepdims=keepdims)
    return tm.pow(sum(tm.pow(size, L), axis, keepdims=keepdims), 1.0 / L)


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


def argmax(x: Any, axis: Axes = None, keepdims: bool = False) -> TensorVariable:
    """The position of the largest element along ``axis`` (None: in the flattened tensor).

    The first of several. Of several axes it is the place in row-major order of the block that they
    span.
    """
    x = as_tensor(x)
    return _argmax(x, _ordered_axes("argmax", axis, x), keepdims)


def _ordered_axes(name: str, axis: Any, x: Any) -> tuple[int, ...]:
    if dtypes.is_complex(x.type.dtype):
        raise DtypeError(f"{name}: complex numbers have no order\n  x  {describe(x)}")
    return normalize_axes(name, axis, x)


def _argmax(x: Any, axes: tuple[int, ...], keepdims: bool) -> TensorVariable:
    kept = [a for a in range(x.ndim) if a not in axes]
    if len(axes) == 1:
        result = Argmax(axes[0])(x)
    else:
        result = Argmax(len(kept))(flatten(dimshuffle(x, *kept, *axes), len(kept) + 1))
    return keep_axes(result, axes, x.ndim) if keepdims else result


def argmin(x: Any, axis: Axes = None, keepdims: bool = False) -> TensorVariable:
    """The position of the smallest element along ``axis``, as `argmax`; the first of several."""
    x = as_tensor(x)
    place = _ordered_axes("argmin", axis, x)
    # ~x reverses the order of integers without the overflow that -x has at the smallest one.
    reverse = tm.invert if dtypes.is_discrete(x.type.dtype) else tm.neg
    return _argmax(reverse(x), place, keepdims)


def max_and_argmax(
    x: Any, axis: Axes = None, keepdims: bool = False
) -> tuple[TensorVariable, TensorVariable]:
    """`max` and `argmax` together."""
    x = as_tensor(x)
    normalize_axes("max_and_argmax", axis, x)
    return max(x, axis, keepdims), argmax(x, axis, keepdims)
