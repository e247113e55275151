"""Reading expressions: which variables are an application of what, or a constant of one value."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from bitale_graph.extend import (
    Alloc,
    Apply,
    Constant,
    Dimshuffle,
    Elementwise,
    Op,
    Reduce,
    Reshape,
    ScalarOp,
    ShapeI,
    Softmax,
    SoftmaxCrossentropy,
    SpecifyShape,
    Variable,
    as_tensor,
    constant_int,
    is_cast,
    scalar,
)
from bitale_graph.extend import dtype as dtypes

OpT = TypeVar("OpT", bound=Op)
_KINDS = {name: np.dtype(name).kind for name in dtypes.ALL}


def operands(variable: Variable, row: ScalarOp) -> list[Any] | None:
    """The operands, if ``variable`` is computed by the elementwise op of ``row``; else None."""
    node = variable.owner
    if node is not None and isinstance(node.op, Elementwise) and node.op.scalar_op is row:
        return node.inputs
    return None


def row_of(node: Apply | None) -> ScalarOp | None:
    """The scalar op of an elementwise node; None for any other."""
    if node is not None and isinstance(node.op, Elementwise):
        return node.op.scalar_op
    return None


def made_by(variable: Variable, op: type[OpT], subclasses: bool = False) -> Apply[OpT] | None:
    """The node that computes ``variable``, if it is of this op class, or one under it."""
    node: Any = variable.owner
    if node is None or not (type(node.op) is op or (subclasses and isinstance(node.op, op))):
        return None
    found: Apply[OpT] = node
    return found


def dtype_of(variable: Variable) -> str:
    """The dtype of a tensor variable; an empty text for anything else."""
    return str(getattr(variable.type, "dtype", ""))


def kind_of(variable: Variable) -> str:
    """``"f"``, ``"c"``, ``"i"``, ``"u"`` or ``"b"``, as NumPy has it.

    Empty for what is no tensor.
    """
    return _KINDS.get(dtype_of(variable), "")


def adds_all(op: Reduce, x: Variable) -> bool:
    """Whether a reduction of ``x`` is a sum, in a dtype that holds every term as it is."""
    return op.scalar_op is scalar.add and np.can_cast(dtype_of(x), op.acc_dtype)


def is_inexact(variable: Variable) -> bool:
    """Whether the elements are floats or complex numbers."""
    return kind_of(variable) in ("f", "c")


def uniform(variable: Variable) -> Any:
    """The one value that every element has, as a NumPy scalar of the variable's dtype.

    None if it cannot be told.

    Fills, and ops that only move elements, are looked through.
    """
    node = variable.owner
    casts = []
    while node is not None:
        op = node.op
        if isinstance(op, Elementwise):
            if op.scalar_op is scalar.second:
                variable = node.inputs[1]
            elif is_cast(op.scalar_op):
                casts.append(dtype_of(variable))
                variable = node.inputs[0]
            else:
                return None
        elif type(op) in (Alloc, Dimshuffle, Reshape, SpecifyShape):
            variable = node.inputs[0]
        else:
            return None
        node = variable.owner
    value = uniform_constant(variable)
    if value is None:
        return None
    with np.errstate(all="ignore"):
        for dtype in reversed(casts):
            value = value.astype(dtype)
    return value


def uniform_constant(variable: Variable) -> Any:
    """The value of a constant whose elements are all equal, as a NumPy scalar.

    None where they differ; NaN equals nothing.
    """
    if not isinstance(variable, Constant) or not isinstance(variable.data, np.ndarray):
        return None
    data = variable.data
    if data.size == 0:
        return None
    first = data.flat[0]
    if data.size == 1:
        return first if first == first else None  # noqa: PLR0124 (false for NaN)
    # Most constant tables differ at once: a look at the ends saves a walk over the whole.
    if data.flat[-1] != first or not (data == first).all():
        return None
    return first


def is_uniform(variable: Variable, value: float) -> bool:
    """Whether every element is known to be ``value``."""
    found = uniform(variable)
    return found is not None and bool(found == value)


def number(value: Any, dtype: str) -> Any:
    """A 0-d constant of a dtype."""
    with np.errstate(all="ignore"):
        return as_tensor(np.asarray(value).astype(dtype))


_OF_LENGTHS = (scalar.add, scalar.mul, scalar.int_div, scalar.minimum, scalar.maximum)
# Of numbers up to this a product of a few is no more than an int64.
_LARGEST_LENGTH = 2**20


def is_length(variable: Variable) -> bool:
    """Whether an integer is seen to be no less than zero, and not beyond what memory holds.

    It is made of lengths of tensors, and of small numbers, by sums, products and the like.
    """
    stack: list[Any] = [variable]
    while stack:
        v = stack.pop()
        if made_by(v, ShapeI) is not None:
            continue
        known = constant_int(v)
        if known is not None:
            if not 0 <= known <= _LARGEST_LENGTH:
                return False
            continue
        row = row_of(v.owner)
        if row not in _OF_LENGTHS and not (row is not None and is_cast(row)):
            return False
        stack.extend(v.owner.inputs)
    return True


def combined_along(total: Variable, row: ScalarOp) -> tuple[Any, int] | None:
    """``(x, axis)`` if ``total`` is x combined by ``row`` along one axis, kept with length 1."""
    moved = made_by(total, Dimshuffle)
    reduced = made_by(moved.inputs[0] if moved is not None else total, Reduce)
    if reduced is None:
        return None
    op: Any = reduced.op
    x: Any = reduced.inputs[0]
    if (
        op.scalar_op is not row
        or len(op.axes) != 1
        or op.dtype != x.type.dtype
        or not np.can_cast(op.dtype, op.acc_dtype)
    ):
        return None
    (axis,) = op.axes
    if moved is None:
        # Without its first axis the sum stretches along it; so does the sum of a vector, a number.
        return (x, 0) if axis == 0 else None
    kept = [a for a in range(x.ndim) if a != axis]
    rest = iter(range(len(kept)))
    pattern: tuple[int | str, ...] = tuple("x" if a == axis else next(rest) for a in range(x.ndim))
    given = moved.op.pattern
    # A column is not needed where leading axes of length 1 are left to broadcasting.
    while pattern and pattern[0] == "x" and len(given) < len(pattern):
        pattern = pattern[1:]
    return (x, axis) if given == pattern else None


def is_softmax(p: Variable) -> bool:
    """Whether ``p`` is a softmax: alone, or as the second result of the fused loss."""
    if made_by(p, Softmax) is not None:
        return True
    return made_by(p, SoftmaxCrossentropy) is not None and p.index == 1
