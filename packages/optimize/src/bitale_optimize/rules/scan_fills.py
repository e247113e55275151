"""Fills that a loop reads are made in its body, where rules see what they are."""

from __future__ import annotations

from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import Alloc, Apply, Scan, Variable, scalar, shape_i

from ..engine.phases import scans
from ..engine.rewrite import RewriteContext
from ..facts.forms import made_by, operands
from ..facts.shapes import Dims
from ..loops.scan_parts import Given, ScanParts


@scans.rule(
    tracks=[Scan],
    before="scan over fill(v)",
    after="scan whose body makes a row of it: fill(v)",
)
def scan_of_fills(node: Apply[Scan], context: RewriteContext) -> dict[Variable, Variable] | None:
    """Rows that are all of one number need not be read; zeros among them go."""
    loop = ScanParts.of(node)
    for rows, given in ((1, loop.sequences), (0, loop.non_sequences)):
        for one in list(given):
            value = _number(one.outer)
            # A stack of its rows is the fill itself, and goes first.
            if value is None or one.inner in loop.outputs:
                continue
            # Not made after itself; and one by one, as they may be made after one another.
            given.remove(one)
            made = _filled(loop, one, rows, value, context)
            if made is not None:
                loop.substitute({one.inner: made})
                return loop.build()
            given.append(one)
    return None


def _number(outer: Variable) -> Variable | None:
    """The 0-d value of a fill."""
    pair = operands(outer, scalar.second)
    node = made_by(outer, Alloc)
    value: Variable | None
    value = pair[1] if pair is not None else None if node is None else node.inputs[0]
    if value is None or value.type.ndim or not outer.type.ndim:
        return None
    return value


def _filled(
    loop: ScanParts, one: Given, rows: int, value: Variable, context: RewriteContext
) -> Any:
    """The fill inside: after another variable of its shape, or for a row by its lengths."""
    kind: Any = one.inner.type
    if kind.ndim == 0:
        return loop.non_sequence(value)
    like = _alike(loop, context.shapes.dims(one.outer)[rows:], kind, context)
    if like is not None:
        return T.second(like, loop.non_sequence(value))
    if not rows:
        return None
    lengths = [loop.non_sequence(shape_i(one.outer, a)) for a in range(1, kind.ndim + 1)]
    return Alloc()(loop.non_sequence(value), *lengths)


def _alike(loop: ScanParts, dims: Dims, kind: Any, context: RewriteContext) -> Variable | None:
    """A variable inside that has these lengths at every step."""
    inside = [
        *((s.inner, context.shapes.dims(s.outer)[1:]) for s in loop.sequences),
        *((s.old, context.shapes.dims(s.first)) for s in loop.states),
        *((s.inner, context.shapes.dims(s.outer)) for s in loop.non_sequences),
    ]
    for v, known in inside:
        if known == dims and v.type.broadcastable == kind.broadcastable:
            return v
    return None
