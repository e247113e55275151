"""How a choice made behind an op reaches what is before it: conditions move as cotangents do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import (
    AdvancedIncSubtensor,
    AdvancedIncSubtensor1,
    AdvancedSubtensor,
    AdvancedSubtensor1,
    Alloc,
    Assert,
    BatchedDot,
    Crossentropy1Hot,
    Crossentropy1HotGrad,
    Dimshuffle,
    Dot,
    IncSubtensor,
    Join,
    LogSoftmax,
    MakeVector,
    PutAlongAxis,
    Reduce,
    Reshape,
    Scan,
    Softmax,
    SoftmaxCrossentropyGrad,
    SoftmaxGrad,
    SpecifyShape,
    Subtensor,
    TakeAlongAxis,
    keep_axes,
)
from bitale_graph.extend import scalar as s

from ..choices import choice_rules, guard_rules
from ..rows import is_length

rule = choice_rules.define

Terms = list[tuple[Any, bool]]


def _first(condition: Any, inputs: Sequence[Any], is_due: bool = False) -> Terms:
    """A condition for the first input; the others are lengths or indices."""
    return [(condition, is_due), *[(None, is_due)] * (len(inputs) - 1)]


def _everywhere(y: Any, chosen: Any) -> Any:
    """A condition in the whole shape of what it is about."""
    return T.second(y, chosen) if chosen.ndim else chosen


@rule(SpecifyShape, Assert, Alloc)
def choice_through_same_shape(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], chosen: Any
) -> Terms:
    """The same condition; the walker sees to axes that a value was repeated along."""
    return _first(chosen, inputs)


@rule(Dimshuffle)
def choice_through_dimshuffle(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], chosen: Any
) -> Terms:
    """Put the axes back."""
    if not chosen.ndim:
        return _first(chosen, inputs)
    chosen = T.as_tensor(chosen, ndim=outputs[0].ndim)
    back = (op.pattern.index(a) if a in op.pattern else "x" for a in range(inputs[0].ndim))
    return _first(T.dimshuffle(chosen, *back), inputs)


@rule(Reshape)
def choice_through_reshape(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], chosen: Any
) -> Terms:
    """Take the old shape again."""
    if not chosen.ndim:
        return _first(chosen, inputs)
    x = inputs[0]
    lengths = [T.shape_i(x, a) for a in range(x.ndim)]
    return _first(T.reshape(_everywhere(outputs[0], chosen), lengths), inputs)


@rule(MakeVector)
def choice_through_vector(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], chosen: Any
) -> Terms:
    """One element for each."""
    if not chosen.ndim:
        return [(chosen, False)] * len(inputs)
    chosen = _everywhere(outputs[0], chosen)
    return [(chosen[i], False) for i in range(len(inputs))]


@rule(Join)
def choice_through_join(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], chosen: Any
) -> Terms:
    """Cut at the seams."""
    at = op.axis - outputs[0].ndim
    if chosen.ndim < -at or chosen.type.shape[at] == 1:
        return [(chosen, False)] * len(inputs)
    terms: Terms = []
    start: Any = 0
    for part in inputs:
        stop = T.add(start, T.shape_i(part, op.axis))
        rows = (slice(None),) * (chosen.ndim + at)
        terms.append((chosen[(*rows, slice(start, stop))], False))
        start = stop
    return terms


@rule(Reduce)
def choice_through_reduction(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], chosen: Any
) -> Terms:
    """The same along the axes that were reduced."""
    is_due = op.scalar_op is s.mul
    if not chosen.ndim:
        return [(chosen, is_due)]
    chosen = T.as_tensor(chosen, ndim=outputs[0].ndim)
    return [(keep_axes(chosen, op.axes, inputs[0].ndim), is_due)]


@rule(Subtensor, AdvancedSubtensor1, AdvancedSubtensor, TakeAlongAxis)
def choice_through_reading(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], chosen: Any
) -> Terms:
    """What was read and chosen; one read twice counts if it was chosen once."""
    x, *index = inputs
    if not chosen.ndim:
        return _first(chosen, inputs)
    lengths = [T.shape_i(x, a) for a in range(x.ndim)]
    count = T.cast(_everywhere(outputs[0], chosen), "int32")
    places = op.writing(False)(T.zeros(lengths, dtype="int32"), count, *index)
    return _first(T.gt(places, 0), inputs)


@rule(IncSubtensor, AdvancedIncSubtensor1, AdvancedIncSubtensor, PutAlongAxis)
def choice_through_writing(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], chosen: Any
) -> Terms:
    """What is written to reads the condition at its places."""
    index = inputs[2:]
    written = op.reading()(_everywhere(outputs[0], chosen), *index) if chosen.ndim else chosen
    return [(chosen, False), (written, False), *[(None, False)] * len(index)]


@rule(Dot)
def choice_through_product(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], chosen: Any
) -> Terms:
    """Rows of the first factor and columns of the second, where anything was chosen in them.

    Zero times an element of the other factor is NaN if that is infinite; a choice by rows (or by
    columns) is made again behind the product.
    """
    x, y = inputs
    if not chosen.ndim:
        return [(chosen, True)] * 2
    if x.ndim == 1:
        return [(T.any(chosen), False), (chosen, True)]
    if y.ndim == 1:
        return [(T.dimshuffle(chosen, 0, "x"), True), (T.any(chosen), False)]
    if x.type.shape[1] == y.type.shape[0] == 1:
        return [(chosen, True)] * 2
    by_rows, by_columns = _is_by_rows(chosen), _is_by_columns(chosen)
    chosen = T.as_tensor(chosen, ndim=2)
    return [
        (T.any(chosen, axis=1, keepdims=True), by_rows),
        (T.any(chosen, axis=0, keepdims=True), by_columns),
    ]


@rule(BatchedDot)
def choice_through_products(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], chosen: Any
) -> Terms:
    """The same for each pair of matrices."""
    x, y = inputs
    if not chosen.ndim or x.type.shape[-1] == y.type.shape[-2] == 1:
        return [(chosen, True)] * 2
    chosen = T.as_tensor(chosen, ndim=outputs[0].ndim)
    by_rows, by_columns = (chosen.type.shape[a] == 1 for a in (-1, -2))
    return [
        (T.any(chosen, axis=-1, keepdims=True), by_rows),
        (T.any(chosen, axis=-2, keepdims=True), by_columns),
    ]


@guard_rules.define(BatchedDot)
def guarded_products(op: Any, inputs: Sequence[Any], chosen: Any) -> Sequence[Any]:
    """The same for each pair of matrices, unless one is in several pairs."""
    x, y = inputs
    if x.broadcastable[:-2] != y.broadcastable[:-2]:
        return inputs
    chosen = T.as_tensor(chosen, ndim=x.ndim)
    if chosen.type.shape[-1] == 1:
        return T.switch(chosen, x, 0), y
    return (x, T.switch(chosen, y, 0)) if chosen.type.shape[-2] == 1 else inputs


@guard_rules.define(Dot)
def guarded_product(op: Any, inputs: Sequence[Any], chosen: Any) -> Sequence[Any]:
    """Leave out rows of the first factor, or columns of the second, that nothing was chosen of."""
    x, y = inputs
    if x.ndim == 1:
        return x, T.switch(chosen, y, 0)
    if y.ndim == 1:
        return T.switch(T.dimshuffle(chosen, 0, "x"), x, 0), y
    if _is_by_rows(chosen):
        return T.switch(chosen, x, 0), y
    return (x, T.switch(chosen, y, 0)) if _is_by_columns(chosen) else inputs


def _is_by_rows(chosen: Any) -> bool:
    return bool(chosen.ndim == 2 and chosen.type.shape[1] == 1)


def _is_by_columns(chosen: Any) -> bool:
    return bool(chosen.ndim == 1 or chosen.type.shape[0] == 1)


@rule(
    Softmax,
    LogSoftmax,
    SoftmaxGrad,
    Crossentropy1Hot,
    Crossentropy1HotGrad,
    SoftmaxCrossentropyGrad,
)
def choice_through_rows(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], chosen: Any
) -> Terms:
    """All of a row where any of it was chosen, for what has rows; else that number."""
    if not chosen.ndim:
        return [(chosen, True)] * len(inputs)
    rank = inputs[0].ndim
    is_like_input = outputs[0].ndim == rank
    whole = T.as_tensor(chosen, ndim=rank) if is_like_input else T.dimshuffle(chosen, 0, "x")
    rows = T.any(whole, axis=-1, keepdims=True)
    one_a_row = T.dimshuffle(rows, *range(rank - 1))
    return [(rows if v.ndim == rank else one_a_row, True) for v in inputs]


@rule(Scan)
def choice_through_loop(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], chosen: Any
) -> Terms:
    """The rows of steps where anything was chosen, if no step reads what another one computed."""
    terms: Terms = [(chosen if not chosen.ndim else None, True)] * len(inputs)
    if not chosen.ndim or op.inner.states or len(outputs) != 1:
        return terms
    whole = _everywhere(outputs[0], chosen)
    rows = T.any(whole, axis=list(range(1, whole.ndim))) if whole.ndim > 1 else whole
    for at in op.outer(range(len(inputs))).sequences:
        x = inputs[at]
        if is_length(inputs[0], x):
            terms[at] = T.dimshuffle(rows, 0, *("x",) * (x.ndim - 1)), True
    return terms
