"""Inverses that are only multiplied with, and factors that are at hand.

Loaded when a program has linear algebra.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from bitale_graph import language as T
from bitale_graph.extend import Apply, BatchedDot, Dot, Variable, scalar
from bitale_graph.linalg import (
    QR,
    Cholesky,
    Det,
    MatrixInverse,
    SlogDet,
    Solve,
    SolveTriangular,
    swapped,
)

from ..engine.phases import canonical, specialize
from ..engine.rewrite import Changes, RewriteContext
from ..facts.forms import dtype_of, kind_of, made_by, operands
from ..facts.symmetry import is_symmetric, transposed


def factor_at_hand(x: Variable, node: Apply, context: RewriteContext) -> Apply[Cholesky] | None:
    """The node of the Cholesky factor of ``x``, if the graph has it and may read it."""
    for reader, _ in context.graph.clients.get(x, {}):
        found: Any = reader
        if type(getattr(found, "op", None)) is not Cholesky or found.op.on_error != "raise":
            continue
        if context.is_independent(found.outputs[0], node):
            return found  # type: ignore[no-any-return]  # of that op
    return None


@canonical.rule(
    tracks=[Dot, BatchedDot],
    before="dot(inv(x), y), or dot(y, inv(x))",
    after="solve(x, y), solve(x.T, y.T).T",
    changes=Changes.ACCURACY,
)
def product_with_inverse(node: Apply[Any], context: RewriteContext) -> Variable | None:
    """Solve for what an inverse is multiplied with, where nothing else reads the inverse."""
    factors: list[Any] = node.inputs
    first, second = factors
    for place, inverse in enumerate((first, second)):
        made = made_by(inverse, MatrixInverse)
        if made is None or not context.has_one_reader(inverse):
            continue
        x: Any = made.inputs[0]
        if dtype_of(x) != dtype_of(node.outputs[0]) or first is second:
            continue
        if place == 0:
            return Solve()(x, second)
        if first.type.ndim == 1:
            return Solve()(swapped(x), first)
        return swapped(Solve()(swapped(x), swapped(first)))
    return None


@canonical.rule(
    tracks=[MatrixInverse],
    before="inv(x.T)",
    after="inv(x).T",
    changes=Changes.ACCURACY,
)
def inverse_of_transpose(node: Apply, context: RewriteContext) -> Variable | None:
    """Transpose last, so that one inverse does for both."""
    x = transposed(node.inputs[0])
    return None if x is None else swapped(MatrixInverse()(x))


@canonical.rule(
    tracks=[scalar.log],
    before="log(det(x))",
    after="the second result of slogdet(x), NaN where the first is -1",
    changes=Changes.ACCURACY,
)
def log_of_determinant(node: Apply, context: RewriteContext) -> Variable | None:
    """Determinants of large matrices are soon out of range; their logarithms are not."""
    (y,) = node.inputs
    size = operands(y, scalar.abs_)
    made = made_by(y if size is None else size[0], Det)
    if made is None or kind_of(made.inputs[0]) != "f":
        return None
    if not context.has_one_reader(y) or not context.has_one_reader(made.outputs[0]):
        return None
    sign, logarithm = SlogDet()(made.inputs[0])
    return logarithm if size is not None else T.switch(T.lt(sign, 0), np.nan, logarithm)


@specialize.rule(
    tracks=[Det, SlogDet],
    before="det(x), slogdet(x), where cholesky(x) is computed and x is seen to be symmetric",
    after="the product of its squared diagonal, the sum of the logarithms",
    changes=Changes.ACCURACY,
)
def determinant_by_factor(
    node: Apply, context: RewriteContext
) -> Variable | list[Variable | None] | None:
    """A triangular matrix has its determinant on the diagonal."""
    (x,) = node.inputs
    if not is_symmetric(x):
        return None
    factor = factor_at_hand(x, node, context)
    if factor is None:
        return None
    diagonal = T.diagonal(factor.outputs[0], axis1=-2, axis2=-1)
    if type(node.op) is Det:
        found: Variable = T.sqr(T.prod(diagonal, axis=-1))
        return found
    logarithm = 2 * T.sum(T.log(diagonal), axis=-1)
    return [T.ones_like(logarithm), logarithm]


@specialize.rule(
    tracks=[Solve],
    before="solve(cholesky(x), y), solve(R, y) with R of qr(x)",
    after="solve_triangular",
    changes=Changes.ACCURACY,
)
def solve_of_triangle(node: Apply[Solve], context: RewriteContext) -> Variable | None:
    """What is known to be triangular needs no factors."""
    a, b = node.inputs
    if node.op.A_structure != "general" or kind_of(a) != "f":
        return None
    other = transposed(a)
    made = (a if other is None else other).owner
    if made is None:
        return None
    if type(made.op) is Cholesky:
        lower = made.op.lower
    elif type(made.op) is QR and (made.op.mode, (other or a).index) in _TRIANGULAR:
        lower = False
    else:
        return None
    if other is None:
        return SolveTriangular(lower)(a, b)
    return SolveTriangular(lower, "T")(other, b)


_TRIANGULAR = (("reduced", 1), ("complete", 1), ("r", 0))


@specialize.rule(
    tracks=[Solve],
    before="solve(x, y), where cholesky(x) is computed and x is seen to be symmetric",
    after="cho_solve((cholesky(x), True), y)",
    changes=Changes.ACCURACY,
)
def solve_by_factor(node: Apply[Solve], context: RewriteContext) -> Variable | None:
    """With the factor at hand two triangular solutions do."""
    a, b = node.inputs
    if node.op.A_structure == "general" and is_symmetric(a):
        made = factor_at_hand(a, node, context)
        if made is not None:
            factor, lower = made.outputs[0], made.op.lower
            half = SolveTriangular(lower, "N" if lower else "T")(factor, b)
            return SolveTriangular(lower, "T" if lower else "N")(factor, half)
    return None
