"""A choice: two branches with the nodes of their bodies inside, of which one runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...core.graph import Apply, Variable
from ...ops.ifelse import IfElse
from ..array import Array, Buffer
from ..builder import Builder
from ..expressions import Expression, Name, number
from ..memory import plan_memory
from ..region import Region, has_own_buffer, taken_over
from ..scope import Scope
from ..statements import If, Move, Statement
from ..target import emits

if TYPE_CHECKING:
    from ...core.body import Body


@dataclass
class _Result:
    """What either branch puts its result into: a number, or a pointer and lengths."""

    name: Name
    lengths: list[Expression]
    buffer: Buffer | None


@emits.define(IfElse)
def emit_ifelse(b: Builder, node: Apply[IfElse]) -> Iterator[None]:
    """Write both branches; the results of the one that runs are handed over, not copied."""
    yield
    results = [_declare(b, v) for v in node.outputs]
    condition = b.let("condition", b.scalar(node.inputs[0]).differs(0))
    then, otherwise = node.op.bodies
    first = _branch(b, node, then, results, condition)
    second = _branch(b, node, otherwise, results, ~condition)
    b.put(If(condition, first, second))
    for v, result in zip(node.outputs, results, strict=True):
        type: Any = v.type
        if result.buffer is None:
            b.scalars[v] = result.name
        else:
            buffers = frozenset([result.buffer])
            b.arrays[v] = Array(
                result.name, type.dtype, result.lengths, None, buffers, b.scope.depth
            )


def _declare(b: Builder, v: Variable) -> _Result:
    type: Any = v.type
    if type.ndim == 0:
        return _Result(b.variable(type.dtype, v.name or "s"), [], None)
    name = b.variable(type.dtype, v.name or "chosen", is_pointer=True)
    lengths: list[Expression] = [
        number(n) if n is not None else b.variable("int64", f"{name.text}_n{a}")
        for a, n in enumerate(type.shape)
    ]
    return _Result(name, lengths, b.new_buffer())


def _branch(
    b: Builder, node: Apply, body: Body, results: list[_Result], condition: Expression
) -> list[Statement]:
    graph = body.graph
    plan = plan_memory(graph, {}, b.target)
    kept = b.scope.kept
    leaving = {
        v: out
        for v, out in zip(body.outputs, node.outputs, strict=True)
        if has_own_buffer(graph, v) and graph.outputs.count(v) == 1
    }
    moved = {v: taken_over(plan, v) for v in leaving}
    clients = graph.clients
    given = [
        (v, inner) for v, inner in zip(node.inputs[1:], body.inputs, strict=True) if clients[inner]
    ]
    for v, inner in given:
        if v.type.ndim == 0:
            b.scalars[inner] = b.scalar(v)
        else:
            a = b.array(v)
            b.arrays[inner] = Array(a.pointer, a.dtype, a.lengths, a.strides, level=a.level)
    scope = Scope(
        plan,
        {u for v, out in leaving.items() if out in kept for u in moved[v]},
        lambda v: bool(clients[v]),
        condition=condition,
        moved={u for chain in moved.values() for u in chain},
    )
    b.open(scope)
    region = Region(b)
    region.head()
    given_away: set[Buffer] = set()
    for v, out, result in zip(body.outputs, node.outputs, results, strict=True):
        if result.buffer is None:
            b.assign(result.name, b.scalar(v))
            continue
        array = b.array(v)
        if v not in leaving:
            copy = b.allocate("copy", array.dtype, array.lengths, keep=out in kept, moves=True)
            b.copy(copy, array)
            array = copy
        (buffer,) = array.buffers
        given_away.add(buffer)
        b.put(Move(result.buffer, buffer, result.name, array.pointer))
        for n, m in zip(result.lengths, array.lengths, strict=True):
            if n != m and isinstance(n, Name):
                b.assign(n, m)
    region.release_rest(given_away)
    return b.close().statements
