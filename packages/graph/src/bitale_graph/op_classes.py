"""Theano's classes of reductions, of shapes and of moved axes, by what ours do.

`isinstance` asks by them what an op does. Called they give what is called with a tensor.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from .ops import creation as _creation
from .ops import reduction as _reduction
from .ops.scalars import tensor_from_scalar as _tensor_from_scalar
from .ops.shape import Dimshuffle as _Dimshuffle
from .ops.shape import MakeVector as _MakeVector
from .ops.shape import ShapeI as _ShapeI
from .tensor import scalar as _rows
from .tensor.conversion import as_tensor as _as_tensor
from .tensor.generic import NoneTypeT as _NoneTypeT
from .tensor.scalar import ScalarOp as _ScalarOp

_FUNCTIONS: dict[_ScalarOp, Callable[..., Any]] = {
    _rows.add: _reduction.sum,
    _rows.mul: _reduction.prod,
    _rows.maximum: _reduction.max,
    _rows.minimum: _reduction.min,
    _rows.and_: _reduction.all,
    _rows.or_: _reduction.any,
}


class _KindOfOp(type):
    """A class whose instances are the ops that ``covers`` is true of."""

    covers: Callable[[Any], bool]
    make: Callable[..., Any]

    def __instancecheck__(cls, instance: object) -> bool:
        return cls.covers(instance)

    def __call__(cls, *args: Any, **keywords: Any) -> Any:
        return cls.make(*args, **keywords)


def _reduces_by(*rows: _ScalarOp) -> Any:
    return staticmethod(lambda op: isinstance(op, _reduction.Reduce) and op.scalar_op in rows)


class CAReduce(metaclass=_KindOfOp):
    """Reductions by an associative scalar op: ``CAReduce(scalar.add, axis=0)``."""

    covers = _reduces_by(*_FUNCTIONS)

    @staticmethod
    def make(scalar_op: _ScalarOp, axis: Any = None) -> Any:
        """A function of a tensor; raises `TypeError` for a scalar op that reduces nothing."""
        if scalar_op not in _FUNCTIONS:
            allowed = ", ".join(op.name for op in _FUNCTIONS)
            raise TypeError(f"CAReduce takes one of the scalar ops {allowed}, not {scalar_op}")
        return partial(_FUNCTIONS[scalar_op], axis=axis)


class Sum(metaclass=_KindOfOp):
    """Sums: ``Sum(axis=0, dtype="float64")(x)``."""

    covers = _reduces_by(_rows.add)

    @staticmethod
    def make(axis: Any = None, dtype: str | None = None, acc_dtype: str | None = None) -> Any:
        """`sum` with these arguments."""
        return partial(_reduction.sum, axis=axis, dtype=dtype, acc_dtype=acc_dtype)


class Prod(metaclass=_KindOfOp):
    """Products: ``Prod(axis=0)(x)``."""

    covers = _reduces_by(_rows.mul)

    @staticmethod
    def make(
        axis: Any = None,
        dtype: str | None = None,
        acc_dtype: str | None = None,
        no_zeros_in_input: bool = False,
    ) -> Any:
        """`prod` with these arguments."""
        return partial(
            _reduction.prod,
            axis=axis,
            dtype=dtype,
            acc_dtype=acc_dtype,
            no_zeros_in_input=no_zeros_in_input,
        )


class All(metaclass=_KindOfOp):
    """Whether all elements are true."""

    covers = _reduces_by(_rows.and_)

    @staticmethod
    def make(axis: Any = None) -> Any:
        """`all` along ``axis``."""
        return partial(_reduction.all, axis=axis)


class AnyTrue(metaclass=_KindOfOp):
    """Whether any element is true; `Any` in Theano."""

    covers = _reduces_by(_rows.or_)

    @staticmethod
    def make(axis: Any = None) -> Any:
        """`any` along ``axis``."""
        return partial(_reduction.any, axis=axis)


class MaxAndArgmax(metaclass=_KindOfOp):
    """The largest elements with their places, which are two ops here."""

    covers = staticmethod(lambda op: False)

    @staticmethod
    def make(axis: Any = None) -> Any:
        """`max_and_argmax` along ``axis``."""
        return partial(_reduction.max_and_argmax, axis=axis)


class Default(metaclass=_KindOfOp):
    """What stands in for an optional value that is left out: ``Default()(x, otherwise)``."""

    covers = staticmethod(lambda op: False)

    @staticmethod
    def make() -> Any:
        """A function of a tensor or None, and of what it gives for None."""
        return _given_or


def _given_or(x: Any, default: Any) -> Any:
    """``x``, or ``default`` where ``x`` is None; raises `TypeError` if their types differ."""
    if x is None or isinstance(getattr(x, "type", None), _NoneTypeT):
        return _as_tensor(default)
    x = _as_tensor(x)
    x.type.filter_variable(default)
    return x


class TensorFromScalar(metaclass=_KindOfOp):
    """What makes a tensor of rank 0, which a scalar is already."""

    covers = staticmethod(lambda op: False)

    @staticmethod
    def make() -> Any:
        """The function `tensor_from_scalar`."""
        return _tensor_from_scalar


ScalarFromTensor = TensorFromScalar


class Shape(metaclass=_KindOfOp):
    """The lengths of all axes, which are a vector of the lengths of each here."""

    covers = staticmethod(lambda op: isinstance(op, _MakeVector) and op.dtype == "int64")

    @staticmethod
    def make() -> Any:
        """The function `shape`."""
        return _creation.shape


Shape_i = _ShapeI


class DimShuffle(metaclass=_KindOfOp):
    """Moves of axes: ``DimShuffle((False, False), (1, 0))``, or the new order alone."""

    covers = staticmethod(lambda op: isinstance(op, _Dimshuffle))

    @staticmethod
    def make(
        input_broadcastable: Sequence[Any], new_order: Sequence[Any] | None = None, *_: Any
    ) -> _Dimshuffle:
        """The op; what broadcasts is told by what it is called with."""
        order = input_broadcastable if new_order is None else new_order
        return _Dimshuffle(tuple(order))
