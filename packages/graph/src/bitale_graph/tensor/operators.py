"""The operators of Python that tensor variables answer."""

from __future__ import annotations

from typing import Any

from ..base import late
from .protocol import Symbolic


def _answers(other: object) -> bool:
    """Whether a variable of another kind, a sparse one, answers operators beside a tensor."""
    return getattr(other, "answers_tensors", False)


class TensorOperators(Symbolic):
    """What ``+``, ``<`` and the like make; ``==`` stays identity."""

    # Arithmetic
    def __neg__(self) -> late.TensorVariable:
        return late.ops.math.neg(self)

    def __pos__(self) -> late.TensorVariable:
        return self  # type: ignore[return-value]  # only variables have this class

    def __abs__(self) -> late.TensorVariable:
        return late.ops.math.abs_(self)

    def __invert__(self) -> late.TensorVariable:
        return late.ops.math.invert(self)

    def __add__(self, other: Any) -> late.TensorVariable:
        if _answers(other):
            return NotImplemented
        return late.ops.math.add(self, other)

    def __radd__(self, other: Any) -> late.TensorVariable:
        return late.ops.math.add(other, self)

    def __sub__(self, other: Any) -> late.TensorVariable:
        if _answers(other):
            return NotImplemented
        return late.ops.math.sub(self, other)

    def __rsub__(self, other: Any) -> late.TensorVariable:
        return late.ops.math.sub(other, self)

    def __mul__(self, other: Any) -> late.TensorVariable:
        if _answers(other):
            return NotImplemented
        return late.ops.math.mul(self, other)

    def __rmul__(self, other: Any) -> late.TensorVariable:
        return late.ops.math.mul(other, self)

    def __truediv__(self, other: Any) -> late.TensorVariable:
        if _answers(other):
            return NotImplemented
        return late.ops.math.true_div(self, other)

    def __rtruediv__(self, other: Any) -> late.TensorVariable:
        return late.ops.math.true_div(other, self)

    def __floordiv__(self, other: Any) -> late.TensorVariable:
        return late.ops.math.int_div(self, other)

    def __rfloordiv__(self, other: Any) -> late.TensorVariable:
        return late.ops.math.int_div(other, self)

    def __mod__(self, other: Any) -> late.TensorVariable:
        return late.ops.math.mod(self, other)

    def __rmod__(self, other: Any) -> late.TensorVariable:
        return late.ops.math.mod(other, self)

    def __divmod__(self, other: Any) -> tuple[late.TensorVariable, late.TensorVariable]:
        return late.ops.math.divmod(self, other)

    def __rdivmod__(self, other: Any) -> tuple[late.TensorVariable, late.TensorVariable]:
        return late.ops.math.divmod(other, self)

    def __pow__(self, other: Any) -> late.TensorVariable:
        return late.ops.math.pow(self, other)

    def __rpow__(self, other: Any) -> late.TensorVariable:
        return late.ops.math.pow(other, self)

    def __matmul__(self, other: Any) -> late.TensorVariable:
        if _answers(other):
            return NotImplemented
        return late.ops.matmul.matmul(self, other)

    def __rmatmul__(self, other: Any) -> late.TensorVariable:
        return late.ops.matmul.matmul(other, self)

    def __and__(self, other: Any) -> late.TensorVariable:
        return late.ops.math.and_(self, other)

    def __rand__(self, other: Any) -> late.TensorVariable:
        return late.ops.math.and_(other, self)

    def __or__(self, other: Any) -> late.TensorVariable:
        return late.ops.math.or_(self, other)

    def __ror__(self, other: Any) -> late.TensorVariable:
        return late.ops.math.or_(other, self)

    def __xor__(self, other: Any) -> late.TensorVariable:
        return late.ops.math.xor(self, other)

    def __rxor__(self, other: Any) -> late.TensorVariable:
        return late.ops.math.xor(other, self)

    def __lshift__(self, other: Any) -> late.TensorVariable:
        return late.ops.math.left_shift(self, other)

    def __rlshift__(self, other: Any) -> late.TensorVariable:
        return late.ops.math.left_shift(other, self)

    def __rshift__(self, other: Any) -> late.TensorVariable:
        return late.ops.math.right_shift(self, other)

    def __rrshift__(self, other: Any) -> late.TensorVariable:
        return late.ops.math.right_shift(other, self)

    def __ceil__(self) -> late.TensorVariable:
        return late.ops.math.ceil(self)

    def __floor__(self) -> late.TensorVariable:
        return late.ops.math.floor(self)

    def __trunc__(self) -> late.TensorVariable:
        return late.ops.math.trunc(self)

    # Comparison; ``==`` stays identity.
    def __lt__(self, other: Any) -> late.TensorVariable:
        if _answers(other):
            return NotImplemented
        return late.ops.math.lt(self, other)

    def __le__(self, other: Any) -> late.TensorVariable:
        if _answers(other):
            return NotImplemented
        return late.ops.math.le(self, other)

    def __gt__(self, other: Any) -> late.TensorVariable:
        if _answers(other):
            return NotImplemented
        return late.ops.math.gt(self, other)

    def __ge__(self, other: Any) -> late.TensorVariable:
        if _answers(other):
            return NotImplemented
        return late.ops.math.ge(self, other)
