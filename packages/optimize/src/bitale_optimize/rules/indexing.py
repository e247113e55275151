"""Indexing of what is made of known parts, and writing that leaves nothing of what was there."""

from __future__ import annotations

from typing import Any

import numpy as np
from bitale_graph import language as T
from bitale_graph.extend import (
    AdvancedIncSubtensor,
    AdvancedIncSubtensor1,
    Apply,
    Elementwise,
    IncSubtensor,
    MakeVector,
    Subtensor,
    Variable,
    Write,
    as_tensor,
    constant_int,
    names_no_place_twice,
    scalar,
    unpack,
)

from ..engine.phases import canonical, specialize
from ..engine.rewrite import Changes, RewriteContext
from ..facts.forms import dtype_of, is_uniform, made_by, operands


def _is_whole(pattern: Any, x: Variable, bounds: list[Variable], context: RewriteContext) -> bool:
    """Whether an index takes every axis whole and in order."""
    dims = context.shapes.dims(x)
    for axis, part in enumerate(unpack(pattern, bounds)):
        if not isinstance(part, slice):
            return False
        if part.start is not None and constant_int(part.start) != 0:
            return False
        if part.step is not None and constant_int(part.step) != 1:
            return False
        if part.stop is not None and context.shapes.length(part.stop) != dims[axis]:
            return False
    return True


@canonical.rule(tracks=[Subtensor], before="x[:]", after="x")
def subtensor_of_whole(node: Apply[Subtensor], context: RewriteContext) -> Variable | None:
    """A slice that takes everything takes x."""
    x, *bounds = node.inputs
    return x if _is_whole(node.op.pattern, x, bounds, context) else None


@canonical.rule(tracks=[Subtensor], before="[a, b, c][1]", after="b", changes=Changes.DOMAIN)
def element_of_made_vector(node: Apply[Subtensor], context: RewriteContext) -> Variable | None:
    """An element of a vector that is put together is what was put there."""
    made = made_by(node.inputs[0], MakeVector)
    pattern = node.op.pattern
    if made is None:
        return None
    parts = [constant_int(v) for v in node.inputs[1:]]
    if None in parts:
        return None
    if pattern == ("i",):
        (i,) = parts
        assert i is not None
        return made.inputs[i] if -len(made.inputs) <= i < len(made.inputs) else None
    (chosen,) = unpack(pattern, parts)
    vector: Variable = made.op(*made.inputs[chosen])
    return vector if made.inputs[chosen] else None


@canonical.rule(
    tracks=[Subtensor],
    before="x[i, 2:][:5, j], x[::-1][::-1]",
    after="x[i, 2:7, j], x",
)
def element_of_element(node: Apply[Subtensor], context: RewriteContext) -> Variable | None:
    """An index of what an index takes is one index, where that is known."""
    inner = made_by(node.inputs[0], Subtensor)
    if inner is None:
        return None
    x, *first = inner.inputs
    parts = _joined_parts(
        unpack(inner.op.pattern, first), unpack(node.op.pattern, node.inputs[1:]), x.type.ndim
    )
    if parts is None:
        return None
    pattern, bounds = _packed(parts)
    made: Variable = Subtensor(pattern)(x, *bounds)
    return made


def _joined_parts(first: list[Any], then: list[Any], ndim: int) -> list[Any] | None:
    """The index that takes what two do one after the other."""
    waiting = iter(then)
    parts: list[Any] = []
    for part in [*first, *[slice(None)] * (ndim - len(first))]:
        if not isinstance(part, slice):
            parts.append(part)
            continue
        after = next(waiting, slice(None))
        joined = after if part == slice(None) else _joined_part(part, after)
        if joined is None:
            return None
        parts.append(joined)
    while parts and parts[-1] == slice(None):
        parts.pop()
    return parts


def _joined_part(first: slice, then: Any) -> slice | None:
    """A slice of a slice that counts forwards from the start, or one that is turned around twice.

    Of an element the slice would be asked for its length, to keep an error.
    """
    if then == slice(None):
        return first
    if isinstance(then, slice) and _is_turned(first) and _is_turned(then):
        return slice(None)
    bounds = _forwards(first)
    inside = _forwards(then) if isinstance(then, slice) else None
    if bounds is None or inside is None:
        return None
    (start, stop, step), (begin, end, by) = bounds, inside
    ends = [n for n in (stop, None if end is None else start + end * step) if n is not None]
    found = (start + begin * step, min(ends, default=None), step * by)
    return slice(*(None if n is None else as_tensor(n) for n in found))


def _is_turned(part: Any) -> bool:
    """Whether a part of an index is ``::-1``."""
    if not isinstance(part, slice) or part.start is not None or part.stop is not None:
        return False
    return part.step is not None and constant_int(part.step) == -1


def _forwards(part: slice) -> tuple[int, int | None, int] | None:
    """Start, stop and step of a slice, if they are known and none is negative."""
    given = [b for b in (part.start, part.stop, part.step) if b is not None]
    known = [n for n in map(constant_int, given) if n is not None and n >= 0]
    if len(known) < len(given):
        return None
    bounds = (part.start, part.stop, part.step)
    start, stop, step = (None if b is None else constant_int(b) for b in bounds)
    return None if step == 0 else (start or 0, stop, 1 if step is None else step)


def _packed(parts: list[Any]) -> tuple[Any, list[Any]]:
    """The pattern of an index, and its inputs."""
    pattern: list[Any] = []
    inputs: list[Any] = []
    for part in parts:
        if not isinstance(part, slice):
            pattern.append("i")
            inputs.append(part)
            continue
        bounds = (part.start, part.stop, part.step)
        pattern.append(tuple(b is not None for b in bounds))
        inputs += [b for b in bounds if b is not None]
    return tuple(pattern), inputs


