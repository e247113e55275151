"""Softmax, its logarithm, and cross-entropy, from the ways in which they are written out."""

from __future__ import annotations

from typing import Any

import numpy as np
from bitale_graph import scalar
from bitale_graph.conversion import constant_int
from bitale_graph.ops import math as tm
from bitale_graph.ops import reduction
from bitale_graph.ops.creation import Arange
from bitale_graph.ops.indexing import AdvancedIncSubtensor, AdvancedSubtensor
from bitale_graph.ops.reduction import Argmax, Reduce
from bitale_graph.ops.shape import Dimshuffle
from bitale_graph.ops.softmax import (
    Crossentropy1Hot,
    Crossentropy1HotGrad,
    LogSoftmax,
    Softmax,
    SoftmaxCrossentropy,
    SoftmaxCrossentropyGrad,
    SoftmaxGrad,
    softmax,
)
from bitale_graph.traversal import toposort
from bitale_graph.variable import Apply, Variable

from ..forms import is_uniform, kind_of, made_by, operands
from ..pattern import PatternRule
from ..phases import stability
from ..rewrite import Changes, RewriteContext

stability.add(
    PatternRule(
        "log_of_softmax", "log(softmax(x))", "log_softmax(x)", Changes.ACCURACY,
        "softmax underflows to 0 where x is 104 (float32) or 745 (float64) below the largest",
    ).rule()
)  # fmt: skip


def _along(total: Variable, row: scalar.ScalarOp) -> tuple[Any, int] | None:
    """``(x, axis)`` if ``total`` is x combined by ``row`` along one axis that is kept with length 1."""
    moved = made_by(total, Dimshuffle)
    reduced = made_by(moved.inputs[0] if moved is not None else total, Reduce)
    if reduced is None:
        return None
    op: Any = reduced.op
    x: Any = reduced.inputs[0]
    if op.scalar_op is not row or len(op.axes) != 1 or op.dtype != x.type.dtype:
        return None
    (axis,) = op.axes
    if moved is None:
        # The sum of a vector is a number, and stretches over it.
        return (x, 0) if x.ndim == 1 else None
    kept = [a for a in range(x.ndim) if a != axis]
    rest = iter(range(len(kept)))
    pattern: tuple[int | str, ...] = tuple("x" if a == axis else next(rest) for a in range(x.ndim))
    given = moved.op.pattern  # type: ignore[attr-defined]
    # A column is not needed where leading axes of length 1 are left to broadcasting.
    while pattern and pattern[0] == "x" and len(given) < len(pattern):
        pattern = pattern[1:]
    return (x, axis) if given == pattern else None


@stability.rule(
    tracks=[scalar.true_div],
    before="exp(x) / sum(exp(x), axis, keepdims=True)",
    after="softmax(x)",
    changes=Changes.ACCURACY,
)
def softmax_of_quotient(node: Apply, context: RewriteContext) -> Variable | None:
    """Exp overflows above 88 in float32 and 709 in float64: inf / inf."""
    above, below = node.inputs
    inside = operands(above, scalar.exp)
    found = _along(below, scalar.add)
    if inside is None or found is None or found[0] is not above or kind_of(above) != "f":
        return None
    return softmax(inside[0], found[1])


@stability.rule(
    tracks=[Softmax], before="softmax(x - max(x))", after="softmax(x)", changes=Changes.ACCURACY
)
def softmax_of_shifted(node: Apply, context: RewriteContext) -> Variable | None:
    """Softmax subtracts the largest element itself."""
    parts = operands(node.inputs[0], scalar.sub)
    if parts is None:
        return None
    x, shift = parts
    found = _along(shift, scalar.maximum)
    if found is None or found[0] is not x or found[1] != x.ndim - 1:
        return None
    made: Variable = node.op(x)
    return made


@stability.rule(
    tracks=[scalar.log],
    before="log(sum(exp(x), axis))",
    after="m + log(sum(exp(x - m), axis)), m = max(x, axis)",
    changes=Changes.ACCURACY,
)
def log_of_sum_of_exp(node: Apply, context: RewriteContext) -> Variable | None:
    """Exp overflows above 88 in float32 and 709 in float64, and underflows as far below.

    Where the largest element is infinite nothing is subtracted. An empty axis, which gave -inf, is an error.
    """
    total = node.inputs[0]
    moved = made_by(total, Dimshuffle)
    reduced = made_by(moved.inputs[0] if moved is not None else total, Reduce)
    if reduced is None or kind_of(total) != "f":
        return None
    op: Any = reduced.op
    inside = operands(reduced.inputs[0], scalar.exp)
    if inside is None or op.scalar_op is not scalar.add or not op.axes:
        return None
    x = inside[0]
    if op.dtype != x.type.dtype or any(x.type.shape[a] == 0 for a in op.axes) or _is_shifted(x):
        return None
    largest = reduction.max(x, op.axes, keepdims=True)
    shift = tm.switch(tm.isinf(largest), np.zeros((), x.type.dtype), largest)
    summed = tm.log(op(tm.exp(tm.sub(x, shift))))
    kept: Any = tm.add2(summed, shift.dimshuffle(*(a for a in range(x.ndim) if a not in op.axes)))
    made: Variable = kept if moved is None else kept.dimshuffle(*moved.op.pattern)  # type: ignore[attr-defined]
    return made


