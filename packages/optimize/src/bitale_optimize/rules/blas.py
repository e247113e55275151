"""Matrix products with what is added to them, as calls of gemm.

Source: J. Dongarra et al., A set of level 3 basic linear algebra subprograms, ACM TOMS 16 (1990).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from bitale_graph import language as T
from bitale_graph.extend import (
    Apply,
    Dimshuffle,
    Dot,
    Elementwise,
    Gemm,
    Output,
    Variable,
    dimshuffle,
    scalar,
)

from ..engine.rewrite import Changes, RewriteContext, RuleSet
from ..facts.forms import row_of, uniform_constant

blas = RuleSet("blas", "sums with a matrix product become one call of gemm")


@blas.rule(
    tracks=[scalar.add, scalar.sub],
    before="2 * z + a * dot(x, y)",
    after="gemm(z, a, x, y, 2)",
    changes=Changes.ACCURACY,
)
def gemm_of_sum(node: Apply, context: RewriteContext) -> Variable | None:
    """Add a product to a matrix where that saves a pass over memory.

    That is so where the matrix is a product too (it is accumulated in place), and where it is an
    input whose new value is stored (a weight that is updated in place). Other sums are left to
    fusion.
    """
    assert isinstance(node.op, Elementwise)
    sign = -1 if node.op.scalar_op is scalar.sub else 1
    left, right = node.inputs
    for z, other, factor in ((left, right, sign), (right, left, 1)):
        if sign < 0 and z is right:
            continue
        product = _scaled_product(other, context)
        beta, z = _scaled_matrix(z, context)
        if product is None or not _is_accumulator(z, node, context):
            continue
        scale, (x, y) = product
        dims = context.shapes.dims
        static = (*z.type.shape, x.type.shape[0], y.type.shape[1])
        if dims(z) != (dims(x)[0], dims(y)[1]) and 1 in static:  # one of them is stretched
            continue
        dtype = node.out.type.dtype
        alpha: Any = T.constant(np.asarray(factor, dtype))
        if scale is not None:
            alpha = scale if factor == 1 else T.neg(scale)
        made: Variable = Gemm()(z, alpha, x, y, T.constant(np.asarray(beta, dtype)))
        return made
    return None


def _scaled_matrix(z: Variable, context: RewriteContext) -> tuple[Any, Variable]:
    """``(b, z)`` for ``b * z`` that nothing else reads, with a number that is known and not 0.

    By 0 gemm does not multiply: a NaN in z would be lost.
    """
    if row_of(z.owner) is scalar.mul and len(context.graph.clients[z]) == 1:
        assert z.owner is not None
        for factor, other in (z.owner.inputs, z.owner.inputs[::-1]):
            beta = uniform_constant(factor)
            if beta and other.type.ndim == 2:
                return beta, other
    return 1, z


def _scaled_product(v: Variable, context: RewriteContext) -> tuple[Any, list[Any]] | None:
    """``(a, [x, y])`` for ``a * dot(x, y)`` that nothing else reads; a is None for 1."""
    node = v.owner
    if node is None or len(context.graph.clients[v]) != 1:
        return None
    if type(node.op) is Dot:
        is_matrix = node.out.type.ndim == 2 and node.inputs[0].type.ndim == 2
        is_float = node.out.type.dtype in ("float32", "float64")
        return (None, node.inputs) if is_matrix and is_float else None
    if type(node.op) is Dimshuffle and node.op.pattern == (1, 0):
        return _transposed(_scaled_product(node.inputs[0], context))
    if not isinstance(node.op, Elementwise):
        return None
    if node.op.scalar_op is scalar.neg:
        inner = _scaled_product(node.inputs[0], context)
        if inner is None:
            return None
        dtype = node.out.type.dtype
        return (T.constant(np.asarray(-1, dtype)) if inner[0] is None else T.neg(inner[0])), inner[
            1
        ]
    if node.op.scalar_op is not scalar.mul:
        return None
    for scale, other in (node.inputs, node.inputs[::-1]):
        factor = _as_scalar(scale)
        inner = None if factor is None else _scaled_product(other, context)
        if inner is not None:
            return (factor if inner[0] is None else T.mul(factor, inner[0])), inner[1]
    return None


def _transposed(product: tuple[Any, list[Any]] | None) -> tuple[Any, list[Any]] | None:
    """The transpose of a product, which is that of transposes in the other order."""
    if product is None:
        return None
    scale, (x, y) = product
    return scale, [dimshuffle(y, 1, 0), dimshuffle(x, 1, 0)]


def _as_scalar(v: Any) -> Any:
    if v.type.ndim == 0:
        return v
    if all(n == 1 for n in v.type.shape):
        return v.dimshuffle()
    return None


def _is_accumulator(z: Variable, node: Apply, context: RewriteContext) -> bool:
    if z.type.ndim != 2 or z.type.dtype != node.out.type.dtype:
        return False
    if z.owner is not None:
        return type(z.owner.op) in (Dot, Gemm) and len(context.graph.clients[z]) == 1
    readers = context.graph.clients[node.out]
    return (
        z in context.graph.clients
        and not hasattr(z, "data")
        and all(isinstance(r, Output) for r, _ in readers)
    )
