"""Cross-entropy of softmax and its gradient, from the ways in which they are written out."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from bitale_graph import language as T
from bitale_graph.extend import (
    AdvancedIncSubtensor,
    AdvancedSubtensor,
    Apply,
    Arange,
    Crossentropy1Hot,
    Crossentropy1HotGrad,
    LogSoftmax,
    Output,
    Softmax,
    SoftmaxCrossentropy,
    SoftmaxCrossentropyGrad,
    SoftmaxGrad,
    Variable,
    constant_int,
    scalar,
)

from ..engine.phases import stability
from ..engine.rewrite import Changes, RewriteContext
from ..facts.forms import combined_along, is_softmax, is_uniform, kind_of, made_by, operands


@stability.rule(
    tracks=[Crossentropy1Hot],
    before="crossentropy(softmax(x), t)",
    after="softmax_crossentropy(x, t)",
    changes=Changes.ACCURACY,
)
def crossentropy_of_softmax(
    node: Apply[Crossentropy1Hot], context: RewriteContext
) -> Variable | None:
    """From the logits, with softmax as a second result for the gradient: one exp for both."""
    p, t = node.inputs
    inner = made_by(p, Softmax)
    if inner is None:
        return None
    x = inner.inputs[0]
    return _asked_again(x, SoftmaxCrossentropy()(x, t)[0], context)


@stability.rule(
    tracks=[Softmax],
    before="softmax(x), beside softmax_crossentropy(x, t)",
    after="the second result of softmax_crossentropy(x, t)",
)
def softmax_beside_crossentropy(node: Apply[Softmax], context: RewriteContext) -> Variable | None:
    """The loss computes softmax too; unless its targets are computed from this very softmax."""
    for reader, i in context.graph.clients[node.inputs[0]]:
        if i != 0 or isinstance(reader, Output) or type(reader.op) is not SoftmaxCrossentropy:
            continue
        if context.is_independent(reader.inputs[1], node):
            probabilities: Variable = reader.outputs[1]
            return probabilities
    return None


def _asked_again(x: Variable, loss: Variable, context: RewriteContext) -> Variable:
    """``loss``; and softmaxes of ``x`` are looked at again, since they may be had from it."""
    for reader, _ in context.graph.clients.get(x, ()):
        if isinstance(reader, Apply) and type(reader.op) is Softmax:
            context.requeue(reader)
    return loss


class _Picked(NamedTuple):
    """The elements at ``[arange(n), t]`` of a matrix, t an integer vector.

    ``is_partial`` tells whether n, the length of t, may be less than that of the matrix.
    """

    x: Any
    t: Any
    is_partial: bool

    @property
    def flags(self) -> tuple[bool, bool]:
        """Those of the ops of cross-entropy; an index may count from the end, targets do not."""
        return kind_of(self.t) != "u", self.is_partial

    def loss(self, x: Any) -> Variable:
        """The cross-entropy of the softmax of ``x``."""
        made: Variable = SoftmaxCrossentropy(*self.flags)(x, self.t)[0]
        return made


def _picked_rows(node: Apply[Any], context: RewriteContext) -> _Picked | None:
    if node.op.pattern != ("a", "a"):
        return None
    return _picked(node.inputs[0], node.inputs[-2], node.inputs[-1], context)


def _picked(x: Any, rows: Any, t: Any, context: RewriteContext) -> _Picked | None:
    if not _is_arange_of(rows, t, x, context):
        return None
    n, own = context.shapes.dims(x)[0], context.shapes.dims(t)[0]
    return _Picked(x, t, n != own == context.shapes.dims(rows)[0])


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
def picked_log_softmax(node: Apply[AdvancedSubtensor], context: RewriteContext) -> Variable | None:
    """The log-likelihood of the targets is minus their cross-entropy."""
    found = _picked_rows(node, context)
    inner = None if found is None else made_by(found.x, LogSoftmax)
    if inner is None:
        return None
    assert found is not None
    x = inner.inputs[0]
    return _asked_again(x, T.neg(found.loss(x)), context)


@stability.rule(
    tracks=[scalar.log],
    before="log(softmax(x)[arange(n), t])",
    after="-softmax_crossentropy(x, t)",
    changes=Changes.ACCURACY,
)
def log_of_picked_softmax(node: Apply, context: RewriteContext) -> Variable | None:
    """The same, where the probabilities are picked before the logarithm."""
    picked = made_by(node.inputs[0], AdvancedSubtensor)
    found = None if picked is None else _picked_rows(picked, context)
    inner = None if found is None else made_by(found.x, Softmax)
    if inner is None:
        return None
    assert found is not None
    x = inner.inputs[0]
    return _asked_again(x, T.neg(found.loss(x)), context)


@stability.rule(
    tracks=[SoftmaxGrad],
    before="softmax_grad(crossentropy_grad(p, ct, t), p)",
    after="softmax_crossentropy_grad(p, ct, t)",
    changes=Changes.ACCURACY,
)
def gradient_of_crossentropy(node: Apply[SoftmaxGrad], context: RewriteContext) -> Variable | None:
    """(p - onehot(t)) * ct, without dividing by probabilities."""
    ct, p = node.inputs
    inner = made_by(ct, Crossentropy1HotGrad)
    if inner is None or inner.inputs[0] is not p:
        return None
    made: Variable = SoftmaxCrossentropyGrad()(p, *inner.inputs[1:])
    return made


@stability.rule(
    tracks=[SoftmaxGrad],
    before="softmax_grad(inc(zeros, ct / p[arange, t], arange, t), p), p a softmax",
    after="softmax_crossentropy_grad(p, -ct, t)",
    changes=Changes.ACCURACY,
)
def gradient_of_picked_softmax(
    node: Apply[SoftmaxGrad], context: RewriteContext
) -> Variable | None:
    """The gradient of log(p[arange(n), t]), picked before or after the logarithm."""
    ct, p = node.inputs
    if not is_softmax(p):
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
    if source is None or source.x is not p or source.t is not found[1].t:
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
        summed = combined_along(total, scalar.add)
        if is_softmax(p) and summed is not None and summed[0] is g and summed[1] == 1:
            return _crossentropy_grad(p, *found)
    return None


def _written_rows(v: Variable, context: RewriteContext) -> tuple[Any, _Picked] | None:
    """Values, and where, if ``v`` is zeros with values added at ``[arange(n), t]``."""
    node = made_by(v, AdvancedIncSubtensor)
    if node is None or node.op.set or node.op.pattern != ("a", "a"):
        return None
    x, values, rows, t = node.inputs
    found = _picked(x, rows, t, context) if is_uniform(x, 0) else None
    return None if found is None else (values, found)


def _crossentropy_grad(p: Variable, values: Any, found: _Picked) -> Variable:
    t = found.t
    if values.ndim == 0 or values.type.shape[0] == 1 != t.type.shape[0]:
        values = T.second(t, values)
    made: Variable = SoftmaxCrossentropyGrad(*found.flags)(p, T.neg(values), t)
    return made
