"""Scalar ops by their names, and what a program needs to define its own: `bitale.scalar`.

A row of the table is found as an attribute by Theano's names of the op (``add``) and of its class
(``Add``), by which `isinstance` asks for it. Scalars are tensors of rank 0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .base import dtype as _dtypes
from .base.dtype import upcast as upcast
from .base.errors import ComplexError as ComplexError
from .tensor import scalar as _table
from .tensor.composite import Composite as Composite
from .tensor.conversion import as_tensor as _as_tensor
from .tensor.elementwise import cast as cast
from .tensor.own_scalar import BinaryScalarOp as BinaryScalarOp
from .tensor.own_scalar import UnaryScalarOp as UnaryScalarOp
from .tensor.own_scalar import float_out as float_out
from .tensor.own_scalar import same_out as same_out
from .tensor.own_scalar import specific_out as specific_out
from .tensor.own_scalar import transfer_type as transfer_type
from .tensor.own_scalar import upcast_out as upcast_out
from .tensor.own_scalar import upgrade_to_float as upgrade_to_float
from .tensor.ranges import Clip as Clip
from .tensor.ranges import InRange as InRange
from .tensor.ranges import clip as clip
from .tensor.ranges import inclosedrange as inclosedrange
from .tensor.ranges import inopenrange as inopenrange
from .tensor.scalar import ScalarOp as ScalarOp
from .tensor.variable import TensorConstant as TensorConstant
from .tensor.variable import TensorType as TensorType
from .tensor.variable import TensorVariable as TensorVariable


def get_scalar_type(dtype: str) -> TensorType:
    """The type of numbers of a dtype."""
    return TensorType(dtype, ())


class _OfRankZero(type):
    """A class whose instances are the objects of another that have rank 0."""

    of: type

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, cls.of) and instance.ndim == 0  # type: ignore[attr-defined]

    def __call__(cls, *args: Any, **keywords: Any) -> Any:
        """Make one; a type is made of its dtype alone."""
        if cls.of is TensorType:
            return get_scalar_type(*args, **keywords)
        return cls.of(*args, **keywords)


class Scalar(metaclass=_OfRankZero):
    """Types of numbers: ``Scalar("float32")``."""

    of = TensorType


class ScalarVariable(metaclass=_OfRankZero):
    """Variables that stand for numbers."""

    of = TensorVariable


class ScalarConstant(metaclass=_OfRankZero):
    """Constants that are numbers."""

    of = TensorConstant


def as_scalar(x: Any, name: str | None = None) -> TensorVariable:
    """``x`` as a variable of rank 0; raises `TypeError` if it has another."""
    made = _as_tensor(x, name)
    if made.ndim != 0:
        raise TypeError(f"a number is wanted, and {made} is {made.type}")
    return made


def as_common_dtype(*variables: Any) -> tuple[TensorVariable, ...]:
    """Variables, cast to the dtype that NumPy gives them combined."""
    made = [_as_tensor(x) for x in variables]
    dtype = upcast(*(v.dtype for v in made))
    return tuple(cast(v, dtype) for v in made)


def _several(dtype: str) -> Callable[[str], Any]:
    def make(names: str) -> Any:
        made = [get_scalar_type(dtype)(name) for name in names]
        return made[0] if len(made) == 1 else made

    make.__doc__ = f"Variables of rank 0 of {dtype}, one for each character of ``names``."
    return make


ints, floats, complexs = _several("int64"), _several("float64"), _several("complex128")


class _ClassOfRow(type):
    """The class of one scalar op: called it gives the op, and only that is an instance."""

    row: ScalarOp

    def __instancecheck__(cls, instance: object) -> bool:
        return instance is cls.row

    def __call__(cls, *args: Any, **keywords: Any) -> ScalarOp:
        return cls.row


def __getattr__(name: str) -> Any:
    found: Any
    if name in _dtypes.ALL:
        found = get_scalar_type(name)
    elif name == "Cast":
        found = type(_table.cast_to("float64"))
    elif name[:1].isupper():
        rows = (op for op in _table.SCALAR_OPS.values() if _class_name(op) == name)
        row = next(rows, None)
        if row is None:
            raise AttributeError(f"there is no scalar op of the class {name!r}")
        found = _ClassOfRow(name, (), {"row": row, "__doc__": row.doc})
    else:
        found = getattr(_table, name)
        if not isinstance(found, ScalarOp):
            raise AttributeError(f"there is no scalar op {name!r}")
    globals()[name] = found
    return found


def _class_name(op: ScalarOp) -> str:
    return "".join(word.capitalize() for word in op.name.split("_"))
