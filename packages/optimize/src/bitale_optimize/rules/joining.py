"""Parts that are written side by side into zeros are joined."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bitale_graph.conversion import constant_int
from bitale_graph.ops.indexing import IncSubtensor, unpack
from bitale_graph.ops.join import Join
from bitale_graph.variable import Apply, Variable

from ..forms import is_uniform
from ..phases import canonical
from ..rewrite import Changes

if TYPE_CHECKING:
    from ..rewrite import RewriteContext

_WHOLE = slice(None)


@canonical.rule(
    tracks=[IncSubtensor],
    before="inc_subtensor(inc_subtensor(zeros[:k], x)[k:], y)",
    after="join(0, x, y)",
    changes=Changes.DOMAIN,
)
def join_of_increments(node: Apply, context: RewriteContext) -> Variable | None:
    """Slices that cover an axis without overlap are what stands there.

    So the derivatives of the parts of a tensor become that of the whole.
    """
    parts: dict[int, tuple[int | None, Variable]] = {}
    axis: int | None = None
    x: Variable = node.outputs[0]
    while x.owner is not None and isinstance(x.owner.op, IncSubtensor):
        found = _slice_of(x.owner)
        if found is None or (axis is not None and found[0] != axis) or found[1] in parts:
            return None
        axis, start, stop = found
        parts[start] = (stop, x.owner.inputs[1])
        x = x.owner.inputs[0]
    if axis is None or len(parts) < 2 or not is_uniform(x, 0):
        return None
    ordered = sorted(parts.items())
    end: int | None = 0
    for start, (stop, _) in ordered:
        if start != end:
            return None
        end = stop
    kind: Any = x.type
    if end is not None and end != kind.shape[axis]:
        return None
    values = [value for _, (_, value) in ordered]
    if not all(_fills(v, kind, axis, start, stop) for start, (stop, v) in ordered):
        return None
    made: Variable = Join(axis)(*values)
    return made


def _slice_of(node: Apply) -> tuple[int, int, int | None] | None:
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
