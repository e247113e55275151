"""Products with what is divided by the same factor elsewhere: at other places, in another shape."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import (
    AdvancedIncSubtensor,
    AdvancedIncSubtensor1,
    Alloc,
    Apply,
    Crossentropy1HotGrad,
    Dimshuffle,
    Elementwise,
    IncSubtensor,
    Join,
    Op,
    Output,
    PutAlongAxis,
    Reduce,
    Reshape,
    Subtensor,
    Variable,
    arange,
    cast,
    constant_int,
    is_cast,
    scalar,
    shape_i,
    unpack,
)

from ..engine.rewrite import RewriteContext
from ..facts.forms import adds_all, dtype_of, is_uniform, kind_of, number, operands, row_of, uniform
from .factors import build_product, product_factors

DEEPEST = 12
_DIVIDING = (scalar.true_div, scalar.inv, scalar.pow)


def times(ct: Any, y: Any, context: RewriteContext, depth: int = DEEPEST) -> Any:
    """``ct * y`` where ct divides by y, or by y moved and then moves back; None where it does not.

    Nothing is divided then, so where y is 0 there is no NaN.
    """
    context.attempts += 1
    node = ct.owner
    if node is None or not depth:
        return None
    rule = _RULES.get(type(node.op))
    made = None if rule is None else rule(node, y, context, depth - 1)
    if made is None:
        return None
    for like in (y, ct):
        if not _covers(made, like):
            # What was divided may have been stretched by y alone.
            made = T.second(like, made)
    return made


def divides(ct: Variable) -> bool:
    """Whether there is a quotient at all where `times` looks for one."""
    seen: set[Apply] = set()
    nearest = [ct]
    for _ in range(DEEPEST):
        further: list[Variable] = []
        for v in nearest:
            node = v.owner
            if node is None or node in seen or type(node.op) not in _RULES:
                continue
            if row_of(node) in _DIVIDING or type(node.op) is Crossentropy1HotGrad:
                return True
            seen.add(node)
            further += node.inputs
        nearest = further
    return False


def _covers(u: Any, v: Any) -> bool:
    """Whether u is as large as v along all axes of v."""
    ones = (True,) * (v.type.ndim - u.type.ndim) + tuple(u.type.broadcastable)
    pairs = zip(ones[::-1], v.type.broadcastable[::-1], strict=False)
    return not any(is_one and not is_own for is_one, is_own in pairs)


def _of_elementwise(node: Apply, y: Any, context: RewriteContext, depth: int) -> Any:
    row: Any = row_of(node)
    inputs: list[Any] = node.inputs
    if row in (scalar.mul, scalar.true_div):
        made = _without_roots(node, y, context)
        if made is not None:
            return made
    if row is scalar.true_div:
        if inputs[1] is y:
            return inputs[0]
        if inputs[0] is not y:
            rest = _divided_by_factor(inputs[1], y)
            if rest is not None:
                return T.true_div(inputs[0], rest)
        made = times(inputs[0], y, context, depth)
        return None if made is None else T.true_div(made, inputs[1])
    if row is scalar.inv and inputs[0] is y:
        return T.second(y, number(1, dtype_of(y)))
    if row is scalar.neg:
        made = times(inputs[0], y, context, depth)
        return None if made is None else T.neg(made)
    if row is scalar.mul:
        for u, other in (inputs, inputs[::-1]):
            made = times(u, y, context, depth) if _is_as_large(u, node) else None
            if made is not None:
                return T.mul(made, other)
        return None
    if row in (scalar.add, scalar.sub):
        found = [times(u, y, context, depth) if _is_as_large(u, node) else None for u in inputs]
        if found == [None, None]:
            return None
        parts = [T.mul(u, y) if f is None else f for u, f in zip(inputs, found, strict=True)]
        return node.op(*parts)
    if row is scalar.switch:
        condition, *branches = inputs
        branches = [_in_branch(u, condition, i) for i, u in enumerate(branches)]
        found = [None if is_uniform(u, 0) else times(u, y, context, depth) for u in branches]
        if found == [None, None]:
            return None
        parts = [
            f if f is not None else u if is_uniform(u, 0) else T.mul(u, y)
            for u, f in zip(branches, found, strict=True)
        ]
        return T.switch(condition, *parts)
    if is_cast(row) and kind_of(inputs[0]) == "f" and kind_of(y) == "f":
        for wide in _readers(y, Elementwise, context):
            if is_cast(wide.op.scalar_op) and dtype_of(wide.out) == dtype_of(inputs[0]):
                made = times(inputs[0], wide.out, context, depth)
                if made is not None:
                    return cast(made, dtype_of(node.outputs[0]))
    return None


def _without_roots(node: Apply, y: Any, context: RewriteContext) -> Any:
    """A quotient by two roots of y, times that."""
    roots = [r for r, _ in context.graph.clients.get(y, ()) if isinstance(r, Apply)]
    if not any(row_of(r) is scalar.sqrt for r in roots):
        return None
    factors = product_factors(node.outputs[0], context)
    if factors is None:
        return None
    for v, e in factors.kept().items():
        inside = operands(v, scalar.sqrt)
        if e <= -2 and inside is not None and inside[0] is y:
            factors.times(v, 2)
            return build_product(factors)
    return None


def _in_branch(u: Any, condition: Any, i: int) -> Any:
    """A quotient that is chosen, divided by what is chosen with it."""
    parts = operands(u, scalar.true_div)
    below = None if parts is None else operands(parts[1], scalar.switch)
    if parts is None or below is None or below[0] is not condition:
        return u
    return T.true_div(parts[0], below[1 + i])


def _is_as_large(u: Any, node: Apply) -> bool:
    return bool(u.type.broadcastable == node.outputs[0].type.broadcastable)


def _divided_by_factor(below: Any, y: Any) -> Any:
    """What is left of a product without the factor y; None if it has none."""
    parts = operands(below, scalar.mul)
    if parts is None:
        return None
    return parts[1] if parts[0] is y else parts[0] if parts[1] is y else None


def _readers(y: Any, op: type[Op], context: RewriteContext) -> Iterator[Any]:
    for reader, i in context.graph.clients.get(y, ()):
        if isinstance(reader, Apply) and i == 0 and type(reader.op) is op:
            yield reader


def _moved(y: Any, op: type[Op], context: RewriteContext) -> Iterator[tuple[Any, Any]]:
    """The nodes that move y, and y moved; or those that move what y is a function of, and that."""
    for reader in _readers(y, op, context):
        yield reader, reader.out
    node = y.owner
    if node is None or not isinstance(node.op, Elementwise):
        return
    moving = [i for i, v in enumerate(node.inputs) if v.type.broadcastable == y.type.broadcastable]
    if len(moving) != 1:
        return
    (place,) = moving
    for reader in _readers(node.inputs[place], op, context):
        for other, i in context.graph.clients.get(reader.out, ()):
            if i == place and isinstance(other, Apply) and other.op == node.op:
                pairs = zip(other.inputs, node.inputs, strict=True)
                if all(j == place or _is_same_number(u, v) for j, (u, v) in enumerate(pairs)):
                    yield reader, other.out


def _is_same_number(u: Variable, v: Variable) -> bool:
    value = uniform(u)
    return u is v or (value is not None and is_uniform(v, value))


def _of_read(node: Apply, y: Any, context: RewriteContext, depth: int) -> Any:
    """The adjoint of joining y with others is the slice where it lies."""
    op: Any = node.op
    for join, i in context.graph.clients.get(y, ()):
        if isinstance(join, Output) or type(join.op) is not Join:
            continue
        part = _slice_along(op, node.inputs[1:], join.op.axis)
        if part is None:
            continue
        lengths = [context.shapes.dims(v)[join.op.axis] for v in join.inputs]
        start = _terms(part.start, context)
        if start != Counter(n for n in lengths[:i] if n != 0) and start != _total(lengths[:i]):
            continue
        stop = _terms(part.stop, context)
        if stop not in (Counter(lengths[: i + 1]), _total(lengths[: i + 1])):
            continue
        made = times(node.inputs[0], join.out, context, depth)
        if made is not None:
            return op(made, *node.inputs[1:])
    return None


def _slice_along(op: Any, bounds: list[Variable], axis: int) -> Any:
    """The slice of the last axis of an index, if all before it are taken whole."""
    parts = unpack(op.pattern, bounds)
    if len(parts) != axis + 1 or any(p != slice(None) for p in parts[:-1]):
        return None
    part = parts[-1]
    return part if isinstance(part, slice) and part.step is None else None


def _terms(bound: Any, context: RewriteContext) -> Counter[Any]:
    """The lengths that a bound is the sum of."""
    found: Counter[Any] = Counter()
    stack = [] if bound is None else [bound]
    while stack:
        v = stack.pop()
        pair, scaled = operands(v, scalar.add), operands(v, scalar.mul)
        known = None if scaled is None else constant_int(scaled[0])
        if pair is not None:
            stack.extend(pair)
        elif scaled is not None and known is not None:
            found[context.shapes.length(scaled[1])] += known
        else:
            found[context.shapes.length(v)] += 1
    return found - Counter({0: found[0]})


def _total(lengths: list[Any]) -> Counter[Any]:
    """Lengths that are all numbers as one."""
    if not all(isinstance(n, int) for n in lengths):
        return Counter({None: 1})
    total = sum(lengths)
    return Counter({total: 1}) if total else Counter()


def _of_reshape(node: Apply, y: Any, context: RewriteContext, depth: int) -> Any:
    x, *lengths = node.inputs
    for _, moved in _moved(y, Reshape, context):
        made = times(x, moved, context, depth)
        if made is not None:
            return node.op(made, *lengths)
    return None


def _of_dimshuffle(node: Apply, y: Any, context: RewriteContext, depth: int) -> Any:
    op: Any = node.op
    if y.owner is not None and y.owner.op == op:
        # Both stretch alike.
        made = times(node.inputs[0], y.owner.inputs[0], context, depth)
        if made is not None:
            return op(made)
    if y.type.ndim == 0:
        made = times(node.inputs[0], y, context, depth)
        return None if made is None else op(made)
    for reader, moved in _moved(y, Dimshuffle, context):
        forward = reader.op.pattern
        if len(forward) != node.inputs[0].type.ndim:
            continue
        if [forward[p] if isinstance(p, int) else None for p in op.pattern] == [
            a if a in forward else None for a in range(y.type.ndim)
        ]:
            made = times(node.inputs[0], moved, context, depth)
            if made is not None:
                return op(made)
    return None


def _of_write(node: Apply, y: Any, context: RewriteContext, depth: int) -> Any:
    op: Any = node.op
    x, value, *index = node.inputs
    if op.set:
        return None
    base = x if is_uniform(x, 0) else times(x, y, context, depth)
    reading = op.reading()
    for reader, moved in _moved(y, type(reading), context):
        if reader.op != reading:
            continue
        if not all(_is_same(u, v) for u, v in zip(reader.inputs[1:], index, strict=True)):
            continue
        made = times(value, moved, context, depth)
        if made is not None:
            if base is None:
                base = T.mul(x, y)
            return op(base, made, *index)
    return None


def _is_same(u: Variable, v: Variable) -> bool:
    known = constant_int(u)
    if known is not None or u is v:
        return u is v or known == constant_int(v)
    both = u.owner, v.owner
    return bool(
        both[0] is not None
        and both[1] is not None
        and both[0].op == both[1].op
        and both[0].inputs == both[1].inputs
    )


def _of_sum(node: Apply, y: Any, context: RewriteContext, depth: int) -> Any:
    """The adjoint of stretching y along axes: each summand is divided by one element of it."""
    op: Any = node.op
    x = node.inputs[0]
    if not adds_all(op, x) or op.dtype != dtype_of(x):
        return None
    if y.type.ndim == 0:
        # One number goes into each summand.
        made = times(x, y, context, depth)
        return None if made is None else op(made)
    for reader in _readers(y, Dimshuffle, context):
        pattern = reader.op.pattern
        added = tuple(a for a, p in enumerate(pattern) if p == "x")
        if added == op.axes and [p for p in pattern if p != "x"] == list(range(y.type.ndim)):
            made = times(x, reader.out, context, depth)
            if made is not None:
                return op(made)
    return None


def _of_alloc(node: Apply, y: Any, context: RewriteContext, depth: int) -> Any:
    """A fill times one number."""
    if y.type.ndim:
        return None
    made = times(node.inputs[0], y, context, depth)
    return None if made is None else node.op(made, *node.inputs[1:])


def _of_crossentropy(node: Apply, y: Any, context: RewriteContext, depth: int) -> Any:
    """``-ct / p`` at the targets, times p."""
    p, ct, t = node.inputs
    if p is not y:
        return None
    zeros = T.second(y, number(0, dtype_of(y)))
    rows = arange(shape_i(t, 0))
    return AdvancedIncSubtensor(("a", "a"), False)(zeros, T.neg(ct), rows, t)


_RULES: dict[type[Op], Callable[[Apply, Any, Any, int], Any]] = {
    Elementwise: _of_elementwise,
    Reshape: _of_reshape,
    Dimshuffle: _of_dimshuffle,
    IncSubtensor: _of_write,
    AdvancedIncSubtensor1: _of_write,
    AdvancedIncSubtensor: _of_write,
    PutAlongAxis: _of_write,
    Reduce: _of_sum,
    Alloc: _of_alloc,
    Subtensor: _of_read,
    Crossentropy1HotGrad: _of_crossentropy,
}
