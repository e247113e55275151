"""Products with diagonal matrices, which a Jacobian of what goes element by element is."""

from __future__ import annotations

from typing import Any

import numpy as np
from bitale_graph import language as T
from bitale_graph.extend import Apply, Constant, Dot, Eye, Variable, constant_int, scalar

from ..engine.phases import specialize
from ..engine.rewrite import Changes, RewriteContext
from ..facts.forms import row_of


@specialize.rule(
    tracks=[Dot],
    before="dot(eye(n) * v, x)",
    after="column(v) * x",
    changes=Changes.DOMAIN,
)
def product_with_diagonal(node: Apply[Dot], context: RewriteContext) -> Variable | None:
    """Multiply rows, or columns, by what stands on the diagonal; 0 * inf is not added to them."""
    left, right = node.inputs
    if not left.type.ndim == right.type.ndim == 2:
        return None
    dims = context.shapes.dims
    if dims(left)[1] != dims(right)[0]:
        return None
    for matrix, other, is_left in ((left, right, True), (right, left, False)):
        factors = _diagonal(matrix, context)
        if factors is None:
            continue
        made: Any = other
        for is_quotient, v in factors:
            v = _as_column(v) if is_left else _as_row(v)
            made = made / v if is_quotient else made * v
        result: Variable = made
        return result
    return None


def _diagonal(matrix: Any, context: RewriteContext) -> list[tuple[bool, Any]] | None:
    """What a unit matrix is multiplied with, or divided by, along its diagonal; None for others."""
    found: list[tuple[bool, Any]] = []
    while matrix.owner is not None:
        node = matrix.owner
        row = row_of(node)
        if type(node.op) is Eye:
            n, m, k = node.inputs
            length = context.shapes.length
            is_unit = constant_int(k) == 0 and length(n) == length(m) and 1 not in matrix.type.shape
            return found if is_unit else None
        if row not in (scalar.mul, scalar.true_div):
            return None
        a, b = node.inputs
        if _is_spread(b):
            matrix, other = a, b
        elif row is scalar.mul and _is_spread(a):
            matrix, other = b, a
        else:
            return None
        found.append((row is scalar.true_div, other))
    if not isinstance(matrix, Constant) or not _is_square(matrix):
        return None
    # A unit matrix of a known length was folded.
    entries = np.diagonal(matrix.data)
    if np.count_nonzero(matrix.data) != np.count_nonzero(entries):
        return None
    return found if (entries == 1).all() else [*found, (False, T.constant(entries.copy()))]


def _is_square(v: Any) -> bool:
    """Whether a constant is a square; one of 1 by 1 is spread itself over what multiplies it."""
    shape = v.data.shape
    return len(shape) == 2 and shape[0] == shape[1] > 1


def _is_spread(v: Any) -> bool:
    """Whether a factor of a matrix has one number for each of its rows, or columns, or one."""
    return bool(v.type.ndim < 2 or 1 in v.type.shape)


def _as_row(v: Any) -> Any:
    return T.dimshuffle(v, 1, 0) if v.type.ndim == 2 and v.type.shape[1] == 1 else v


def _as_column(v: Any) -> Any:
    if v.type.ndim == 1:
        return T.dimshuffle(v, 0, "x")
    return T.dimshuffle(v, 1, 0) if v.type.ndim == 2 and v.type.shape[0] == 1 else v
