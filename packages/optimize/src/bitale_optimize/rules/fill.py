"""Fills, which only give a shape, move outwards until they go."""

from __future__ import annotations

from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import (
    Alloc,
    Apply,
    Dimshuffle,
    Elementwise,
    Reshape,
    Variable,
    scalar,
    shape_i,
)

from ..engine.phases import canonical
from ..engine.rewrite import Changes, RewriteContext
from ..facts.forms import is_length, made_by, operands, row_of
from ..facts.shapes import Token


def _filling(v: Variable) -> Variable | None:
    """The value of a fill; None for what is no fill."""
    pair = operands(v, scalar.second)
    if pair is not None:
        value: Variable = pair[1]
        return value
    node = made_by(v, Alloc)
    return None if node is None else node.inputs[0]


@canonical.rule(
    tracks=[scalar.second],
    before="second(x, v), v of the shape of x",
    after="v",
    changes=Changes.DOMAIN,
)
def fill_with_own_shape(node: Apply, context: RewriteContext) -> Variable | None:
    """What has the shape already needs no fill; a shape error inside x is lost."""
    output, value = node.outputs[0], node.inputs[1]
    if context.shapes.dims(value) == context.shapes.dims(output):
        return value
    return None


@canonical.rule(
    tracks=[scalar.second],
    before="second(f(x), v)",
    after="second(x, v), or an allocation of the lengths",
    changes=Changes.DOMAIN,
)
def fill_like_computed(node: Apply, context: RewriteContext) -> Variable | None:
    """Take the shape from what is there, so that f(x) is not computed for its shape alone."""
    like, value = node.inputs
    output = node.outputs[0]
    if like.owner is None:
        return None
    roots = _available(context.shapes.dims(output), like, context)
    if roots is None or not all(
        context.is_independent(r[0], node) for r in roots if isinstance(r, tuple)
    ):
        return None
    whole = {r[0] for r in roots if isinstance(r, tuple)}
    if len(whole) == 1:
        root = next(iter(whole))
        if context.shapes.dims(root) == context.shapes.dims(output):
            made: Variable = T.second(root, value)
            return made
    filled: Variable = Alloc()(value, *(r if isinstance(r, int) else shape_i(*r) for r in roots))
    return filled


def _available(
    dims: tuple[Token, ...], like: Variable, context: RewriteContext
) -> list[Token] | None:
    """Each length as a number or as an axis of a variable that is no part of ``like``.

    None if one is neither.
    """
    for token in dims:
        if isinstance(token, int):
            continue
        root, axis = token
        if (
            axis < 0
            or root is like
            or (root.owner is not None and root not in context.graph.clients)
        ):
            return None
    return list(dims)


@canonical.rule(tracks=[Alloc], before="alloc(v, lengths of v)", after="v", changes=Changes.DOMAIN)
def alloc_of_own_shape(node: Apply[Alloc], context: RewriteContext) -> Variable | None:
    """A tensor that has the lengths already is its own allocation."""
    value = node.inputs[0]
    if context.shapes.dims(value) == context.shapes.dims(node.outputs[0]):
        return value
    return None


@canonical.rule(
    tracks=[Alloc], before="alloc(alloc(v, n), m)", after="alloc(v, m)", changes=Changes.DOMAIN
)
def alloc_of_fill(node: Apply[Alloc], context: RewriteContext) -> Variable | None:
    """Let the outer lengths decide, if the inner ones stretch a lower rank or ones."""
    value = node.inputs[0]
    inner = _filling(value)
    if inner is None or not _only_ones(inner, value):
        return None
    made: Variable = Alloc()(inner, *node.inputs[1:])
    return made


@canonical.rule(
    tracks=[Alloc, scalar.second],
    before="alloc(dimshuffle(s, 'x'), n)",
    after="alloc(s, n)",
)
def fill_with_stretched_number(node: Apply, context: RewriteContext) -> Variable | None:
    """One number needs no axes of its own to be copied."""
    at = 0 if type(node.op) is Alloc else 1
    stretched = made_by(node.inputs[at], Dimshuffle)
    if stretched is None or stretched.inputs[0].type.ndim:
        return None
    made: Variable = node.op(*node.inputs[:at], stretched.inputs[0], *node.inputs[at + 1 :])
    return made


@canonical.rule(
    tracks=[Dimshuffle, Reshape],
    before="second(x, 2).flatten()",
    after="alloc(2, lengths)",
    changes=Changes.DOMAIN,
)
def move_of_fill(node: Apply, context: RewriteContext) -> Variable | None:
    """Copies of one number are the same in any order; the rewriter fills in the shape."""
    value = _filling(node.inputs[0])
    if value is None or value.type.ndim != 0:
        return None
    filled = made_by(node.inputs[0], Alloc)
    if filled is not None and not all(is_length(n) for n in filled.inputs[1:]):
        # Lengths that may be negative, or too large to be had, are for the allocation to refuse.
        return None
    return value


def _only_ones(inner: Variable, outer: Variable) -> bool:
    """Whether every axis of ``inner`` that is not 1 is the same known axis of ``outer``."""
    mine: tuple[Any, ...] = inner.type.shape
    theirs: tuple[Any, ...] = outer.type.shape
    return all(mine[a] == 1 or mine[a] == theirs[a] is not None for a in range(-len(mine), 0))


@canonical.rule(
    tracks=[Elementwise],
    subclasses=True,
    before="f(second(x, v), y)",
    after="f(v, y), or second(x, f(v, y)) where y does not give the shape",
    changes=Changes.DOMAIN,
)
def fill_in_elementwise(node: Apply[Elementwise], context: RewriteContext) -> Variable | None:
    """Compute with the value of a fill rather than with all its copies."""
    row = row_of(node)
    output = node.outputs[0]
    start = 1 if row is scalar.second else 0
    for i, v in enumerate(node.inputs[start:], start):
        value = _filling(v)
        if value is None:
            continue
        others = [*node.inputs[:i], *node.inputs[i + 1 :]]
        inputs = [*node.inputs[:i], value, *node.inputs[i + 1 :]]
        dims = context.shapes.dims(output)
        if context.shapes.covers(others, dims):
            stretched: Variable = node.op(*inputs)
            return stretched
        if context.shapes.dims(v) == dims and row is not scalar.second and v.owner is not None:
            if type(v.owner.op) is Alloc:
                sunk: Variable = Alloc()(node.op(*inputs), *v.owner.inputs[1:])
            else:
                sunk = T.second(v.owner.inputs[0], node.op(*inputs))
            return sunk
    return None
