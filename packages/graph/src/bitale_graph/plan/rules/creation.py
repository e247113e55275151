"""Memory alone, and how many numbers a range has; what is made of numbers is a loop."""

from __future__ import annotations

from collections.abc import Iterator

from ...core.graph import Apply
from ...ops.creation import AllocEmpty, ArangeLength
from ..builder import Builder
from ..expressions import Conversion, choose, number
from ..target import emits


@emits.define(ArangeLength)
def emit_arange_length(b: Builder, node: Apply[ArangeLength]) -> Iterator[None]:
    """Count without overflow."""
    start, stop, step = (b.scalar(v) for v in node.inputs)
    b.check(step.differs(0))
    one = b.let("step", step)
    low, high, by = (Conversion("uint64", (v,)) for v in (start, stop, one))
    last = number(1, "uint64")
    # The distance may be any uint64; the quotient by a step other than 1 fits int64.
    distance = b.let("distance", choose(one > 0, high - low - last, low - high - last))
    size = distance.divided_by(choose(one > 0, by, -by))
    some = choose(one > 0, start < stop, one.differs(0) & (stop < start))
    b.scalars[node.out] = b.let("n", choose(some, Conversion("int64", (size,)) + 1, 0))
    yield


@emits.define(AllocEmpty)
def emit_empty(b: Builder, node: Apply[AllocEmpty]) -> Iterator[None]:
    """Take memory."""
    lengths = [b.let("n", b.scalar(n)) for n in node.inputs]
    for n in lengths:
        b.check(n >= 0)
    b.result(node.outputs[0], lengths)
    yield
