"""Which lengths of which variables are equal, as far as it can be told before anything runs."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np
from bitale_graph.extend import (
    INT64_SCALAR,
    Apply,
    Elementwise,
    Op,
    Scan,
    ShapeI,
    TensorType,
    Variable,
    as_tensor,
    constant_int,
    scalar,
    stretched_together,
    toposort,
    trace,
    where_made,
)

from .forms import is_uniform, operands

Token = int | tuple[Variable, int]
"""A length: a number, that of an axis of a variable, or (axis -1) the value of a 0-d variable."""
Dims = tuple[Token, ...]


class Shapes:
    """Tokens for the lengths of variables: equal tokens are equal lengths.

    A node that runs proves that the lengths it compares are equal, so equalities hold for every
    graph that computes the same, though the node that proves them may have gone: what is lost with
    it is its error alone.

    Parameters
    ----------
    nodes : iterable of Apply
        In topological order; others are read when they are asked for.
    """

    def __init__(self, nodes: Iterable[Apply] = ()) -> None:
        self._dims: dict[Variable, Dims] = {}
        self._parent: dict[tuple[Variable, int], Token] = {}
        # Which of two variables was read first: lengths are to be had from what comes early.
        self._rank: dict[Variable, int] = {}
        self._symbols: dict[Token, Variable] = {}
        self._meant: dict[Variable, Token] = {}
        for node in nodes:
            self._read(node)

    def dims(self, variable: Variable) -> Dims:
        """A token for each axis of a tensor variable."""
        if variable not in self._dims:
            for node in toposort([variable], stop_at=self._dims):
                self._read(node)
            if variable not in self._dims:
                self._leaf(variable)
        return tuple(self._find(t) for t in self._dims[variable])

    def length(self, variable: Variable) -> Token:
        """The token of a 0-d integer variable that is a length."""
        n = constant_int(variable)
        if n is not None:
            return n
        node = variable.owner
        if node is not None and isinstance(node.op, ShapeI):
            return self.dims(node.inputs[0])[node.op.axis]
        return self._find((variable, -1))

    def token(self, token: Token) -> Token:
        """What stands for a token."""
        return self._find(token)

    def same(self, x: Variable, y: Variable) -> bool:
        """Whether two variables provably have one shape."""
        return self.dims(x) == self.dims(y)

    def unify(self, new: Variable, old: Variable) -> None:
        """Note that a replacement has the shape of what it replaces, and stands for both."""
        if not isinstance(new.type, TensorType) or not isinstance(old.type, TensorType):
            return
        self.dims(new)
        self._rank[new] = min(self._rank_of(new), self._rank_of(old))
        for a, b in zip(self.dims(old), self.dims(new), strict=False):
            self._union(a, b)
        if new.type.ndim == 0 and new.type.dtype == "int64":
            self._union(self.length(old), self.length(new))

    def join(self, a: Token, b: Token) -> None:
        """Note that two lengths are equal."""
        self._union(a, b)

    def covers(self, operands: Iterable[Variable], dims: Dims) -> bool:
        """Whether operands stretched together have the shape ``dims``."""
        missing = {i - len(dims) for i, t in enumerate(dims) if t != 1}
        rank = 0
        for v in operands:
            own = self.dims(v)
            rank = max(rank, len(own))
            missing -= {a for a in missing if len(own) >= -a and own[a] == dims[a]}
        return not missing and rank == len(dims)

    def _leaf(self, variable: Variable) -> None:
        self._rank_of(variable)
        known = variable.type.shape if isinstance(variable.type, TensorType) else ()
        self._dims[variable] = tuple((variable, i) if n is None else n for i, n in enumerate(known))

    def _find(self, token: Token) -> Token:
        root = token
        while isinstance(root, tuple) and root in self._parent:
            root = self._parent[root]
        while isinstance(token, tuple) and token != root:
            above = self._parent[token]
            self._parent[token] = root
            token = above
        return root

    def _union(self, a: Token, b: Token) -> None:
        """Let the simpler of two tokens stand for both: a number, a leaf, what was read first."""
        a, b = self._find(a), self._find(b)
        if a == b:
            return
        if isinstance(a, int) or (isinstance(b, tuple) and self._order(a[0]) < self._order(b[0])):
            a, b = b, a
        if isinstance(a, tuple):
            self._parent[a] = b

    def _compare(self, a: Token, b: Token) -> None:
        """Two lengths that a node compares are equal, or there is no result."""
        self._union(a, b)

    def _settle(self, own: Token, made_of: Token) -> None:
        """The length of an output, by its type or of its own, is the one that it is made of."""
        self._union(own, made_of)

    def _order(self, variable: Variable) -> tuple[bool, int]:
        return variable.owner is not None, self._rank_of(variable)

    def _rank_of(self, variable: Variable) -> int:
        return self._rank.setdefault(variable, len(self._rank))

    def _read(self, node: Apply) -> None:
        """Take what the op tells of lengths, by its own rules run on symbols for tokens."""
        dims, inputs, outputs = self._dims, node.inputs, node.outputs
        if all(v in dims for v in outputs):
            return
        for v in (*inputs, *outputs):
            if v not in dims:
                self._leaf(v)
        compares = type(node.op).compared_lengths is not Op.compared_lengths
        if not any(map(dims.get, outputs)) and not (compares and any(map(dims.get, inputs))):
            return
        # What most nodes are needs no symbols.
        is_plain = type(node.op) is Elementwise
        pairs, told = self._stretched(node) if is_plain else self._ask(node)
        for a, b in pairs:
            if a is not None and b is not None:
                self._compare(a, b)
        for v, lengths in zip(outputs, told, strict=False):
            if lengths and len(lengths) == len(dims[v]):
                dims[v] = tuple(map(self._length_of_output, dims[v], lengths))
        if isinstance(node.op, Scan):
            self._read_rows(node.op, node)

    def _stretched(
        self, node: Apply
    ) -> tuple[list[tuple[Token | None, ...]], list[tuple[Token | None, ...]]]:
        """What `_ask` gives, for a node that stretches its operands together."""
        given = [self._dims[v] for v in node.inputs]
        if len(given) == 1:
            return [], [given[0]]
        static: list[Any] = [v.type.shape for v in node.inputs]
        lengths: list[Token | None] = []
        for axis in range(-max(map(len, static)), 0):
            chosen: Token | None = 1
            for known, dims in zip(static, given, strict=True):
                if len(known) < -axis or known[axis] == 1:
                    continue
                if known[axis] is not None:
                    chosen = known[axis]
                    break
                if chosen == 1:
                    chosen = dims[axis]
            lengths.append(chosen)
        pairs: list[Any] = stretched_together(static, given)
        return pairs, [tuple(lengths)]

    def _ask(
        self, node: Apply
    ) -> tuple[list[tuple[Token | None, ...]], list[tuple[Token | None, ...]]]:
        """The lengths that an op compares, and those of its outputs; none if its rule raises.

        Nobody needs them to run the op, so an op whose rule is wrong (or Theano's of old) runs.
        """
        shapes = [tuple(map(self._symbol, self._dims[v])) for v in node.inputs]
        try:
            pairs = node.op.compared_lengths(node, shapes)
            told = node.op.passed_lengths(node, shapes) or ()
            return (
                [tuple(map(self._told, pair)) for pair in pairs],
                [tuple(map(self._told, lengths or ())) for lengths in told],
            )
        except NotImplementedError:
            return [], []
        except Exception as error:  # noqa: BLE001 (the op is its author's)
            place = where_made(node.outputs[0])
            warnings.warn(
                f"{node.op}{f', made at {place}' if place else ''}: its infer_shape gives no "
                f"lengths ({type(error).__name__}: {error}); they are taken as unknown",
                UserWarning,
                stacklevel=2,
            )
            return [], []

    def _symbol(self, token: Token) -> Variable:
        """A 0-d variable that stands for a token where an op reckons with lengths."""
        symbol = self._symbols.get(token)
        if symbol is None:
            token = self._find(token)
            symbol = self._symbols.get(token)
        if symbol is None:
            symbol = _number(token) if isinstance(token, int) else _unknown()
            self._symbols[token] = symbol
            self._meant[symbol] = token
        return symbol

    def _length_of_output(self, own: Token, made_of: Token | None) -> Token:
        """The token of what an op tells, if it can be had; the output's own where it cannot."""
        if made_of is None:
            return own
        if isinstance(own, int):
            self._settle(own, made_of)
            return own
        return made_of

    def _told(self, n: Any) -> Token | None:
        """The token of a length that an op tells; None where it is reckoned or not told."""
        if not isinstance(n, Variable):
            return None if n is None else int(n)
        if n in self._meant:
            return self._meant[n]
        bounded = operands(n, scalar.maximum)
        if bounded is not None and is_uniform(bounded[1], 0):
            token = self._named(bounded[0])
            if isinstance(token, int):
                return max(token, 0)
            if token is not None and token[1] >= 0:
                return token  # a length is never negative
        return self._named(n)

    def _named(self, n: Variable) -> Token | None:
        """The token of a symbol, of a constant, or of a variable that the graph has."""
        if n in self._meant:
            return self._meant[n]
        if n.owner is None or n in self._dims or isinstance(n.owner.op, ShapeI):
            return self.length(n)
        return constant_int(n)

    def _read_rows(self, op: Scan, node: Apply) -> None:
        """Beyond what a loop tells: rows have the lengths that its body, read here, tells."""
        n = self.length(node.inputs[0])
        stacks = [self._dims[v] for v in op.outer_outputs(node.outputs).stacks]
        for dims, keep, row in zip(stacks, op.keeps, self._rows(op, node), strict=True):
            if keep is not None and isinstance(n, int):
                self._settle(dims[0], min(n, keep))
            for mine, theirs in zip(dims[1:], row, strict=True):
                if theirs is not None:
                    self._settle(mine, theirs)

    def _rows(self, op: Scan, node: Apply) -> list[tuple[Token | None, ...]]:
        """The tokens of the rows of stacks by those of what the loop reads; None if untold."""
        if not op.keeps:
            return []
        inside = Shapes(op.body.graph.toposort())
        for old, new in zip(op.inner.states, op.inner_outputs.states, strict=True):
            # Every step checks that it keeps the lengths.
            for a, b in zip(inside.dims(old), inside.dims(new), strict=True):
                inside.join(a, b)
        known = self._lengths_inside(inside, op, node)
        return [
            tuple(t if isinstance(t, int) else known.get(t) for t in inside.dims(row))
            for row in op.inner_outputs.stacks
        ]

    def _lengths_inside(self, inside: Shapes, op: Scan, node: Apply) -> dict[Token, Token]:
        """For tokens of a body those of what the loop reads."""
        outer = op.outer(node.inputs)
        known: dict[Token, Token] = {}
        rows = [self._dims[x][1:] for x in outer.sequences]
        others = [self._dims[v] for v in (*outer.states, *outer.non_sequences)]
        for v, dims in zip(op.body.inputs, [*rows, *others], strict=True):
            for mine, theirs in zip(inside.dims(v), dims, strict=True):
                known.setdefault(mine, theirs)
        for v, mine_too in zip(outer.non_sequences, op.inner.non_sequences, strict=True):
            if v.type == INT64_SCALAR:
                known.setdefault(inside.length(mine_too), self.length(v))
        return known


@functools.lru_cache(256)
def _number(n: int) -> Variable:
    """The symbol of a known length; symbols get into no graph."""
    return as_tensor(np.int64(n))


def _unknown() -> Variable:
    """The symbol of any other; nobody asks where it was made, which takes long to tell."""
    with trace.inherited(()):
        return INT64_SCALAR()