def _is_shifted(x: Variable) -> bool:
    """Whether the largest element is subtracted already."""
    parts = operands(x, scalar.sub)
    if parts is None:
        return False
    choice = operands(parts[1], scalar.switch)
    found = _along(choice[2] if choice is not None else parts[1], scalar.maximum)
    shift = made_by(parts[1] if choice is None else choice[2], Dimshuffle)
    reduced = None if shift is None else made_by(shift.inputs[0], Reduce)
    return found is not None or (
        reduced is not None and reduced.inputs[0] is parts[0]
        and reduced.op.scalar_op is scalar.maximum  # type: ignore[attr-defined]
    )  # fmt: skip


@stability.rule(tracks=[Argmax], before="argmax(softmax(x))", after="argmax(x)")
def argmax_of_softmax(node: Apply, context: RewriteContext) -> Variable | None:
    """Softmax keeps the order along its axis; where it rounds to a tie, the first of the largest x is meant."""
    inner = made_by(node.inputs[0], Softmax)
    if inner is None or node.op.axis != node.inputs[0].type.ndim - 1:  # type: ignore[attr-defined]
        return None
    made: Variable = node.op(inner.inputs[0])
    return made


@stability.rule(
    tracks=[SoftmaxGrad],
    before="softmax_grad(u / p, p)",
    after="u - p * sum(u)",
    changes=Changes.ACCURACY,
)
def softmax_grad_of_quotient(node: Apply, context: RewriteContext) -> Variable | None:
    """The gradient of log(softmax(x)) without dividing by a probability that may be 0."""
    ct, p = node.inputs
    parts = operands(ct, scalar.true_div)
    if parts is None or parts[1] is not p:
        return None
    u = parts[0]
    if u.ndim != p.type.ndim or u.type.shape[-1] == 1 != p.type.shape[-1]:  # type: ignore[attr-defined]
        return None
    total = reduction.sum(u, u.ndim - 1, keepdims=True)
    made: Variable = tm.sub(u, tm.mul2(p, total))
    return made


@stability.rule(
    tracks=[Crossentropy1Hot],
    before="crossentropy(softmax(x), t)",
    after="softmax_crossentropy(x, t)",
    changes=Changes.ACCURACY,
)
def crossentropy_of_softmax(
    node: Apply, context: RewriteContext
) -> dict[Variable, Variable] | None:
    """From the logits, with softmax as a second result for the gradient: one exp for both."""
    p, t = node.inputs
    inner = made_by(p, Softmax)
    if inner is None or isinstance(inner.op, LogSoftmax):
        return None
    loss, probabilities = SoftmaxCrossentropy()(inner.inputs[0], t)
    return _with_softmax({node.outputs[0]: loss}, node, p, probabilities, t, context)


def _with_softmax(
    replaced: dict[Variable, Variable],
    node: Apply,
    p: Variable,
    probabilities: Variable,
    t: Variable,
    context: RewriteContext,
) -> dict[Variable, Variable]:
    """Let other readers of the softmax ``p`` read ``probabilities``, unless the targets are computed from it."""
    readers = context.graph.clients.get(p, {})
    if any(reader is not node for reader, _ in readers) and not any(
        p in other.outputs for other in toposort([t])
    ):
        replaced[p] = probabilities
    return replaced


def _picked_rows(node: Apply, context: RewriteContext) -> tuple[Any, Any] | None:
    """``(x, t)`` if ``node`` computes ``x[arange(len(x)), t]`` of a matrix, t an integer vector."""
    if node.op.pattern != ("a", "a"):  # type: ignore[attr-defined]
        return None
    x, rows, t = node.inputs[0], node.inputs[-2], node.inputs[-1]
    return (x, t) if _is_arange_of(rows, t, x, context) else None


def _is_arange_of(rows: Any, t: Any, x: Any, context: RewriteContext) -> bool:
    if x.type.ndim != 2 or rows.type.ndim != 1 or t.type.ndim != 1:
        return False
    if t.type.shape[0] == 1 != x.type.shape[0] or kind_of(t) not in ("i", "u"):
        return False
    made = made_by(rows, Arange)
    if made is not None:
        start, stop, step = made.inputs
        if constant_int(start) != 0 or constant_int(step) != 1:
            return False
        n = context.shapes.length(stop)
        # The targets have the length of the index they are paired with.
        return n in (context.shapes.dims(x)[0], context.shapes.dims(t)[0])
    data = getattr(rows, "data", None)
    return (
        data is not None
        and x.type.shape[0] == len(data)
        and bool(np.array_equal(data, np.arange(len(data))))
    )