# Not before stability, which would look for log(softmax(x)) in vain.
@specialize.rule(tracks=[Subtensor], before="exp(x)[i]", after="exp(x[i])", changes=Changes.DOMAIN)
def subtensor_of_elementwise(node: Apply[Subtensor], context: RewriteContext) -> Variable | None:
    """Compute only the elements that are taken, if nothing else reads the others."""
    whole = node.inputs[0]
    inner = made_by(whole, Elementwise, subclasses=True)
    if inner is None or not context.has_one_reader(whole):
        return None
    shape = whole.type.shape
    taken: list[Any] = []
    for v in inner.inputs:
        own = v.type.shape
        if not own:
            taken.append(v)
        elif len(own) == len(shape) and all(
            (m == 1) == (n == 1) for m, n in zip(own, shape, strict=False)
        ):
            taken.append(node.op(v, *node.inputs[1:]))
        else:
            return None
    if all(not v.type.shape for v in inner.inputs):
        return None
    made: Variable = inner.op(*taken)
    return made


@canonical.rule(
    tracks=[Write],
    subclasses=True,
    before="inc_subtensor(x[i], zeros)",
    after="x",
    changes=Changes.DOMAIN,
)
def increment_by_zeros(node: Apply[Any], context: RewriteContext) -> Variable | None:
    """Adding zeros changes nothing; an index error is lost."""
    if not node.op.set and is_uniform(node.inputs[1], 0):
        return node.inputs[0]
    return None


@canonical.rule(
    tracks=[IncSubtensor, AdvancedIncSubtensor1, AdvancedIncSubtensor],
    before="set_subtensor(x[i], x[i] + y)",
    after="inc_subtensor(x[i], y)",
)
def set_to_sum(node: Apply[Any], context: RewriteContext) -> Variable | None:
    """What is added to what is there need not be read first; each place is named once."""
    x, y, *index = node.inputs
    op: Any = node.op
    terms = operands(y, scalar.add)
    if not op.set or terms is None or not names_no_place_twice(op, index):
        return None
    reading = op.reading()
    for place, v in enumerate(terms):
        read = v.owner
        if read is None or read.op != reading or read.inputs != [x, *index]:
            continue
        rest = [t for k, t in enumerate(terms) if k != place]
        other = rest[0] if len(rest) == 1 else T.add(*rest)
        if dtype_of(y) != dtype_of(x) or not np.can_cast(dtype_of(other), dtype_of(x)):
            return None
        if not context.has_one_reader(y):
            return None
        made: Variable = op.reading().writing(False)(x, other, *index)
        return made
    return None


@canonical.rule(
    tracks=[IncSubtensor],
    before="inc_subtensor(zeros[i, 2:], inc_subtensor(zeros[:5, j], y))",
    after="inc_subtensor(zeros[i, 2:7, j], y)",
    changes=Changes.DOMAIN,
)
def increment_of_increment(node: Apply[IncSubtensor], context: RewriteContext) -> Variable | None:
    """One index takes what two do one after the other, as where elements are read."""
    x, y, *index = node.inputs
    op: Any = node.op
    inner = made_by(y, IncSubtensor)
    if inner is None or op.set or inner.op.set:
        return None
    if not is_uniform(x, 0) or not is_uniform(inner.inputs[0], 0):
        return None
    region = op.reading().make_node(x, *index).out.type
    if y.type.broadcastable != region.broadcastable:
        return None
    then = unpack(inner.op.pattern, inner.inputs[2:])
    parts = _joined_parts(unpack(op.pattern, index), then, x.type.ndim)
    if parts is None:
        return None
    pattern, bounds = _packed(parts)
    made: Variable = IncSubtensor(pattern, False)(x, inner.inputs[1], *bounds)
    return made


@canonical.rule(
    tracks=[IncSubtensor],
    before="set_subtensor(x[:], y), inc_subtensor(zeros[::-1], y)",
    after="y, y[::-1]",
    changes=Changes.DOMAIN,
)
def write_of_whole(node: Apply[IncSubtensor], context: RewriteContext) -> Variable | None:
    """What is written everywhere is the result."""
    x, y, *bounds = node.inputs
    op: Any = node.op
    parts = unpack(op.pattern, bounds)
    forwards = [slice(None) if _is_turned(part) else part for part in parts]
    pattern, rest = _packed(forwards)
    if not _is_whole(pattern, x, rest, context):
        return None
    if forwards != parts:
        # The stable forms of crossentropies know a write into a write, not one that is turned.
        is_write = made_by(y, AdvancedIncSubtensor) is not None
        if is_write or y.type.broadcastable != node.outputs[0].type.broadcastable:
            return None
        y = op.reading()(y, *bounds)
    if op.set or is_uniform(x, 0):
        return y
    made: Variable = T.add(x, y)
    return made


@canonical.rule(
    tracks=[Subtensor], before="set_subtensor(x[i], y)[i]", after="y", changes=Changes.DOMAIN
)
def subtensor_of_write(node: Apply[Subtensor], context: RewriteContext) -> Variable | None:
    """What was just written there is read back; an index error of the write is lost."""
    written = made_by(node.inputs[0], IncSubtensor)
    if written is None or not written.op.set:
        return None
    same = written.op.pattern == node.op.pattern and all(
        u is v or (constant_int(u) is not None and constant_int(u) == constant_int(v))
        for u, v in zip(written.inputs[2:], node.inputs[1:], strict=False)
    )
    return written.inputs[1] if same else None
