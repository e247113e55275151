"""Shapes without computing what has them; dimshuffles and reshapes composed, lifted and dropped."""

from __future__ import annotations

import numpy as np
from bitale_graph.extend import (
    Apply,
    Dimshuffle,
    Elementwise,
    Join,
    Reduce,
    Reshape,
    ShapeI,
    SpecifyShape,
    Variable,
    as_tensor,
    constant_int,
    dimshuffle,
    scalar,
    shape_i,
)

from ..algebra.factors import QUOTIENT_ROWS
from ..engine.fitting import inferred_lengths
from ..engine.phases import canonical
from ..engine.rewrite import Changes, RewriteContext
from ..facts.forms import is_uniform, made_by, number, row_of
from ..facts.shapes import Dims


@canonical.rule(
    tracks=[ShapeI],
    before="shape(f(x))[i]",
    after="an expression of the lengths of x",
    changes=Changes.DOMAIN,
)
def shape_of_computed(node: Apply[ShapeI], context: RewriteContext) -> Variable | None:
    """Find lengths without computing the tensor; a shape error inside it is lost."""
    x = node.inputs[0]
    axis = node.op.axis
    token = context.shapes.dims(x)[axis]
    if isinstance(token, int):
        known: Variable = as_tensor(np.int64(token))
        return known
    root, at = token
    is_there = root.owner is None or root in context.graph.clients
    if root is not x and is_there and context.is_independent(root, node):
        return root if at < 0 else shape_i(root, at)
    if x.owner is None:
        return None
    lengths = inferred_lengths(x.owner)
    mine = None if lengths is None else lengths[x.index or 0]
    if mine is None:
        return None
    length: Variable = mine[axis]
    return length


@canonical.rule(
    tracks=[scalar.maximum, scalar.ge, scalar.lt],
    before="maximum(x.shape[0], 0), x.shape[0] >= 0, x.shape[0] < 0",
    after="x.shape[0], True, False",
    changes=Changes.DOMAIN,
)
def length_beside_zero(node: Apply, context: RewriteContext) -> Variable | None:
    """A length is never negative."""
    row = row_of(node)
    pairs = (node.inputs, node.inputs[::-1]) if row is scalar.maximum else (node.inputs,)
    for length, zero in pairs:
        if made_by(length, ShapeI) is not None and is_uniform(zero, 0):
            truth: Variable = number(row is scalar.ge, "bool")
            return length if row is scalar.maximum else truth
    return None


@canonical.rule(tracks=[SpecifyShape], before="specify_shape(x, known lengths)", after="x")
def specify_known_shape(node: Apply[SpecifyShape], context: RewriteContext) -> Variable | None:
    """A promise that the type keeps already says nothing."""
    x = node.inputs[0]
    return x if node.outputs[0].type.admits(x.type) else None


@canonical.rule(
    tracks=[Dimshuffle], before="dimshuffle(dimshuffle(x, p), q)", after="dimshuffle(x, p[q])"
)
def dimshuffle_of_dimshuffle(node: Apply[Dimshuffle], context: RewriteContext) -> Variable | None:
    """Two reorderings are one."""
    inner = made_by(node.inputs[0], Dimshuffle)
    if inner is None:
        return None
    first, then = inner.op.pattern, node.op.pattern
    return dimshuffle(inner.inputs[0], *("x" if p == "x" else first[p] for p in then))


@canonical.rule(tracks=[Dimshuffle], before="dimshuffle(x, 0, 1)", after="x")
def dimshuffle_to_own_order(node: Apply[Dimshuffle], context: RewriteContext) -> Variable | None:
    """The order that is there needs no reordering."""
    x = node.inputs[0]
    order = tuple(range(x.type.ndim))
    return x if node.op.pattern == order else None


@canonical.rule(
    tracks=[Dimshuffle, Reshape], before="reshape(exp(x), n)", after="exp(reshape(x, n))"
)
def move_of_elementwise(node: Apply, context: RewriteContext) -> Variable | None:
    """Functions of one number move outwards, where others meet them."""
    inner = made_by(node.inputs[0], Elementwise, subclasses=True)
    if inner is None or len(inner.inputs) != 1 or not context.has_one_reader(node.inputs[0]):
        return None
    reader = context.reader(node.outputs[0])
    if reader is not None and type(reader.op) is Reduce and type(node.op) is Dimshuffle:
        # A reduction takes a reordering in.
        return None
    made: Variable = inner.op(node.op(inner.inputs[0], *node.inputs[1:]))
    return made


