"""A choice in C: two branches with the nodes of their bodies inside, of which one runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bitale_graph.extend import Apply, IfElse, Variable

from ..base.array import Array
from ..base.ctype import C_TYPES
from ..host.memory import plan_memory
from ..host.region import Region, has_own_buffer, taken_over
from ..host.rules import emits
from ..host.scope import Scope

if TYPE_CHECKING:
    from bitale_graph.extend import Body

    from ..host.builder import Builder


@dataclass
class _Result:
    """What either branch puts its result into: a number, or a pointer and lengths."""

    name: str
    lengths: list[str]
    slot: int


@emits.define(IfElse)
def emit_ifelse(b: Builder, node: Apply[IfElse]) -> Iterator[None]:
    """Write both branches; the results of the one that runs are handed over, not copied."""
    yield
    results = [_declare(b, v) for v in node.outputs]
    kept = b.scope.kept
    bodies = node.op.bodies
    for opening, body in zip(
        (f"if ({b.scalar(node.inputs[0])}) {{", "} else {"), bodies, strict=True
    ):
        lines = _branch(b, node, body, results, kept)
        b.put(opening)
        for line in lines:
            b.put(line)
    b.put("}")
    for v, result in zip(node.outputs, results, strict=True):
        type: Any = v.type
        if type.ndim == 0:
            b.scalars[v] = result.name
        else:
            b.arrays[v] = Array(
                result.name, type.dtype, result.lengths, None, frozenset([result.slot])
            )


def _declare(b: Builder, v: Variable) -> _Result:
    type: Any = v.type
    c_type = C_TYPES[type.dtype]
    if type.ndim == 0:
        return _Result(b.variable(c_type, v.name or "s"), [], -1)
    name = b.variable(f"{c_type} *", v.name or "chosen")
    lengths = [
        str(n) if n is not None else b.variable("int64_t", f"{name}_n{a}")
        for a, n in enumerate(type.shape)
    ]
    return _Result(name, lengths, b.new_slot())


def _branch(
    b: Builder, node: Apply, body: Body, results: list[_Result], kept: set[Variable]
) -> list[str]:
    graph = body.graph
    plan = plan_memory(graph, {})
    leaving = {
        v: out
        for v, out in zip(body.outputs, node.outputs, strict=True)
        if has_own_buffer(graph, v) and graph.outputs.count(v) == 1
    }
    own_kept = {u for v, out in leaving.items() if out in kept for u in taken_over(plan, v)}
    clients = graph.clients
    given = [
        (inner, b.scalar(v), None) if v.type.ndim == 0 else (inner, "", b.array(v))
        for v, inner in zip(node.inputs[1:], body.inputs, strict=True)
        if clients[inner]
    ]
    b.open(Scope(plan, own_kept, lambda v: bool(clients[v])))
    for inner, number, array in given:
        if array is None:
            b.scalars[inner] = number
        else:
            b.arrays[inner] = Array(array.name, array.dtype, array.lengths, array.strides)
    region = Region(b)
    region.head()
    for v, out, result in zip(body.outputs, node.outputs, results, strict=True):
        if v.type.ndim == 0:
            b.put(f"{result.name} = {b.scalar(v)};")
            continue
        array = b.array(v)
        if v not in leaving:
            copy = b.allocate("copy", array.dtype, array.lengths, keep=out in kept)
            b.put(b.copy_text(copy, array))
            array = copy
        (slot,) = array.slots
        b.put(f"{result.name} = owned[{result.slot}] = owned[{slot}]; owned[{slot}] = NULL;")
        for n, m in zip(result.lengths, array.lengths, strict=True):
            if n != m and not n.isdigit():
                b.put(f"{n} = {m};")
    region.release_rest()
    return b.close().lines
