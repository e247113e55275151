"""Argmax in C: one scan along the axis for each element of the result."""

from __future__ import annotations

from collections.abc import Iterator

from bitale_graph.extend import Apply, Argmax

from ..base.array import Array, product
from ..host.builder import Builder
from ..host.rules import emits


@emits.define(Argmax)
def emit_argmax(b: Builder, node: Apply[Argmax]) -> Iterator[None]:
    """The first greatest element, or the first NaN."""
    x = b.contiguous(b.array(node.inputs[0]))
    axis = node.op.axis
    n = x.lengths[axis]
    b.check(f"{n} > 0")
    kept = [length for a, length in enumerate(x.lengths) if a != axis]
    out: Array | None = b.result(node.outputs[0], kept) if kept else None
    yield
    outer, inner = product(x.lengths[:axis]), product(x.lengths[axis + 1 :])
    target = (
        f"{out.name}[o * ({inner}) + q]" if out is not None else b.set_scalar_name(node.outputs[0])
    )
    better = (
        "item > best || (item != item && best == best)"
        if x.dtype.startswith("float")
        else "item > best"
    )
    b.put(f"for (int64_t o = 0; o < {outer}; o++) for (int64_t q = 0; q < {inner}; q++) {{")
    b.put(f"    const {x.c_type} *line = {x.name} + o * {n} * ({inner}) + q;")
    b.put(f"    {x.c_type} best = line[0]; int64_t where = 0;")
    b.put(f"    for (int64_t p = 1; p < {n}; p++) {{")
    b.put(f"        {x.c_type} item = line[p * ({inner})];")
    b.put(f"        if ({better}) best = item, where = p;")
    b.put("    }")
    b.put(f"    {target} = where;")
    b.put("}")