@canonical.rule(
    tracks=[Dimshuffle],
    before="dimshuffle(x * y, 0, 'x')",
    after="dimshuffle(x, 0, 'x') * dimshuffle(y, 0, 'x')",
)
def dimshuffle_of_product(node: Apply[Dimshuffle], context: RewriteContext) -> Variable | None:
    """A factor that is stretched meets the other factors outside."""
    inner = made_by(node.inputs[0], Elementwise, subclasses=True)
    if inner is None or row_of(inner) not in QUOTIENT_ROWS or len(inner.inputs) != 2:
        return None
    reader = context.reader(node.outputs[0])
    if not context.has_one_reader(node.inputs[0]) or row_of(reader) not in QUOTIENT_ROWS:
        return None
    ranks = {v.type.ndim for v in inner.inputs}
    if ranks == {0} or not ranks <= {0, node.inputs[0].type.ndim}:
        return None
    # Axes that are dropped must be known to have length 1 in both factors.
    kept = {p for p in node.op.pattern if p != "x"}
    if len(kept) != node.inputs[0].type.ndim:
        return None
    moved = [node.op(v) if v.type.ndim else v for v in inner.inputs]
    made: Variable = inner.op(*moved)
    return made


@canonical.rule(
    tracks=[Reshape],
    before="reshape(reshape(x, n), m)",
    after="reshape(x, m)",
    changes=Changes.DOMAIN,
)
def reshape_of_reshape(node: Apply[Reshape], context: RewriteContext) -> Variable | None:
    """Only the last shape counts."""
    inner = made_by(node.inputs[0], Reshape)
    if inner is None:
        return None
    made: Variable = node.op(inner.inputs[0], *node.inputs[1:])
    return made


@canonical.rule(
    tracks=[Reshape], before="reshape(x, shape of x)", after="x", changes=Changes.DOMAIN
)
def reshape_to_own_shape(node: Apply[Reshape], context: RewriteContext) -> Variable | None:
    """The shape that is there needs no reshape; one length may be deduced."""
    x, *lengths = node.inputs
    mine = context.shapes.dims(x)
    if len(mine) != len(lengths):
        return None
    if [constant_int(n) for n in lengths].count(-1) > 1:
        return None
    same = [
        constant_int(n) == -1 or context.shapes.length(n) == d
        for n, d in zip(lengths, mine, strict=False)
    ]
    return x if all(same) else None


@canonical.rule(
    tracks=[Reshape],
    before="reshape(x, (n, 1)), x of length n",
    after="dimshuffle(x, 0, 'x')",
    changes=Changes.DOMAIN,
)
def reshape_by_ones(node: Apply[Reshape], context: RewriteContext) -> Variable | None:
    """A reshape that only adds or drops axes of length 1 is a dimshuffle, which fuses."""
    x = node.inputs[0]
    wanted = _by_ones(context.shapes.dims(x), context.shapes.dims(node.outputs[0]))
    if wanted is None:
        return None
    # What is dropped must be 1 by its type too: a length may be known to the analysis alone.
    dropped = [n for a, n in enumerate(x.type.shape) if a not in wanted]
    return dimshuffle(x, *wanted) if all(n == 1 for n in dropped) else None


def _by_ones(old: Dims, new: Dims) -> list[int | str] | None:
    """The dimshuffle that adds and drops ones, if it makes ``new`` out of ``old``."""
    rest = [a for a, t in enumerate(old) if t != 1]
    if [old[a] for a in rest] != [t for t in new if t != 1]:
        return None
    order = iter(rest)
    return ["x" if t == 1 else next(order) for t in new]


@canonical.rule(tracks=[Join], before="join(0, x)", after="x")
def join_of_one(node: Apply[Join], context: RewriteContext) -> Variable | None:
    """One tensor stands for itself."""
    return node.inputs[0] if len(node.inputs) == 1 else None


@canonical.rule(
    tracks=[Join], before="join(0, x, empty, y)", after="join(0, x, y)", changes=Changes.DOMAIN
)
def join_with_empty(node: Apply[Join], context: RewriteContext) -> Variable | None:
    """Tensors known to be empty along the axis add nothing."""
    axis = node.op.axis
    kept = [v for v in node.inputs if v.type.shape[axis] != 0]
    if len(kept) == len(node.inputs) or not kept:
        return None
    made: Variable = node.op(*kept)
    return made