@stability.rule(
    tracks=[AdvancedSubtensor],
    before="log_softmax(x)[arange(n), t]",
    after="-softmax_crossentropy(x, t)",
    changes=Changes.ACCURACY,
)
def picked_log_softmax(node: Apply, context: RewriteContext) -> Variable | None:
    """The log-likelihood of the targets is minus their cross-entropy."""
    found = _picked_rows(node, context)
    inner = None if found is None else made_by(found[0], LogSoftmax)
    if inner is None:
        return None
    assert found is not None
    made: Variable = tm.neg(SoftmaxCrossentropy()(inner.inputs[0], found[1])[0])
    return made


@stability.rule(
    tracks=[scalar.log],
    before="log(softmax(x)[arange(n), t])",
    after="-softmax_crossentropy(x, t)",
    changes=Changes.ACCURACY,
)
def log_of_picked_softmax(node: Apply, context: RewriteContext) -> dict[Variable, Variable] | None:
    """The same, where the probabilities are picked before the logarithm."""
    picked = made_by(node.inputs[0], AdvancedSubtensor)
    found = None if picked is None else _picked_rows(picked, context)
    inner = None if found is None else made_by(found[0], Softmax)
    if inner is None or isinstance(inner.op, LogSoftmax):
        return None
    assert found is not None
    p, t = found
    loss, probabilities = SoftmaxCrossentropy()(inner.inputs[0], t)
    return _with_softmax({node.outputs[0]: tm.neg(loss)}, node, p, probabilities, t, context)


def _is_softmax(p: Variable) -> bool:
    """Whether ``p`` is a softmax: alone, or as the second result of the fused loss."""
    inner = made_by(p, Softmax)
    if inner is not None:
        return not isinstance(inner.op, LogSoftmax)
    return made_by(p, SoftmaxCrossentropy) is not None and p.index == 1


@stability.rule(
    tracks=[SoftmaxGrad],
    before="softmax_grad(crossentropy_grad(p, ct, t), p), p a softmax",
    after="softmax_crossentropy_grad(p, ct, t)",
    changes=Changes.ACCURACY,
)
def gradient_of_crossentropy(node: Apply, context: RewriteContext) -> Variable | None:
    """(p - onehot(t)) * ct, without dividing by probabilities."""
    ct, p = node.inputs
    inner = made_by(ct, Crossentropy1HotGrad)
    if inner is None or inner.inputs[0] is not p or not _is_softmax(p):
        return None
    made: Variable = SoftmaxCrossentropyGrad()(p, *inner.inputs[1:])
    return made


@stability.rule(
    tracks=[SoftmaxGrad],
    before="softmax_grad(inc(zeros, ct / p[arange, t], arange, t), p), p a softmax",
    after="softmax_crossentropy_grad(p, -ct, t)",
    changes=Changes.ACCURACY,
)
def gradient_of_picked_softmax(node: Apply, context: RewriteContext) -> Variable | None:
    """The gradient of log(p[arange(n), t]), picked before or after the logarithm."""
    ct, p = node.inputs
    if not _is_softmax(p):
        return None
    parts = operands(ct, scalar.true_div)
    if parts is not None and parts[1] is p:
        found = _written_rows(parts[0], context)
        return None if found is None else _crossentropy_grad(p, *found)
    found = _written_rows(ct, context)
    quotient = None if found is None else operands(found[0], scalar.true_div)
    if found is None or quotient is None:
        return None
    picked = made_by(quotient[1], AdvancedSubtensor)
    source = None if picked is None else _picked_rows(picked, context)
    if source is None or source[0] is not p or source[1] is not found[1]:
        return None
    return _crossentropy_grad(p, quotient[0], found[1])


@stability.rule(
    tracks=[scalar.sub],
    before="g - p * sum(g), g = inc(zeros, ct, arange, t), p a softmax",
    after="softmax_crossentropy_grad(p, -ct, t)",
    changes=Changes.ACCURACY,
)
def gradient_of_picked_log_softmax(node: Apply, context: RewriteContext) -> Variable | None:
    """The gradient of log_softmax(x)[arange(n), t]."""
    g, product = node.inputs
    found = _written_rows(g, context)
    factors = operands(product, scalar.mul)
    if found is None or factors is None:
        return None
    for p, total in (factors, factors[::-1]):
        summed = _along(total, scalar.add)
        if _is_softmax(p) and summed is not None and summed[0] is g and summed[1] == 1:
            return _crossentropy_grad(p, *found)
    return None


def _written_rows(v: Variable, context: RewriteContext) -> tuple[Any, Any] | None:
    """``(values, t)`` if ``v`` is zeros with values added at ``[arange(n), t]``."""
    node = made_by(v, AdvancedIncSubtensor)
    if node is None or node.op.set or node.op.pattern != ("a", "a"):  # type: ignore[attr-defined]
        return None
    x, values, rows, t = node.inputs
    if not is_uniform(x, 0) or not _is_arange_of(rows, t, x, context):
        return None
    return values, t


def _crossentropy_grad(p: Variable, values: Any, t: Any) -> Variable:
    if values.ndim == 0:
        values = tm.second(p[:, 0], values)  # type: ignore[index]
    made: Variable = SoftmaxCrossentropyGrad()(p, tm.neg(values), t)
    return made
