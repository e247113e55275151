"""Parts that are written side by side into zeros are joined."""

from __future__ import annotations

from typing import Any

import numpy as np
from bitale_graph import language as T
from bitale_graph.extend import (
    Alloc,
    Apply,
    IncSubtensor,
    Join,
    Variable,
    constant_int,
    scalar,
    unpack,
)

from ..engine.fitting import symbolic_lengths
from ..engine.phases import canonical
from ..engine.rewrite import Changes, RewriteContext
from ..facts.forms import is_uniform, made_by, operands, row_of

_WHOLE = slice(None)


@canonical.rule(
    tracks=[IncSubtensor],
    before="inc_subtensor(inc_subtensor(zeros[:k], x)[k:], y)",
    after="join(0, x, y)",
    changes=Changes.DOMAIN,
)
def join_of_increments(node: Apply[IncSubtensor], context: RewriteContext) -> Variable | None:
    """Slices that lie side by side are what stands there, and zeros what is behind them.

    So the derivatives of the parts of a tensor become that of the whole.
    """
    parts: dict[int, tuple[int | None, Variable]] = {}
    axis: int | None = None
    x: Variable = node.outputs[0]
    while x.owner is not None and type(x.owner.op) is IncSubtensor:
        found = slice_of(x.owner)
        if found is None or (axis is not None and found[0] != axis) or found[1] in parts:
            return None
        axis, start, stop = found
        parts[start] = (stop, x.owner.inputs[1])
        x = x.owner.inputs[0]
    if axis is None or not is_uniform(x, 0):
        return None
    made: Variable | None = _joined(x, axis, parts)
    return made


@canonical.rule(
    tracks=[scalar.add],
    before="v + inc_subtensor(zeros[:k], x) + inc_subtensor(zeros[k:], y)",
    after="v + join(0, x, y)",
    changes=Changes.DOMAIN,
)
def join_of_sum_of_increments(node: Apply, context: RewriteContext) -> Variable | None:
    """The same where the parts are added up, as derivatives are."""
    root = node.outputs[0]
    reader = context.reader(root)
    if reader is not None and row_of(reader) is scalar.add:
        return None
    parts: dict[int, tuple[int | None, Variable]] = {}
    others: list[Any] = []
    axis: int | None = None
    base: Variable | None = None
    pending = [root]
    while pending:
        v = pending.pop()
        pair = operands(v, scalar.add)
        if pair is not None and (v is root or context.has_one_reader(v)):
            pending.extend(reversed(pair))
            continue
        made = made_by(v, IncSubtensor)
        found = None if made is None or not is_uniform(made.inputs[0], 0) else slice_of(made)
        if made is None or found is None or v.type != root.type:
            others.append(v)
        elif axis in (None, found[0]) and found[1] not in parts:
            axis, start, stop = found
            parts[start] = (stop, made.inputs[1])
            base = v if base is None else base
        else:
            others.append(v)
    if axis is None or base is None:
        return None
    joined = _joined(base, axis, parts)
    if joined is None:
        return None
    return T.add(*others, joined)


def _joined(x: Variable, axis: int, parts: dict[int, tuple[int | None, Variable]]) -> Any:
    """The parts joined, with a tensor of the shape of the result given.

    None if they are not side by side.
    """
    if len(parts) < 2:
        return None
    ordered = sorted(parts.items())
    end: int | None = 0
    for start, (stop, _) in ordered:
        if start != end:
            return None
        end = stop
    kind: Any = x.type
    values = [value for _, (_, value) in ordered]
    if not all(_fills(v, kind, axis, start, stop) for start, (stop, v) in ordered):
        return None
    if end is not None and end != kind.shape[axis]:
        values.append(_rest(x, axis, end))
    return Join(axis)(*values)


def _rest(x: Variable, axis: int, start: int) -> Any:
    """Zeros for what is behind ``start``; none where a slice was cut short."""
    lengths = symbolic_lengths(x)
    lengths[axis] = T.maximum(T.sub(lengths[axis], np.int64(start)), np.int64(0))
    return Alloc()(np.zeros((), x.type.dtype), *lengths)


def slice_of(node: Apply) -> tuple[int, int, int | None] | None:
    """Axis, start and stop of an increment of one slice of one axis; None for any other."""
    op: Any = node.op
    if op.set:
        return None
    found: tuple[int, int, int | None] | None = None
    for axis, part in enumerate(unpack(op.pattern, node.inputs[2:])):
        if not isinstance(part, slice) or part.step is not None:
            return None
        if part == _WHOLE:
            continue
        start = 0 if part.start is None else constant_int(part.start)
        stop = None if part.stop is None else constant_int(part.stop)
        is_told = start is not None and start >= 0 and (part.stop is None or stop is not None)
        if found is not None or start is None or not is_told or (stop is not None and stop < start):
            return None
        found = axis, start, stop
    return found


def _fills(value: Any, kind: Any, axis: int, start: int, stop: int | None) -> bool:
    """Whether what is written is not stretched to the slice that it is written into."""
    if value.type.ndim != kind.ndim or value.type.dtype != kind.dtype:
        return False
    for a, (n, whole) in enumerate(zip(value.type.shape, kind.shape, strict=True)):
        wanted = whole if a != axis else None if stop is None else stop - start
        if n == 1 and wanted != 1:
            return False
    return True
