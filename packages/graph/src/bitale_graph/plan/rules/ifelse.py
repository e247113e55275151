"""A choice: two branches with the nodes of their bodies inside, of which one runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...core.graph import Apply, Variable
from ...ops.ifelse import IfElse
from ..array import Array
from ..builder import Builder
from ..expressions import Expression, number
from ..memory import plan_memory, rank
from ..region import Region, has_own_buffer, taken_over
from ..scope import Scope
from ..statements import Assign, If, Move, Statement
from ..target import emits

if TYPE_CHECKING:
    from ...core.body import Body


@dataclass
class _Branch:
    """The statements of a branch, and what it gives: numbers and arrays."""

    statements: list[Statement]
    results: list[Expression | Array]


@emits.define(IfElse)
def emit_ifelse(b: Builder, node: Apply[IfElse]) -> Iterator[None]:
    """Write both branches; the results of the one that runs are handed over, not copied."""
    yield
    condition = b.let("condition", b.scalar(node.inputs[0]).differs(0))
    then, otherwise = node.op.bodies
    first = _branch(b, node, then, condition)
    second = _branch(b, node, otherwise, ~condition)
    for v, one, other in zip(node.outputs, first.results, second.results, strict=True):
        if isinstance(one, Array) and isinstance(other, Array):
            b.arrays[v] = _chosen_array(b, v, (first, one), (second, other))
        else:
            assert isinstance(one, Expression)
            assert isinstance(other, Expression)
            b.scalars[v] = _chosen(b, v.name or "s", (first, one), (second, other))
    b.put(If(condition, first.statements, second.statements))


def _chosen(b: Builder, hint: str, *given: tuple[_Branch, Expression]) -> Expression:
    """What either branch gives: one expression if that is the same in both, else a variable."""
    (_, one), (_, other) = given
    if one == other:
        return one
    name = b.variable(one.dtype, hint, is_pointer=one.is_pointer)
    for branch, value in given:
        _put(b, branch, Assign(name, value))
    return name


def _chosen_array(b: Builder, v: Variable, *given: tuple[_Branch, Array]) -> Array:
    """What either branch gives, in a buffer that takes over that of the branch."""
    type: Any = v.type
    (first, one), (second, other) = given
    pointer = b.variable(type.dtype, v.name or "chosen", is_pointer=True)
    lengths = [
        number(static)
        if static is not None
        else _chosen(b, f"{pointer.text}_n{a}", (first, n), (second, m))
        for a, (static, n, m) in enumerate(zip(type.shape, one.lengths, other.lengths, strict=True))
    ]
    to = b.new_buffer()
    for branch, array in given:
        (buffer,) = array.buffers
        _put(b, branch, Move(to, buffer, pointer, array.pointer))
    return Array(pointer, type.dtype, lengths, None, frozenset([to]), b.scope.depth)


def _put(b: Builder, branch: _Branch, one: Statement) -> None:
    one.level = b.scope.depth
    branch.statements.append(one)


def _branch(b: Builder, node: Apply, body: Body, condition: Expression) -> _Branch:
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
        if rank(v) == 0:
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
    results: list[Expression | Array] = []
    for v, out in zip(body.outputs, node.outputs, strict=True):
        if rank(v) == 0:
            value = b.scalar(v)  # its memory ends with the branch
            results.append(b.alias(None, value) if value.loads else value)
            continue
        array = b.array(v)
        if v not in leaving:
            copy = b.allocate("copy", array.dtype, array.lengths, keep=out in kept, moves=True)
            b.copy(copy, array)
            array = copy
        results.append(array)
    buffers = [one.buffers for one in results if isinstance(one, Array)]
    region.release_rest(frozenset().union(*buffers))
    return _Branch(b.close().statements, results)
