"""The attributes and methods that users write expressions with."""

from __future__ import annotations

from collections.abc import Callable
from types import MethodType
from typing import Any, Literal, NoReturn

import numpy as np

from ..base import late
from .operators import TensorOperators

IndexMode = Literal["raise", "wrap", "clip"]


class UnaryMethod:
    """The function of the language of the same name, as a method without arguments."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: type) -> Callable[[], late.TensorVariable]:
        function = getattr(late.ops.math, self.name)
        return function if instance is None else MethodType(function, instance)


class TensorMethods(TensorOperators):
    """Attributes and methods of everything that stands for a tensor."""

    type: late.TensorType
    __array_priority__ = 1000

    # Attributes
    @property
    def dtype(self) -> str:
        """Name of the dtype."""
        return self.type.dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self.type.ndim

    @property
    def broadcastable(self) -> tuple[bool, ...]:
        """For each axis whether it is known to have length 1."""
        return self.type.broadcastable

    @property
    def shape(self) -> late.TensorVariable:
        """The lengths of all axes, as an int64 vector."""
        return late.ops.creation.shape(self)

    @property
    def size(self) -> late.TensorVariable:
        """The number of elements, as a 0-d int64."""
        lengths = late.ops.shape.lengths_of(self)
        return (
            late.ops.math.mul(*lengths) if lengths else late.ops.creation.ones_like(self, "int64")
        )

    @property
    def T(self) -> late.TensorVariable:  # noqa: N802 (NumPy's name)
        """Axes in reverse order."""
        return late.ops.axes.transpose(self)

    @property
    def real(self) -> late.TensorVariable:
        """The real part: the tensor itself if it is real."""
        return late.ops.math.real(self)

    @property
    def imag(self) -> late.TensorVariable:
        """The imaginary part: zeros if the tensor is real."""
        return late.ops.math.imag(self)

    @property
    def mT(self) -> late.TensorVariable:  # noqa: N802 (NumPy's name)
        """The last two axes exchanged: the transposes of a stack of matrices."""
        return late.ops.matmul.matrix_transpose(self)

    # Indexing
    def __getitem__(self, key: Any) -> late.TensorVariable:
        return late.ops.index_expression.index(self, key)

    def __setitem__(self, key: Any, value: Any) -> NoReturn:
        raise TypeError(
            "tensor variables cannot be assigned to, since expressions never change; "
            "write y = set_subtensor(x[index], value) or inc_subtensor(x[index], value)"
        )

    def __delitem__(self, key: Any) -> NoReturn:
        raise TypeError("no element of a tensor variable can be deleted; index what is to stay")

    def set(self, y: Any) -> late.TensorVariable:
        """The tensor that this is a part of, such as ``x`` of ``x[0]``, with ``y`` in its place."""
        return late.ops.indexing.set_subtensor(self, y)

    def inc(self, y: Any) -> late.TensorVariable:
        """The tensor that this is a part of, such as ``x`` of ``x[0]``, with ``y`` added to it."""
        return late.ops.indexing.inc_subtensor(self, y)

    def take(
        self,
        indices: Any,
        axis: int | None = None,
        mode: IndexMode = "raise",
    ) -> late.TensorVariable:
        """See `take`."""
        return late.ops.taking.take(self, indices, axis, mode)

    def choose(self, choices: Any, mode: IndexMode = "raise") -> late.TensorVariable:
        """See `choose`."""
        return late.ops.taking.choose(self, choices, mode)

    def compress(self, condition: Any, axis: int | None = None) -> late.TensorVariable:
        """See `compress`."""
        return late.ops.taking.compress(condition, self, axis)

    def nonzero(self, return_matrix: bool = False) -> Any:
        """See `nonzero`."""
        return late.ops.nonzero.nonzero(self, return_matrix)

    def nonzero_values(self) -> late.TensorVariable:
        """See `nonzero_values`."""
        return late.ops.nonzero.nonzero_values(self)

    # Shape
    def reshape(self, newshape: Any, ndim: int | None = None) -> late.TensorVariable:
        """See `reshape`."""
        if isinstance(newshape, (int, np.integer)) and isinstance(ndim, (int, np.integer)):
            raise TypeError("reshape takes the new shape as one tuple: x.reshape((2, 3))")
        return late.ops.reshape.reshape(self, newshape, ndim)

    def dimshuffle(self, *pattern: Any) -> late.TensorVariable:
        """See `dimshuffle`."""
        return late.ops.shape.dimshuffle(self, *pattern)

    def transpose(self, *axes: Any) -> late.TensorVariable:
        """See `transpose`."""
        if len(axes) == 1 and (axes[0] is None or isinstance(axes[0], (list, tuple))):
            return late.ops.axes.transpose(self, axes[0])
        return late.ops.axes.transpose(self, axes or None)

    def flatten(self, ndim: int = 1) -> late.TensorVariable:
        """See `flatten`."""
        return late.ops.reshape.flatten(self, ndim)

    def ravel(self) -> late.TensorVariable:
        """The elements as a vector."""
        return late.ops.reshape.flatten(self)

    def squeeze(self, axis: Any = None) -> late.TensorVariable:
        """See `squeeze`."""
        return late.ops.axes.squeeze(self, axis)

    def swapaxes(self, axis1: int, axis2: int) -> late.TensorVariable:
        """See `swapaxes`."""
        return late.ops.axes.swapaxes(self, axis1, axis2)

    def repeat(self, repeats: Any, axis: int | None = None) -> late.TensorVariable:
        """See `repeat`."""
        return late.ops.repeat.repeat(self, repeats, axis)

    def diagonal(self, offset: Any = 0, axis1: int = 0, axis2: int = 1) -> late.TensorVariable:
        """See `diagonal`."""
        return late.ops.diagonal.diagonal(self, offset, axis1, axis2)

    def trace(
        self, offset: Any = 0, axis1: int = 0, axis2: int = 1, dtype: str | None = None
    ) -> late.TensorVariable:
        """See `trace`."""
        return late.ops.diagonal.trace(self, offset, axis1, axis2, dtype)

    # Reductions
    def sum(
        self,
        axis: Any = None,
        dtype: str | None = None,
        keepdims: bool = False,
        acc_dtype: str | None = None,
    ) -> late.TensorVariable:
        """See `sum`."""
        return late.ops.reduction.sum(self, axis, dtype, keepdims, acc_dtype)

    def prod(
        self,
        axis: Any = None,
        dtype: str | None = None,
        keepdims: bool = False,
        acc_dtype: str | None = None,
        no_zeros_in_input: bool = False,
    ) -> late.TensorVariable:
        """See `prod`."""
        return late.ops.reduction.prod(self, axis, dtype, keepdims, acc_dtype)

    def mean(
        self,
        axis: Any = None,
        dtype: str | None = None,
        keepdims: bool = False,
        acc_dtype: str | None = None,
    ) -> late.TensorVariable:
        """See `mean`."""
        return late.ops.reduction.mean(self, axis, dtype, keepdims=keepdims, acc_dtype=acc_dtype)

    def var(
        self, axis: Any = None, ddof: int = 0, keepdims: bool = False, corrected: bool = False
    ) -> late.TensorVariable:
        """See `var`."""
        return late.ops.reduction.var(self, axis, ddof, keepdims, corrected)

    def std(
        self, axis: Any = None, ddof: int = 0, keepdims: bool = False, corrected: bool = False
    ) -> late.TensorVariable:
        """See `std`."""
        return late.ops.reduction.std(self, axis, ddof, keepdims, corrected)

    def ptp(self, axis: Any = None, keepdims: bool = False) -> late.TensorVariable:
        """See `ptp`."""
        return late.ops.covariance.ptp(self, axis, keepdims)

    def max(self, axis: Any = None, keepdims: bool = False) -> late.TensorVariable:
        """See `max`."""
        return late.ops.reduction.max(self, axis, keepdims)

    def min(self, axis: Any = None, keepdims: bool = False) -> late.TensorVariable:
        """See `min`."""
        return late.ops.reduction.min(self, axis, keepdims)

    def argmax(self, axis: Any = None, keepdims: bool = False) -> late.TensorVariable:
        """See `argmax`."""
        return late.ops.reduction.argmax(self, axis, keepdims)

    def argmin(self, axis: Any = None, keepdims: bool = False) -> late.TensorVariable:
        """See `argmin`."""
        return late.ops.reduction.argmin(self, axis, keepdims)

    def all(self, axis: Any = None, keepdims: bool = False) -> late.TensorVariable:
        """See `all`."""
        return late.ops.reduction.all(self, axis, keepdims)

    def any(self, axis: Any = None, keepdims: bool = False) -> late.TensorVariable:
        """See `any`."""
        return late.ops.reduction.any(self, axis, keepdims)

    def cumsum(self, axis: int | None = None) -> late.TensorVariable:
        """See `cumsum`."""
        return late.ops.cumulative.cumsum(self, axis)

    def cumprod(self, axis: int | None = None) -> late.TensorVariable:
        """See `cumprod`."""
        return late.ops.cumulative.cumprod(self, axis)

    # Order
    def sort(
        self, axis: int | None = -1, kind: str | None = "quicksort", order: Any = None
    ) -> late.TensorVariable:
        """See `sort`."""
        return late.ops.sorting.sort(self, axis, kind, order)

    def argsort(
        self, axis: int | None = -1, kind: str | None = "quicksort", order: Any = None
    ) -> late.TensorVariable:
        """See `argsort`."""
        return late.ops.sorting.argsort(self, axis, kind, order)

    def searchsorted(self, v: Any, side: Any = "left", sorter: Any = None) -> late.TensorVariable:
        """See `searchsorted`."""
        return late.ops.sorting.searchsorted(self, v, side, sorter)

    def norm(self, L: Any = None, axis: Any = None, keepdims: bool = False) -> late.TensorVariable:
        """See `norm`."""
        return late.ops.reduction.norm(self, L, axis, keepdims)

    # Others
    def dot(self, other: Any) -> late.TensorVariable:
        """See `dot`."""
        return late.ops.contraction.dot(self, other)

    def astype(self, dtype: str) -> late.TensorVariable:
        """See `cast`."""
        return late.ops.math.cast(self, dtype)

    def clip(self, a_min: Any, a_max: Any) -> late.TensorVariable:
        """See `clip`."""
        return late.ops.math.clip(self, a_min, a_max)

    def round(self, mode: str | None = None) -> late.TensorVariable:
        """See `round`."""
        return late.ops.math.round(self, mode)

    def get_scalar_constant_value(self) -> Any:
        """See `get_scalar_constant_value`."""
        return late.ops.constant_value.get_scalar_constant_value(self)

    def fill(self, value: Any) -> late.TensorVariable:
        """A tensor of this shape filled with ``value``."""
        return late.ops.math.second(self, value)

    def zeros_like(self, dtype: str | None = None) -> late.TensorVariable:
        """See `zeros_like`."""
        return late.ops.creation.zeros_like(self, dtype)

    def ones_like(self, dtype: str | None = None) -> late.TensorVariable:
        """See `ones_like`."""
        return late.ops.creation.ones_like(self, dtype)

    def conj(self) -> late.TensorVariable:
        """The complex conjugate: the tensor itself if it is real."""
        return late.ops.math.conj(self)

    conjugate = conj

    def copy(self, name: str | None = None) -> late.TensorVariable:
        """A variable of the same value."""
        return late.ops.math.tensor_copy(self, name=name)

    def transfer(self, target: str | None) -> late.TensorVariable:
        """The same variable; see `bitale_graph.language.transfer`."""
        found: late.TensorVariable = late.ops.transfer.transfer(self, target)
        return found

    # Functions of the same name.
    exp = UnaryMethod()
    log = UnaryMethod()
    sqrt = UnaryMethod()
    tanh = UnaryMethod()
    exp2 = UnaryMethod()
    expm1 = UnaryMethod()
    log2 = UnaryMethod()
    log10 = UnaryMethod()
    log1p = UnaryMethod()
    sin = UnaryMethod()
    cos = UnaryMethod()
    tan = UnaryMethod()
    sinh = UnaryMethod()
    cosh = UnaryMethod()
    arcsin = UnaryMethod()
    arccos = UnaryMethod()
    arctan = UnaryMethod()
    arcsinh = UnaryMethod()
    arccosh = UnaryMethod()
    arctanh = UnaryMethod()
    ceil = UnaryMethod()
    floor = UnaryMethod()
    trunc = UnaryMethod()
    deg2rad = UnaryMethod()
    rad2deg = UnaryMethod()
