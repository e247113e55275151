"""Tensor types and the variables of such types, which make each other."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any

from ..base import late
from ..base.config import config
from ..base.errors import DtypeError, where_made
from ..core.graph import Constant, Type, Variable
from .array_type import ArrayType, Shape
from .methods import TensorMethods


def _tell_of_float64(made: TensorVariable) -> None:
    """What `config.warn_float64` asks for, for who does not want such variables."""
    file, line, _ = next(iter(made.made_at), ("bitale", 1, ""))
    place = where_made(made)
    where = f" at {place}" if place else ""
    text = f"a variable of float64 was made{where}; config.warn_float64={config.warn_float64!r}"
    if config.warn_float64 == "warn":
        warnings.warn_explicit(text, UserWarning, file, line)
    elif config.warn_float64 == "raise":
        raise DtypeError(f"{text}\n  hint: cast() what it is made of, or set config.floatX")
    else:
        breakpoint()


class TensorType(ArrayType):
    """Arrays of one dtype and rank, and of the lengths that are known.

    Parameters
    ----------
    dtype : str
        Name of a dtype; ``"floatX"`` means ``config.floatX``.
    shape : sequence of int, bool or None
        For each axis its length where known, else None. Only an axis known to be of length 1
        broadcasts. A sequence of bools is a broadcast pattern: True stands for length 1, False for
        unknown.
    broadcastable : sequence of bool
        Another spelling of ``shape``. ``TensorType((True, False), "float64")`` is accepted as well.
    name : str, optional
        Of the type, for those who read programs; types of other names are equal.
    """

    __slots__ = ()

    def clone(
        self,
        dtype: str | None = None,
        shape: Shape | None = None,
        broadcastable: Iterable[bool] | None = None,
    ) -> TensorType:
        """A type with another dtype or shape (or broadcast pattern)."""
        if broadcastable is not None:
            return TensorType(dtype or self.dtype, broadcastable=broadcastable)
        return TensorType(dtype or self.dtype, self.shape if shape is None else shape)

    def loosened(self, other: Type) -> TensorType:
        """Leave out the lengths that ``other``, of the same dtype and rank, does not know.

        Give the type itself where there are none.
        """
        if not isinstance(other, TensorType) or other.dtype != self.dtype:
            return self
        if other.ndim != self.ndim or None not in other.shape:
            return self
        lengths = zip(self.shape, other.shape, strict=True)
        return self.clone(shape=tuple(None if m is None else n for n, m in lengths))

    def __reduce__(self) -> tuple[Any, ...]:
        return TensorType, (self.dtype, self.shape)

    def __call__(self, name: str | None = None) -> TensorVariable:
        """Make a variable of this type."""
        made = TensorVariable(self, name=name)
        if self.dtype == "float64" and config.warn_float64 != "ignore":
            _tell_of_float64(made)
        return made

    def convert_variable(self, other: Variable[Any]) -> TensorVariable | None:
        """``other`` with the lengths of this type, which are checked when it runs.

        None for another dtype, rank, or known length.
        """
        if not isinstance(other.type, TensorType) or other.type.dtype != self.dtype:
            return None
        pairs = list(zip(self.shape, other.type.shape, strict=False))
        if other.type.ndim != self.ndim or any(n != m and None not in (n, m) for n, m in pairs):
            return None
        return late.ops.shape.with_lengths(other, self.shape)

    def make_constant(self, value: Any, name: str | None = None) -> TensorConstant:
        """A constant of this type."""
        return TensorConstant(self, self.filter(value), name=name)


class TensorVariable(TensorMethods, Variable):
    """A tensor that an expression will have."""

    type: TensorType


class TensorConstant(TensorVariable, Constant):
    """A tensor whose value is known."""

    type: TensorType


TensorType.Variable, TensorType.Constant = TensorVariable, TensorConstant  # type: ignore[attr-defined]
