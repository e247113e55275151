"""Matrix products of one row, column or term, stacks that are less, and what is symmetric."""

from __future__ import annotations

from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import (
    Apply,
    BatchedDot,
    Dimshuffle,
    Dot,
    Reduce,
    Variable,
    accumulator_dtype,
    dimshuffle,
)

from ..engine.phases import specialize
from ..engine.rewrite import Changes, RewriteContext
from ..facts.forms import adds_all, dtype_of, is_inexact, made_by
from ..facts.symmetry import is_symmetric, transposed


@specialize.rule(
    tracks=[Dot, BatchedDot],
    before="dot(x, y), x with one column and y with one row",
    after="x * y",
)
def product_of_column_and_row(node: Apply, context: RewriteContext) -> Variable | None:
    """Multiply element by element, which fuses, where there is nothing to sum."""
    x, y = node.inputs
    if x.type.ndim < 2 or y.type.ndim < 2 or not x.type.shape[-1] == y.type.shape[-2] == 1:
        return None
    made: Variable = T.mul(x, y)
    return made


@specialize.rule(
    tracks=[Dot],
    before="dot(x, y), x with one row",
    after="dimshuffle(dot(x[0], y), 'x', 0)",
    changes=Changes.ACCURACY,
)
def product_of_one_row(node: Apply[Dot], context: RewriteContext) -> Variable | None:
    """A matrix of one row, or of one column, is a vector: its product reads the other one once."""
    x, y = node.inputs
    has_row = x.type.ndim == 2 and x.type.shape[0] == 1
    has_column = y.type.ndim == 2 and y.type.shape[1] == 1
    if not (has_row or has_column) or not is_inexact(x):
        return None
    made: Any = Dot()(dimshuffle(x, 1) if has_row else x, dimshuffle(y, 0) if has_column else y)
    places = iter(range(made.ndim))
    axes = [has_row] if x.type.ndim == 2 else []
    axes += [has_column] if y.type.ndim == 2 else []
    return dimshuffle(made, *("x" if is_one else next(places) for is_one in axes))


@specialize.rule(
    tracks=[BatchedDot],
    before="batched_dot(x, y), one pair of matrices",
    after="dimshuffle(dot(x[0], y[0]), 'x', 0, 1)",
    changes=Changes.ACCURACY,
)
def stack_of_one(node: Apply[BatchedDot], context: RewriteContext) -> Variable | None:
    """Axes along which both stacks have one matrix are none."""
    x, y = node.inputs
    ndim = x.type.ndim
    shapes = zip(x.type.shape[:-2], y.type.shape[:-2], strict=True)
    kept = [a for a, lengths in enumerate(shapes) if lengths != (1, 1)]
    if len(kept) == ndim - 2:
        return None
    kept += [ndim - 2, ndim - 1]
    op: Any = BatchedDot() if len(kept) > 2 else Dot()
    made = op(dimshuffle(x, *kept), dimshuffle(y, *kept))
    return dimshuffle(made, *(kept.index(a) if a in kept else "x" for a in range(ndim)))


@specialize.rule(
    tracks=[BatchedDot],
    before="batched_dot(x, y), x with one row and y with one column",
    after="sum(x * y)",
    changes=Changes.ACCURACY,
)
def stack_of_vectors(node: Apply[BatchedDot], context: RewriteContext) -> Variable | None:
    """Products of vectors are a sum of products of elements, which fuses."""
    x, y = node.inputs
    ndim = x.type.ndim
    if not (x.type.shape[-2] == y.type.shape[-1] == 1):
        return None
    lead = range(ndim - 2)
    dtype = dtype_of(node.outputs[0])
    products = T.mul(dimshuffle(x, *lead, ndim - 1), dimshuffle(y, *lead, ndim - 2))
    total = T.sum(products, axis=-1, dtype=dtype, acc_dtype=accumulator_dtype(dtype))
    return dimshuffle(total, *lead, "x", "x")


@specialize.rule(
    tracks=[Reduce],
    before="sum(batched_dot(x, y), axis=0)",
    after="tensordot(x, y, [[0, 2], [0, 1]])",
    changes=Changes.ACCURACY,
)
def sum_of_stack(node: Apply[Reduce], context: RewriteContext) -> Variable | None:
    """What is summed over the pairs is a single product, of matrices side by side."""
    op: Any = node.op
    inner = made_by(node.inputs[0], BatchedDot)
    if inner is None or not adds_all(op, node.inputs[0]) or op.dtype != dtype_of(node.inputs[0]):
        return None
    if not is_inexact(node.inputs[0]) or not context.has_one_reader(node.inputs[0]):
        return None
    x, y = inner.inputs
    rows = x.type.ndim - 2
    # An axis that one of them lacks is summed before, and not joined to those of the product.
    stretched = [1 in (x.type.shape[a], y.type.shape[a]) for a in op.axes if a < rows]
    if not op.axes or max(op.axes) >= rows or any(stretched):
        return None
    lead = list(range(rows))
    kept = [a for a in lead if a not in op.axes]
    made: Variable = T.einsum(
        x, [*lead, rows, rows + 1], y, [*lead, rows + 1, rows + 2], [*kept, rows, rows + 2]
    )
    return made


@specialize.rule(
    tracks=[Dimshuffle],
    before="dot(x, x.T).T, and other transposes of what is seen to be symmetric",
    after="dot(x, x.T)",
    changes=Changes.ACCURACY,
)
def transpose_of_symmetric(node: Apply, context: RewriteContext) -> Variable | None:
    """The transpose of a symmetric matrix is itself."""
    x = transposed(node.outputs[0])
    if x is None or x.type.ndim != 2 or not is_symmetric(x):
        return None
    found: Variable = x
    return found
