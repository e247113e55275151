"""Matrices that are seen to be transposes of others, or of themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
from bitale_graph.extend import (
    Alloc,
    Dimshuffle,
    Dot,
    Elementwise,
    Eye,
    Variable,
    constant_int,
    scalar,
)

from .forms import kind_of, made_by

_LONGEST = 50


def transposed(x: Variable) -> Any:
    """What a variable is the transpose of, in its last two axes; None if it is none."""
    moved = made_by(x, Dimshuffle)
    if moved is None:
        return None
    pattern, ndim = moved.op.pattern, moved.inputs[0].type.ndim
    is_swap = len(pattern) == ndim > 1 and pattern == (*range(ndim - 2), ndim - 1, ndim - 2)
    return moved.inputs[0] if is_swap else None


_SYMMETRIC_IF_OPERANDS = (
    *(scalar.add, scalar.sub, scalar.mul, scalar.true_div, scalar.neg),
    *(scalar.sqr, scalar.exp, scalar.identity, scalar.abs_),
)


def is_symmetric(x: Variable) -> bool:
    """Whether a real matrix is seen to equal its transpose: ``y y.T``, and sums of such."""
    waiting: list[Any] = [x]
    for _ in range(_LONGEST):
        if not waiting:
            return True
        v = waiting.pop()
        node = v.owner
        if kind_of(v) != "f":
            return False
        if v.type.ndim == 0 or v.type.shape == (1,) * v.type.ndim:
            continue
        if node is None:
            data = getattr(v, "data", np.empty((0, 1)))
            if not np.array_equal(data, np.swapaxes(data, -1, -2)):
                return False
        elif isinstance(node.op, Elementwise) and node.op.scalar_op in _SYMMETRIC_IF_OPERANDS:
            first, *others = node.inputs
            is_sum = node.op.scalar_op is scalar.add and len(others) == 1
            if is_sum and (transposed(others[0]) is first or transposed(first) is others[0]):
                continue
            waiting.extend(node.inputs)
        elif type(node.op) is Dot and node.inputs[0].type.ndim == 2:
            y, z = node.inputs
            if transposed(z) is not y and transposed(y) is not z:
                return False
        elif type(node.op) is Eye:
            rows, columns, place = node.inputs
            if constant_int(place) != 0 or not _is_one_length(rows, columns):
                return False
        elif type(node.op) is Alloc and node.inputs[0].type.ndim == 0:
            if len(node.inputs) != 3 or not _is_one_length(*node.inputs[1:]):
                return False
        else:
            return False
    return False


def _is_one_length(n: Variable, m: Variable) -> bool:
    known = constant_int(n)
    return n is m or (known is not None and known == constant_int(m))
