"""Which lengths of which variables are equal, as far as it can be told before anything runs."""

from __future__ import annotations

from collections.abc import Iterable

from bitale_graph.extend import (
    INT64_SCALAR,
    AdvancedIncSubtensor,
    AdvancedIncSubtensor1,
    AdvancedSubtensor1,
    Alloc,
    Apply,
    Arange,
    Argmax,
    Assert,
    Crossentropy1Hot,
    Dimshuffle,
    Dot,
    Elementwise,
    Eye,
    Gemm,
    IncSubtensor,
    Join,
    Loop,
    Op,
    Reduce,
    Reshape,
    RowOp,
    Scan,
    ShapeI,
    SoftmaxCrossentropy,
    SoftmaxCrossentropyGrad,
    SoftmaxGrad,
    SpecifyShape,
    Subtensor,
    TensorType,
    Variable,
    constant_int,
    toposort,
    unpack,
)

Token = int | tuple[Variable, int]
"""A length: a number, that of an axis of a variable, or (axis -1) the value of a 0-d variable."""
Dims = tuple[Token, ...]

_LIKE_FIRST = (
    Assert,
    RowOp,
    IncSubtensor,
    AdvancedIncSubtensor1,
    AdvancedIncSubtensor,
)
_OPERANDS_AGREE = (SoftmaxGrad, SoftmaxCrossentropyGrad)


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

    def _cut(self, whole: Token, part: slice, own: Token) -> Token:
        """The length of a slice, which has a token of its own."""
        return own

    def _order(self, variable: Variable) -> tuple[bool, int]:
        return variable.owner is not None, self._rank_of(variable)

    def _rank_of(self, variable: Variable) -> int:
        return self._rank.setdefault(variable, len(self._rank))

    def _read(self, node: Apply) -> None:
        if all(v in self._dims for v in node.outputs):
            return
        for v in node.inputs:
            if v not in self._dims:
                self._leaf(v)
        for v in node.outputs:
            self._leaf(v)
        tokens = self._tokens(node.op, node)
        if tokens is None:
            return
        for v, known in zip(node.outputs, tokens, strict=False):
            for mine, theirs in zip(self._dims[v], known, strict=False):
                # The output's own token goes under what it was made from.
                self._settle(mine, theirs)

    def _tokens(self, op: Op, node: Apply) -> list[Dims] | None:
        """The tokens of the outputs by what the op does; None where nothing is known."""
        inputs = [self._dims[v] for v in node.inputs]
        if isinstance(op, Elementwise):
            return [self._stretched(inputs)]
        if isinstance(op, Loop):
            full = self._stretched(inputs)
            full = (1,) * (op.ndim - len(full)) + full
            return [tuple(t for a, t in enumerate(full) if a not in r.axes) for r in op.results]
        if isinstance(op, Reduce):
            return [tuple(t for i, t in enumerate(inputs[0]) if i not in op.axes)]
        if isinstance(op, Argmax):
            return [tuple(t for i, t in enumerate(inputs[0]) if i != op.axis)]
        if isinstance(op, Dimshuffle):
            return [tuple(inputs[0][p] if isinstance(p, int) else 1 for p in op.pattern)]
        if isinstance(op, SpecifyShape):
            return [inputs[0]]
        if isinstance(op, (Reshape, Alloc)):
            own = self._dims[node.outputs[0]]
            lengths = [self.length(n) for n in node.inputs[1:]]
            return [tuple(mine if t == -1 else t for mine, t in zip(own, lengths, strict=False))]
        if isinstance(op, Dot):
            self._compare(inputs[0][-1], inputs[1][0])
            return [(*inputs[0][:-1], *inputs[1][1:])]
        if isinstance(op, Gemm):
            self._compare(inputs[2][1], inputs[3][0])
            self._compare(inputs[2][0], inputs[0][0])
            self._compare(inputs[3][1], inputs[0][1])
            return [inputs[0]]
        if isinstance(op, Subtensor):
            return [self._sliced(op, node, inputs[0])]
        return self._of_others(op, node, inputs)

    def _of_others(self, op: Op, node: Apply, inputs: list[Dims]) -> list[Dims] | None:
        if isinstance(op, SoftmaxCrossentropyGrad) and op.partial:
            self._compare(inputs[1][0], inputs[2][0])
        elif isinstance(op, _OPERANDS_AGREE):
            for a, b in zip(inputs[0], inputs[1], strict=False):
                self._compare(b, a)
        if isinstance(op, _LIKE_FIRST):
            return [inputs[0]]
        if isinstance(op, AdvancedSubtensor1):
            return [(inputs[1][0], *inputs[0][1:])]
        if isinstance(op, Crossentropy1Hot):
            self._compare(inputs[1][0], inputs[0][0])
            return [inputs[0][:1]]
        if isinstance(op, SoftmaxCrossentropy) and op.partial:
            return [inputs[1][:1], inputs[0]]
        if isinstance(op, SoftmaxCrossentropy):
            self._compare(inputs[1][0], inputs[0][0])
            return [inputs[0][:1], inputs[0]]
        if isinstance(op, Join):
            for other in inputs[1:]:
                for a, (s, t) in enumerate(zip(other, inputs[0], strict=False)):
                    if a != op.axis:
                        self._compare(s, t)
            own = self._dims[node.outputs[0]]
            return [tuple(own[a] if a == op.axis else t for a, t in enumerate(inputs[0]))]
        if isinstance(op, Arange):
            start, stop, step = node.inputs
            if constant_int(start) == 0 and constant_int(step) == 1:
                length = self.length(stop)
                # A negative stop gives an empty range, but a length is never negative.
                if isinstance(length, int) or length[1] >= 0:
                    return [(length,)]
        if isinstance(op, Scan):
            return self._scanned(op, node)
        if isinstance(op, Eye):
            return [(self.length(node.inputs[0]), self.length(node.inputs[1]))]
        return None

    def _scanned(self, op: Scan, node: Apply) -> list[Dims]:
        """States keep the lengths of the first ones; rows have those that the body tells."""
        given, outer = op.outer_outputs(node.outputs), op.outer(node.inputs)
        n = self.length(node.inputs[0])
        lengths = [self._dims[v] for v in outer.states]
        own = [self._dims[v] for v in given.stacks]
        for dims, keep, row in zip(own, op.keeps, self._rows(op, node), strict=True):
            if keep is not None:
                steps: Token = min(n, keep) if isinstance(n, int) else dims[0]
            else:
                steps = dims[0] if op.is_while else n
            lengths.append(
                (steps, *(d if t is None else t for d, t in zip(dims[1:], row, strict=True)))
            )
        return [*lengths, ()] if op.is_while else lengths

    def _rows(self, op: Scan, node: Apply) -> list[tuple[Token | None, ...]]:
        """The tokens of the rows of stacks by those of what the loop reads; None if untold."""
        if not op.keeps:
            return []
        inside = Shapes(op.body.graph.toposort())
        for old, new in zip(op.inner.states, op.inner_outputs.states, strict=True):
            # Every step checks that it keeps the lengths.
            for a, b in zip(inside.dims(old), inside.dims(new), strict=True):
                inside.join(a, b)
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
        return [
            tuple(t if isinstance(t, int) else known.get(t) for t in inside.dims(row))
            for row in op.inner_outputs.stacks
        ]

    def _stretched(self, inputs: list[Dims]) -> Dims:
        """The tokens of operands stretched together.

        What is compared at run time is noted to be equal.
        """
        result: list[Token] = []
        for axis in range(-max((len(d) for d in inputs), default=0), 0):
            found: Token = 1
            for d in inputs:
                if len(d) < -axis or d[axis] == 1:
                    continue
                if found == 1:
                    found = d[axis]
                else:
                    self._compare(d[axis], found)
            result.append(found)
        return tuple(result)

    def _sliced(self, op: Subtensor, node: Apply, old: Dims) -> Dims:
        own = iter(self._dims[node.outputs[0]])
        result: list[Token] = []
        for axis, part in enumerate(unpack(op.pattern, node.inputs[1:])):
            if isinstance(part, slice):
                mine = next(own)
                result.append(
                    old[axis] if part == slice(None) else self._cut(old[axis], part, mine)
                )
        return (*result, *old[len(op.pattern) :])
