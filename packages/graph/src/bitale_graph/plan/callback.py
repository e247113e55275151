"""Ops without code for the target: Python is called back, where their NumPy meaning runs."""

from __future__ import annotations

from ..core.graph import Apply
from .array import Array
from .builder import Builder
from .calls import Callback, Received
from .expressions import Expression
from .opaque import seen_type


def emit_callback(b: Builder, node: Apply) -> None:
    """Describe the operands, call, and take the results over."""
    index = len(b.callbacks)
    b.callbacks.append(node)
    given: list[Expression | Array] = [
        b.scalar(v) if seen_type(v).ndim == 0 else b.array(v) for v in node.inputs
    ]
    depth = b.scope.depth
    received: list[Received] = []
    for v in node.outputs:
        dtype = seen_type(v).dtype
        if seen_type(v).ndim == 0:
            name = b.name(v.name or "s", dtype)
            b.scalars[v] = name
            received.append(Received(name, [], None))
            continue
        buffer = b.new_buffer()
        name = b.name(v.name, dtype, is_pointer=True)
        lengths = [b.name(f"{name.text}_n{a}", "int64") for a in range(v.type.ndim)]
        b.arrays[v] = Array(name, dtype, list(lengths), None, frozenset([buffer]), depth)
        received.append(Received(name, lengths, buffer))
    b.put(Callback(b.node_index, index, given, received))
