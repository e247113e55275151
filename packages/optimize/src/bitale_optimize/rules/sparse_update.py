"""Increments of a few rows after the arithmetic on all rows, so that both are done where they lie.

The derivative by a table of which some rows were read is zeros with something added at those rows.
An update of the table by it need not go over rows that were not read; and if it has to, because of
a penalty on all, the dense part is one pass.
"""

from __future__ import annotations

from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import (
    Apply,
    Variable,
    Write,
    cast,
    cast_to,
    dimshuffle,
    scalar,
)

from ..engine.phases import specialize
from ..engine.rewrite import Changes, RewriteContext
from ..facts.forms import dtype_of, is_inexact, is_uniform, kind_of, row_of

_LINEAR = (
    scalar.add,
    scalar.sub,
    scalar.neg,
    scalar.mul,
    scalar.true_div,
    *map(cast_to, ("float16", "float32", "float64")),
)


@specialize.rule(
    tracks=_LINEAR,
    before="c * inc_subtensor(x[i], y) + z",
    after="inc_subtensor((c * x + z)[i], c * y)",
    changes=Changes.DOMAIN,
    overflows=True,
)
def linear_of_increment(node: Apply, context: RewriteContext) -> Variable | None:
    """Add at the places named when all else is done; where zeros are added to, that is nothing."""
    output = node.outputs[0]
    if not is_inexact(output):
        return None
    for place, v in enumerate(node.inputs):
        written = _increment(v, context)
        if written is None or not context.shapes.same(v, output):
            continue
        found = _base_and_amount(node, place, written, context)
        if found is not None:
            made: Variable = written.op(*found, *written.inputs[2:])
            return made
    return None


def _increment(v: Variable, context: RewriteContext) -> Apply | None:
    """The node that adds at places, if ``v`` is its result and read once."""
    node = v.owner
    if node is None or not isinstance(node.op, Write) or node.op.set:
        return None
    return node if context.has_one_reader(v) else None


def _base_and_amount(
    node: Apply, place: int, written: Apply, context: RewriteContext
) -> tuple[Any, Any] | None:
    """What the tensor, and what is added to it, become by the arithmetic of ``node``."""
    row = row_of(node)
    output = node.outputs[0]
    x, y = written.inputs[:2]
    other = node.inputs[1 - place] if len(node.inputs) == 2 else None
    is_zero = is_uniform(x, 0)
    stays: Any = other if is_zero and other is not None else None
    if stays is not None and not context.shapes.same(stays, output):
        stays = None
    if row is scalar.add:
        return (T.add(x, other) if stays is None else stays), y
    if row is scalar.sub:
        if place == 0:
            return (T.sub(x, other) if stays is None else T.neg(stays)), y
        return (T.sub(other, x) if stays is None else stays), T.neg(y)
    if row is scalar.neg:
        return (x if is_zero else T.neg(x)), T.neg(y)
    if row in (scalar.mul, scalar.true_div):
        factor = _one_number(other)
        if factor is None or (row is scalar.true_div and place == 1):
            return None
        combine = T.mul if row is scalar.mul else T.true_div
        return (x if is_zero else combine(x, factor)), combine(y, factor)
    if kind_of(x) != "f":
        return None
    dtype = dtype_of(output)
    return cast(x, dtype), cast(y, dtype)


def _one_number(v: Any) -> Any:
    """``v`` as 0-d, if it holds one number; else None."""
    if any(n != 1 for n in v.type.shape):
        return None
    return dimshuffle(v) if v.type.ndim else v
