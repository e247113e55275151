"""Errors outlive the nodes that raised them: what was checked as written is checked at the end.

Rules may drop operands whose lengths were compared (``set_subtensor(x[:], y)`` is y, ``x * 0`` are
zeros), and need not know what is lost: a comparison that nothing of the rewritten graph makes, and
that is not known to hold, is made on numbers alone, beside one of the outputs.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from bitale_graph import language as T
from bitale_graph.extend import (
    Apply,
    Assert,
    FunctionGraph,
    TensorType,
    Variable,
    as_tensor,
    cast,
    constant_int,
    shape_i,
    toposort,
    trace,
    where_made,
)

from ..engine.rewrite import RewriteContext
from ..facts.checks import Checks, Fact, Slices
from ..facts.shapes import Token


def note_checks(graph: FunctionGraph, context: RewriteContext) -> None:
    """Keep in mind which lengths and indices the graph as written checks."""
    if not context.is_inside:
        context.checks = Checks(graph.toposort(), Slices({}))


def keep_checks(graph: FunctionGraph, context: RewriteContext) -> None:
    """Make the checks of the graph as written that nothing makes any more."""
    before = context.checks
    if before is None or not before.facts:
        return
    after = Checks(graph.toposort(), before.slices)
    held = _Held(after, after.facts)
    lost = [fact for fact in before.facts if not held.covers(fact)]
    if not lost:
        return
    lengths = _Lengths(graph)
    place = min(range(len(graph.outputs)), key=lambda i: _rank(graph.outputs[i]))
    old = graph.outputs[place]
    if not isinstance(old.type, TensorType):
        return
    wanted: dict[Assert, list[Any]] = {}
    places: dict[Assert, trace.Trace] = {}
    for fact in lost:
        node = before.facts[fact]
        with trace.inherited(node.trace):
            condition = None if held.covers(fact) else _condition(fact, lengths)
        if condition is not None:
            held.add(fact)
            check = Assert(_message(fact, node), _ERRORS[fact.kind])
            wanted.setdefault(check, []).append(condition)
            places.setdefault(check, node.trace)
    made: Any = old
    for check, conditions in wanted.items():
        with trace.inherited(places[check]):
            made = check.make_node(made, *conditions).outputs[0]
    if made is not old:
        made.name = old.name
        context.replace_output(place, made, "keep_checks")


_ERRORS = {"index": "IndexError"} | dict.fromkeys(
    ("equal", "natural", "most", "step", "size"), "ShapeError"
)
_WORDS = {
    "equal": "two lengths that have to agree differ",
    "index": "an index lies outside of its axis",
    "natural": "a length is negative",
    "most": "the number of steps is negative, or a sequence has fewer rows",
    "step": "two lengths that have to agree in a step differ",
    "size": "the new shape does not hold as many elements as there are",
}


def _message(fact: Fact, node: Apply) -> str:
    place = where_made(node.outputs[0])
    return f"{node.op}: {_WORDS[fact.kind]}" + (f"; made at {place}" if place else "")


def _rank(v: Variable) -> tuple[bool, int]:
    is_tensor = isinstance(v.type, TensorType)
    return not is_tensor, v.type.ndim if isinstance(v.type, TensorType) else 0


class _Held:
    """What follows from the facts that a graph checks."""

    def __init__(self, shapes: Checks, facts: Any) -> None:
        self._shapes = shapes
        self._parent: dict[Token, Token] = {}
        self._others: set[Fact] = set()
        for fact in facts:
            if fact.kind == "equal":
                self.add(fact)
        self._others.update(self._reduced(f) for f in facts if f.kind != "equal")

    def add(self, fact: Fact) -> None:
        """Take a fact in."""
        if fact.kind != "equal":
            self._others.add(self._reduced(fact))
            return
        a, b = map(self._root, fact.tokens)
        if a != b:
            # A number stands for what is equal to it.
            if isinstance(a, int):
                a, b = b, a
            self._parent[a] = b

    def covers(self, fact: Fact) -> bool:
        """Whether a fact follows."""
        if fact.kind == "equal":
            a, b = map(self._root, fact.tokens)
            return a == b
        reduced = self._reduced(fact)
        if fact.kind == "step" and (
            reduced.tokens[1] == reduced.tokens[2] or not reduced.tokens[0]
        ):
            return True
        return reduced in self._others

    def _root(self, token: Token) -> Token:
        if isinstance(token, tuple):
            token = self._shapes.token(token)
        while token in self._parent:
            token = self._parent[token]
        return token

    def _reduced(self, fact: Fact) -> Fact:
        parts = (
            tuple(sorted(map(self._root, t), key=hash)) if _is_group(t) else self._root(t)
            for t in fact.tokens
        )
        return Fact(fact.kind, tuple(parts))


def _is_group(part: Any) -> bool:
    """Whether a part of a fact is several tokens; one that is no number has a variable first."""
    return isinstance(part, tuple) and not (len(part) == 2 and isinstance(part[0], Variable))


class _Lengths:
    """Lengths as 0-d variables, without computing what is not computed anyway."""

    def __init__(self, graph: FunctionGraph) -> None:
        self._graph = graph
        self._known: dict[Variable, list[Any] | None] = {}

    def __call__(self, token: Token) -> Any:
        """The variable of a token; None where only computing tells."""
        if isinstance(token, int):
            return as_tensor(np.int64(token))
        v, axis = token
        if axis < 0:
            return v
        found = self._of(v)
        return None if found is None else found[axis]

    def _of(self, v: Variable) -> list[Any] | None:
        if v not in self._known:
            for node in toposort([v], stop_at=self._graph.clients):
                given = [self._leaf(u) for u in node.inputs]
                known = [lengths for lengths in given if lengths is not None]
                told = None if len(known) < len(given) else node.op.infer_shape(node, known)
                for out, lengths in zip(
                    node.outputs, told or [None] * len(node.outputs), strict=True
                ):
                    self._known[out] = None if lengths is None else list(lengths)
            if v not in self._known:
                return self._leaf(v)
        return self._known[v]

    def _leaf(self, v: Variable) -> list[Any] | None:
        if v in self._known:
            return self._known[v]
        ndim = v.type.ndim if isinstance(v.type, TensorType) else 0
        found = self._known[v] = [shape_i(v, a) for a in range(ndim)]
        return found


def _condition(fact: Fact, lengths: _Lengths) -> Any:
    """The fact as a bool that is computed; None where it cannot be told."""
    parts: list[Any] = []
    for part in fact.tokens:
        given = [lengths(t) for t in part] if _is_group(part) else lengths(part)
        if given is None or (isinstance(given, list) and any(n is None for n in given)):
            return None
        parts.append(given)
    if fact.kind == "equal":
        return T.eq(*parts)
    if fact.kind == "index":
        n, i = parts
        known = constant_int(i)
        if known is not None:
            return T.gt(n, known) if known >= 0 else T.ge(n, -known)
        i = cast(i, "int64")
        return T.and_(T.ge(i, T.neg(n)), T.lt(i, n))
    if fact.kind == "natural":
        return T.ge(parts[0], 0)
    if fact.kind == "step":
        n, a, b = parts
        return T.or_(T.eq(n, 0), T.eq(a, b))
    if fact.kind == "most":
        n, most = parts
        return T.and_(T.ge(n, 0), T.le(n, most))
    return _same_size(fact, *parts)


def _same_size(fact: Fact, old: list[Any], new: list[Any]) -> Any:
    told = [n for n, t in zip(new, fact.tokens[1], strict=True) if t != -1]
    one = as_tensor(np.int64(1))
    size, rest = (functools.reduce(T.mul, lengths, one) for lengths in (old, told))
    if len(told) == len(new):
        return T.eq(size, rest)
    return T.eq(T.mul(T.int_div(size, T.maximum(rest, 1)), rest), size)
