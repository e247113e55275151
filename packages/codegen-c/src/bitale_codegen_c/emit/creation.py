"""Arrays that are made of numbers alone."""

from __future__ import annotations

from collections.abc import Iterator

from bitale_graph.extend import Alloc, Apply, Arange, Eye, Variable

from ..base.array import Array
from ..base.ctype import C_TYPES
from ..host.builder import Builder
from ..host.rules import emits, supports


@emits.define(Alloc)
def emit_alloc(b: Builder, node: Apply[Alloc]) -> Iterator[None]:
    """Fill: by a plain loop with one number, else by a copy that broadcasts."""
    value, *sizes = node.inputs
    lengths = [b.scalar(n) for n in sizes]
    for n in lengths:
        if not n.startswith("INT64_C"):
            b.check(f"{n} >= 0")
    shape = value.type.shape
    if not lengths:
        b.scalars[node.outputs[0]] = b.scalar(value)
        yield
        return
    source = b.array(value) if shape else None
    if source is not None:
        for a, known in enumerate(shape):
            if known != 1:
                b.check_equal(source.lengths[a], lengths[a - len(shape)])
    out = b.result(node.outputs[0], lengths)
    yield
    if source is None:
        b.put(f"for (int64_t e = 0; e < {out.count()}; e++) {out.name}[e] = {b.scalar(value)};")
        return
    b.put(b.copy_text(out, stretched(source, value, len(lengths))))


def stretched(source: Array, v: Variable, rank: int) -> Array:
    """``source`` with ``rank`` axes, standing still along those that it broadcasts over."""
    shape = v.type.shape
    shift = rank - len(shape)
    strides = [
        "0" if a < shift or shape[a - shift] == 1 else source.stride(a - shift) for a in range(rank)
    ]
    lengths = ["1" if a < shift else source.lengths[a - shift] for a in range(rank)]
    return Array(source.name, source.dtype, lengths, strides, source.slots)


@supports.define(Arange)
def arange_is_supported(node: Apply[Arange]) -> bool:
    """Float ranges go through NumPy, whose way of counting the elements is its own."""
    kinds = {v.type.dtype for v in (*node.inputs, *node.outputs)}
    return kinds == {"int64"}


@emits.define(Arange)
def emit_arange(b: Builder, node: Apply[Arange]) -> Iterator[None]:
    """Count the elements, then store them."""
    start, stop, step = (b.scalar(v) for v in node.inputs)
    b.check(f"{step} != 0")
    one = b.declare("int64_t", "step", step)
    # The distance may be any uint64; the quotient by a step other than 1 fits int64.
    up, down = (
        f"(uint64_t){last} - (uint64_t){first} - 1"
        for first, last in ((start, stop), (stop, start))
    )
    distance = b.declare("uint64_t", "distance", f"{one} > 0 ? {up} : {down}")
    size = f"{distance} / ({one} > 0 ? (uint64_t){one} : -(uint64_t){one})"
    some = f"{one} > 0 ? {start} < {stop} : {one} && {stop} < {start}"
    count = b.declare("int64_t", "count", f"({some}) ? (int64_t)({size}) + 1 : 0")
    b.check(f"{count} >= 0")
    out = b.result(node.outputs[0], [count])
    yield
    b.put(f"for (int64_t e = 0; e < {count}; e++) {out.name}[e] = {start} + e * {one};")


@emits.define(Eye)
def emit_eye(b: Builder, node: Apply[Eye]) -> Iterator[None]:
    """Compare row and column."""
    n, m, k = (b.scalar(v) for v in node.inputs)
    b.check(f"{n} >= 0 && {m} >= 0")
    out = b.result(node.outputs[0], [n, m])
    yield
    b.put(f"for (int64_t i = 0; i < {n}; i++)")
    b.put(f"for (int64_t j = 0; j < {m}; j++)")
    b.put(f"    {out.name}[i * {m} + j] = ({C_TYPES[out.dtype]})(j - i == {k});")
