"""What a graph checks of lengths and indices when it runs, as facts that outlast its nodes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from bitale_graph.extend import (
    AdvancedIncSubtensor,
    AdvancedIncSubtensor1,
    Alloc,
    Apply,
    IncSubtensor,
    Op,
    PutAlongAxis,
    Reshape,
    Scan,
    Subtensor,
    Variable,
    constant_int,
    scalar,
    unpack,
)

from .forms import operands
from .shapes import Dims, Shapes, Token


class Fact(NamedTuple):
    """What holds if a node does not fail.

    ``kind`` is ``"equal"`` (two lengths), ``"index"`` (a length, an index into it), ``"natural"``
    (a number), ``"most"`` (a number of steps, a length), ``"step"`` (a number of steps, two lengths
    that are equal if it is not 0) or ``"size"`` (the lengths of an array,
    those that it is given by a reshape).
    """

    kind: str
    tokens: tuple[Any, ...]


@dataclass(frozen=True)
class Slices:
    """Tokens for the lengths of slices: one for each way to cut a length."""

    known: dict[object, Token]

    def length(self, whole: Token, part: slice, key: object, own: Token) -> Token:
        """The token of a slice; the first one that is cut so gives it."""
        return self.known.setdefault((whole, key), own)


class Checks(Shapes):
    """Lengths by what each op makes of them, and apart from that what the ops compare.

    `Shapes` takes for equal what a node compares, since a graph that fails has no shapes. Here such
    lengths stay two, so that it can be told whether they are still compared once the node has gone.

    Parameters
    ----------
    nodes : iterable of Apply
        In topological order.
    slices : Slices
        Shared by those of one graph before and after rewriting.

    Attributes
    ----------
    facts : dict of Fact
        Each with the first node that checks it.
    """

    def __init__(self, nodes: Iterable[Apply], slices: Slices) -> None:
        self.slices = slices
        self.facts: dict[Fact, Apply] = {}
        self._node: Apply | None = None
        super().__init__(nodes)

    def _read(self, node: Apply) -> None:
        known = all(v in self._dims for v in node.outputs)
        self._node = node
        super()._read(node)
        if not known:
            _NOTES.get(type(node.op), _nothing)(self, node.op, node)

    def _compare(self, a: Token, b: Token) -> None:
        a, b = self._find(a), self._find(b)
        if a != b:
            self.note("equal", a, b)

    def _settle(self, own: Token, made_of: Token) -> None:
        if isinstance(own, int):
            self._compare(own, made_of)
        else:
            self._union(own, made_of)

    def _slice_key(self, part: slice) -> object:
        bounds = (part.start, part.stop, part.step)
        return tuple(None if b is None else self.length(b) for b in bounds)

    def note(self, kind: str, *tokens: Any) -> None:
        """Keep a fact with the node that is read."""
        assert self._node is not None
        self.facts.setdefault(Fact(kind, tokens), self._node)

    def note_equal(self, mine: Dims, theirs: Dims, kinds: tuple[Any, ...]) -> None:
        """Note that lengths agree from the last one on, those aside that are stretched."""
        for a in range(-min(len(mine), len(theirs)), 0):
            if kinds[a] != 1:
                self._compare(mine[a], theirs[a])

    def note_steps(self, op: Scan, node: Apply) -> None:
        """Note what a step of a loop compares, and that it keeps the lengths of its states."""
        steps = self.length(node.inputs[0])
        inside = Checks(op.body.graph.toposort(), Slices({}))
        known = self._lengths_inside(inside, op, node)
        pairs = [fact.tokens for fact in inside.facts if fact.kind == "equal"]
        for old, new in zip(op.inner.states, op.inner_outputs.states, strict=True):
            pairs += zip(inside.dims(old), inside.dims(new), strict=True)
        for pair in pairs:
            a, b = (t if isinstance(t, int) else known.get(t) for t in pair)
            if a is not None and b is not None and self._find(a) != self._find(b):
                self.note("step", steps, self._find(a), self._find(b))

    def read(self, view: Variable, pattern: Any, bounds: list[Variable], x: Variable) -> None:
        """Note that slices cut in one way have one length."""
        for own, t in zip(
            self._dims[view], self.region(pattern, bounds, x, self.dims(x), view), strict=True
        ):
            self._settle(own, t)

    def region(
        self,
        pattern: Any,
        bounds: list[Variable],
        x: Variable,
        dims: Dims,
        view: Variable | None = None,
    ) -> Dims:
        """The lengths of ``x[index]``; and note what single indices must hold."""
        taken: list[Token] = []
        for axis, part in enumerate(unpack(pattern, bounds)):
            n = dims[axis]
            if isinstance(part, slice):
                if part == slice(None):
                    taken.append(n)
                    continue
                if view is None:
                    view = Subtensor(pattern)(x, *bounds)
                    self._leaf(view)
                own = self._dims[view][len(taken)]
                taken.append(self.slices.length(self._find(n), part, self._slice_key(part), own))
            else:
                i = constant_int(part)
                if i is None or not isinstance(n, int) or not -n <= i < n:
                    self.note("index", n, self.length(part))
        return (*taken, *dims[len(pattern) :])


def _nothing(checks: Checks, op: Any, node: Apply) -> None:
    """Nothing beyond what `Shapes` compares."""


def _of_read(checks: Checks, op: Any, node: Apply) -> None:
    x, *bounds = node.inputs
    checks.read(node.outputs[0], op.pattern, bounds, x)


def _of_write(checks: Checks, op: Any, node: Apply) -> None:
    x, y, *bounds = node.inputs
    region = checks.region(op.pattern, bounds, x, checks.dims(x))
    checks.note_equal(checks.dims(y), region, y.type.shape)


def _of_written_rows(checks: Checks, op: Any, node: Apply) -> None:
    x, y, rows = node.inputs
    region = (checks.dims(rows)[0], *checks.dims(x)[1:])
    checks.note_equal(checks.dims(y), region, y.type.shape)


def _of_written_places(checks: Checks, op: Any, node: Apply) -> None:
    x, y, *index = node.inputs
    region = op.reading().make_node(x, *index).out
    checks.note_equal(checks.dims(y), checks.dims(region), y.type.shape)


def _of_alloc(checks: Checks, op: Any, node: Apply) -> None:
    value, *lengths = node.inputs
    wanted = tuple(map(checks.length, lengths))
    checks.note_equal(checks.dims(value), wanted, value.type.shape)
    for n in wanted:
        if not isinstance(n, int) and n[1] < 0:
            checks.note("natural", n)


def _of_reshape(checks: Checks, op: Any, node: Apply) -> None:
    x, *lengths = node.inputs
    old = [t for t in checks.dims(x) if t != 1]
    new = [t for t in map(checks.length, lengths) if t != 1]
    may_be_zero = []
    for t in list(old):
        if t in new and t != -1:
            old.remove(t)
            new.remove(t)
            if t == 0 or not isinstance(t, int):
                may_be_zero.append(t)
    if new == [-1] or (not old and not new):
        return
    if -1 not in new:
        # Where one length of both is 0, the others need not agree.
        old, new = old + may_be_zero, new + may_be_zero
    checks.note("size", tuple(old), tuple(new))


def _of_scan(checks: Checks, op: Any, node: Apply) -> None:
    steps = node.inputs[0]
    bounds = [checks.length(v) for v in operands(steps, scalar.minimum) or [steps]]
    for x in op.outer(node.inputs).sequences:
        n = checks.dims(x)[0]
        if not any(
            b == n or (isinstance(b, int) and isinstance(n, int) and b <= n) for b in bounds
        ):
            checks.note("most", checks.length(steps), n)
    checks.note_steps(op, node)


_NOTES: dict[type[Op], Any] = {
    Subtensor: _of_read,
    IncSubtensor: _of_write,
    AdvancedIncSubtensor1: _of_written_rows,
    AdvancedIncSubtensor: _of_written_places,
    PutAlongAxis: _of_written_places,
    Alloc: _of_alloc,
    Reshape: _of_reshape,
    Scan: _of_scan,
}
