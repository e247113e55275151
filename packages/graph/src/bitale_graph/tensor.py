"""Tensor variables: the operators and methods that users write expressions with."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from .ops import axes as order
from .ops import creation, indexing, math, product, reduction, shape
from .ops import join as join  # registers how lists of variables become tensors
from .ops import reshape as reshaping
from .protocol import Symbolic
from .type import TensorType
from .variable import Constant, Variable


class TensorOperators(Symbolic):
    """Operators, attributes and methods of everything that stands for a tensor."""

    type: TensorType
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
    def shape(self) -> TensorVariable:
        """The lengths of all axes, as an int64 vector."""
        return creation.shape(self)

    @property
    def size(self) -> TensorVariable:
        """The number of elements, as a 0-d int64."""
        lengths = shape.lengths_of(self)
        return math.mul(*lengths) if lengths else creation.ones_like(self, "int64")

    @property
    def T(self) -> TensorVariable:  # noqa: N802 (NumPy's name)
        """Axes in reverse order."""
        return order.transpose(self)

    # Arithmetic
    def __neg__(self) -> TensorVariable:
        return math.neg(self)  # type: ignore[no-any-return]

    def __pos__(self) -> TensorVariable:
        return self  # type: ignore[return-value]

    def __abs__(self) -> TensorVariable:
        return math.abs_(self)  # type: ignore[no-any-return]

    def __invert__(self) -> TensorVariable:
        return math.invert(self)  # type: ignore[no-any-return]

    def __add__(self, other: Any) -> TensorVariable:
        return math.add2(self, other)  # type: ignore[no-any-return]

    def __radd__(self, other: Any) -> TensorVariable:
        return math.add2(other, self)  # type: ignore[no-any-return]

    def __sub__(self, other: Any) -> TensorVariable:
        return math.sub(self, other)  # type: ignore[no-any-return]

    def __rsub__(self, other: Any) -> TensorVariable:
        return math.sub(other, self)  # type: ignore[no-any-return]

    def __mul__(self, other: Any) -> TensorVariable:
        return math.mul2(self, other)  # type: ignore[no-any-return]

    def __rmul__(self, other: Any) -> TensorVariable:
        return math.mul2(other, self)  # type: ignore[no-any-return]

    def __truediv__(self, other: Any) -> TensorVariable:
        return math.true_div(self, other)  # type: ignore[no-any-return]

    def __rtruediv__(self, other: Any) -> TensorVariable:
        return math.true_div(other, self)  # type: ignore[no-any-return]

    def __floordiv__(self, other: Any) -> TensorVariable:
        return math.int_div(self, other)  # type: ignore[no-any-return]

    def __rfloordiv__(self, other: Any) -> TensorVariable:
        return math.int_div(other, self)  # type: ignore[no-any-return]

    def __mod__(self, other: Any) -> TensorVariable:
        return math.mod(self, other)  # type: ignore[no-any-return]

    def __rmod__(self, other: Any) -> TensorVariable:
        return math.mod(other, self)  # type: ignore[no-any-return]

    def __divmod__(self, other: Any) -> tuple[TensorVariable, TensorVariable]:
        return math.divmod(self, other)

    def __rdivmod__(self, other: Any) -> tuple[TensorVariable, TensorVariable]:
        return math.divmod(other, self)

    def __pow__(self, other: Any) -> TensorVariable:
        return math.pow(self, other)  # type: ignore[no-any-return]

    def __rpow__(self, other: Any) -> TensorVariable:
        return math.pow(other, self)  # type: ignore[no-any-return]

    def __matmul__(self, other: Any) -> TensorVariable:
        return product.matmul(self, other)

    def __rmatmul__(self, other: Any) -> TensorVariable:
        return product.matmul(other, self)

    def __and__(self, other: Any) -> TensorVariable:
        return math.and_(self, other)  # type: ignore[no-any-return]

    def __rand__(self, other: Any) -> TensorVariable:
        return math.and_(other, self)  # type: ignore[no-any-return]

    def __or__(self, other: Any) -> TensorVariable:
        return math.or_(self, other)  # type: ignore[no-any-return]

    def __ror__(self, other: Any) -> TensorVariable:
        return math.or_(other, self)  # type: ignore[no-any-return]

    def __xor__(self, other: Any) -> TensorVariable:
        return math.xor(self, other)  # type: ignore[no-any-return]

    def __rxor__(self, other: Any) -> TensorVariable:
        return math.xor(other, self)  # type: ignore[no-any-return]

    def __ceil__(self) -> TensorVariable:
        return math.ceil(self)  # type: ignore[no-any-return]

    def __floor__(self) -> TensorVariable:
        return math.floor(self)  # type: ignore[no-any-return]

    def __trunc__(self) -> TensorVariable:
        return math.trunc(self)  # type: ignore[no-any-return]

    # Comparison; ``==`` stays identity.
    def __lt__(self, other: Any) -> TensorVariable:
        return math.lt(self, other)  # type: ignore[no-any-return]

    def __le__(self, other: Any) -> TensorVariable:
        return math.le(self, other)  # type: ignore[no-any-return]

    def __gt__(self, other: Any) -> TensorVariable:
        return math.gt(self, other)  # type: ignore[no-any-return]

    def __ge__(self, other: Any) -> TensorVariable:
        return math.ge(self, other)  # type: ignore[no-any-return]

    # Indexing
    def __getitem__(self, key: Any) -> TensorVariable:
        return indexing.index(self, key)

    def __setitem__(self, key: Any, value: Any) -> NoReturn:
        raise TypeError(
            "tensor variables cannot be assigned to, since expressions never change; "
            "write y = set_subtensor(x[index], value) or inc_subtensor(x[index], value)"
        )

    def __delitem__(self, key: Any) -> NoReturn:
        raise TypeError("no element of a tensor variable can be deleted; index what is to stay")

    def take(self, indices: Any, axis: int | None = None) -> TensorVariable:
        """Elements at ``indices`` along ``axis`` (None: of the flattened tensor)."""
        rows = list(indices) if isinstance(indices, tuple) else indices
        if axis is None:
            return self.flatten()[rows]
        (place,) = reduction.normalize_axes("take", axis, self)
        return self[(slice(None),) * place + (rows,)]

    # Shape
    def reshape(self, newshape: Any, ndim: int | None = None) -> TensorVariable:
        """See `reshape`."""
        if isinstance(newshape, (int, np.integer)) and isinstance(ndim, (int, np.integer)):
            raise TypeError("reshape takes the new shape as one tuple: x.reshape((2, 3))")
        return reshaping.reshape(self, newshape, ndim)

    def dimshuffle(self, *pattern: Any) -> TensorVariable:
        """See `dimshuffle`."""
        return shape.dimshuffle(self, *pattern)

    def transpose(self, *axes: Any) -> TensorVariable:
        """See `transpose`."""
        if len(axes) == 1 and (axes[0] is None or isinstance(axes[0], (list, tuple))):
            return order.transpose(self, axes[0])
        return order.transpose(self, axes or None)

    def flatten(self, ndim: int = 1) -> TensorVariable:
        """See `flatten`."""
        return reshaping.flatten(self, ndim)

    def ravel(self) -> TensorVariable:
        """The elements as a vector."""
        return reshaping.flatten(self)

    def squeeze(self, axis: Any = None) -> TensorVariable:
        """See `squeeze`."""
        return order.squeeze(self, axis)

    def swapaxes(self, axis1: int, axis2: int) -> TensorVariable:
        """See `swapaxes`."""
        return order.swapaxes(self, axis1, axis2)

    # Reductions
    def sum(
        self,
        axis: Any = None,
        dtype: str | None = None,
        keepdims: bool = False,
        acc_dtype: str | None = None,
    ) -> TensorVariable:
        """See `sum`."""
        return reduction.sum(self, axis, dtype, keepdims, acc_dtype)

    def prod(
        self,
        axis: Any = None,
        dtype: str | None = None,
        keepdims: bool = False,
        acc_dtype: str | None = None,
    ) -> TensorVariable:
        """See `prod`."""
        return reduction.prod(self, axis, dtype, keepdims, acc_dtype)

    def mean(
        self,
        axis: Any = None,
        dtype: str | None = None,
        keepdims: bool = False,
        acc_dtype: str | None = None,
    ) -> TensorVariable:
        """See `mean`."""
        return reduction.mean(self, axis, dtype, keepdims, acc_dtype)

    def var(self, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> TensorVariable:
        """See `var`."""
        return reduction.var(self, axis, ddof, keepdims)

    def std(self, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> TensorVariable:
        """See `std`."""
        return reduction.std(self, axis, ddof, keepdims)

    def max(self, axis: Any = None, keepdims: bool = False) -> TensorVariable:
        """See `max`."""
        return reduction.max(self, axis, keepdims)

    def min(self, axis: Any = None, keepdims: bool = False) -> TensorVariable:
        """See `min`."""
        return reduction.min(self, axis, keepdims)

    def argmax(self, axis: int | None = None, keepdims: bool = False) -> TensorVariable:
        """See `argmax`."""
        return reduction.argmax(self, axis, keepdims)

    def argmin(self, axis: int | None = None, keepdims: bool = False) -> TensorVariable:
        """See `argmin`."""
        return reduction.argmin(self, axis, keepdims)

    def all(self, axis: Any = None, keepdims: bool = False) -> TensorVariable:
        """See `all`."""
        return reduction.all(self, axis, keepdims)

    def any(self, axis: Any = None, keepdims: bool = False) -> TensorVariable:
        """See `any`."""
        return reduction.any(self, axis, keepdims)

    def norm(self, L: Any = None, axis: Any = None, keepdims: bool = False) -> TensorVariable:
        """See `norm`."""
        return reduction.norm(self, L, axis, keepdims)

    # Others
    def dot(self, other: Any) -> TensorVariable:
        """See `dot`."""
        return product.dot(self, other)

    def astype(self, dtype: str) -> TensorVariable:
        """See `cast`."""
        return math.cast(self, dtype)  # type: ignore[no-any-return]

    def clip(self, a_min: Any, a_max: Any) -> TensorVariable:
        """See `clip`."""
        return math.clip(self, a_min, a_max)

    def round(self, mode: str | None = None) -> TensorVariable:
        """See `round`."""
        return math.round(self, mode)

    def fill(self, value: Any) -> TensorVariable:
        """A tensor of this shape filled with ``value``."""
        return math.second(self, value)  # type: ignore[no-any-return]

    def zeros_like(self, dtype: str | None = None) -> TensorVariable:
        """See `zeros_like`."""
        return creation.zeros_like(self, dtype)

    def ones_like(self, dtype: str | None = None) -> TensorVariable:
        """See `ones_like`."""
        return creation.ones_like(self, dtype)

    def copy(self, name: str | None = None) -> TensorVariable:
        """A variable of the same value."""
        return math.tensor_copy(self, name=name)  # type: ignore[no-any-return]

    # One method for each unary function of the same name.
    def exp(self) -> TensorVariable:
        """See `exp`."""
        return math.exp(self)  # type: ignore[no-any-return]

    def log(self) -> TensorVariable:
        """See `log`."""
        return math.log(self)  # type: ignore[no-any-return]

    def sqrt(self) -> TensorVariable:
        """See `sqrt`."""
        return math.sqrt(self)  # type: ignore[no-any-return]

    def tanh(self) -> TensorVariable:
        """See `tanh`."""
        return math.tanh(self)  # type: ignore[no-any-return]


_UNARY_METHODS = (
    *("exp2", "expm1", "log2", "log10", "log1p", "sin", "cos", "tan", "sinh", "cosh"),
    *("arcsin", "arccos", "arctan", "arcsinh", "arccosh", "arctanh"),
    *("ceil", "floor", "trunc", "deg2rad", "rad2deg"),
)


def _add_unary_methods() -> None:
    for name in _UNARY_METHODS:
        function = getattr(math, name)

        def method(self: Any, function: Any = function) -> Any:
            return function(self)

        method.__name__, method.__doc__ = name, f"See `{name}`."
        setattr(TensorOperators, name, method)


class TensorVariable(TensorOperators, Variable):
    """A tensor that an expression will have."""

    type: TensorType


class TensorConstant(TensorOperators, Constant):
    """A tensor whose value is known."""

    type: TensorType


_add_unary_methods()
TensorType.variable_class = TensorVariable
TensorType.constant_class = TensorConstant
