"""A loop taken apart for editing: what it reads, carries and gives, each with its variable inside.

Rules edit the lists of a `ScanParts`, build a new node, and tell what stands for the old outputs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import (
    Apply,
    Assert,
    Body,
    Constant,
    Dimshuffle,
    Scan,
    TensorType,
    Variable,
    clone_nodes,
    graph_replace,
    leaves,
    scalar,
    shape_i,
    toposort,
)

from ..engine.rewrite import RewriteContext
from ..facts.forms import operands
from ..facts.merging import merge_key
from ..facts.shapes import Token

ENOUGH_ROWS = Assert(
    "scan: the number of steps is negative, or a sequence has fewer rows", "ShapeError"
)


@dataclass(eq=False)
class Given:
    """A sequence with the variable of its row, or a non-sequence with that of itself."""

    outer: Variable
    inner: Variable


@dataclass(eq=False)
class State:
    """What is carried: its first value outside, and both values inside.

    ``final`` is the output that the old node has for it, ``made`` that of the new one.
    """

    first: Variable
    old: Variable
    new: Variable
    final: Variable | None = None
    made: Any = None


@dataclass(eq=False)
class Stack:
    """Rows that are gathered; ``out`` is the output that the old node has, ``made`` the new one."""

    row: Variable
    keep: int | None = None
    out: Variable | None = None
    made: Any = None


@dataclass(eq=False)
class ScanParts:
    """The parts of one loop.

    Attributes
    ----------
    condition, taken
        In a while loop the condition inside, and the count of steps outside.
    """

    node: Apply
    op: Scan
    n_steps: Variable
    sequences: list[Given]
    states: list[State]
    stacks: list[Stack]
    non_sequences: list[Given]
    condition: Variable | None = None
    taken: Variable | None = None

    @classmethod
    def of(cls, node: Apply) -> ScanParts:
        """Take the loop of a node apart; the node and its body stay as they are."""
        op = node.op
        assert isinstance(op, Scan)
        outer, inner = op.outer(node.inputs), op.inner
        given, rows = op.outer_outputs(node.outputs), op.inner_outputs
        states = zip(outer.states, inner.states, rows.states, given.states, strict=True)
        stacks = zip(rows.stacks, op.keeps, given.stacks, strict=True)
        return cls(
            node,
            op,
            node.inputs[0],
            list(map(Given, outer.sequences, inner.sequences)),
            [State(*parts) for parts in states],
            [Stack(*parts) for parts in stacks],
            list(map(Given, outer.non_sequences, inner.non_sequences)),
            rows.last,
            given.last,
        )

    # Inside
    @property
    def inputs(self) -> list[Variable]:
        """The inputs of the body."""
        return [
            *(s.inner for s in self.sequences),
            *(s.old for s in self.states),
            *(s.inner for s in self.non_sequences),
        ]

    @property
    def outputs(self) -> list[Variable]:
        """The outputs of the body."""
        last = [] if self.condition is None else [self.condition]
        return [*(s.new for s in self.states), *(s.row for s in self.stacks), *last]

    def nodes(self) -> list[Apply]:
        """The nodes of the body, inputs first."""
        return toposort(self.outputs, stop_at=set(self.inputs))

    def readers(self) -> dict[Variable, list[Apply]]:
        """Inside, the nodes that read each variable; a node that reads it twice comes twice."""
        found: dict[Variable, list[Apply]] = {}
        for node in self.nodes():
            for v in node.inputs:
                found.setdefault(v, []).append(node)
        return found

    def substitute(self, pairs: Mapping[Variable, Variable]) -> None:
        """Exchange variables inside; what is put in may be made of inputs of the body."""
        if not pairs:
            return
        new = iter(graph_replace(self.outputs, pairs))
        for state in self.states:
            state.new = next(new)
        for stack in self.stacks:
            stack.row = next(new)
        if self.condition is not None:
            self.condition = next(new)

    def give_once(self) -> bool:
        """Put constants into the body, and give once what is given twice; whether that was so."""
        pairs: dict[Variable, Variable] = {}
        self.sequences = _once(self.sequences, pairs)
        for one in self.non_sequences:
            if isinstance(one.outer, Constant):
                pairs[one.inner] = one.outer
        rest = [s for s in self.non_sequences if s.inner not in pairs]
        self.non_sequences = _once(rest, pairs)
        self.substitute(pairs)
        return bool(pairs)

    def share(self) -> None:
        """Let equal expressions inside be one."""
        memo: dict[Variable, Variable] = {}
        seen: dict[object, Apply] = {}
        for node in self.nodes():
            inputs = [memo.get(v, v) for v in node.inputs]
            new = node
            if any(a is not b for a, b in zip(inputs, node.inputs, strict=True)):
                new = node.clone_with_new_inputs(inputs)
            first = seen.setdefault(merge_key(new), new)
            memo.update(zip(node.outputs, first.outputs, strict=True))
        for state in self.states:
            state.new = memo.get(state.new, state.new)
        for stack in self.stacks:
            stack.row = memo.get(stack.row, stack.row)
        if self.condition is not None:
            self.condition = memo.get(self.condition, self.condition)

    def sequence(self, outer: Any) -> Variable:
        """The row inside of a sequence, which is added if it is not there."""
        for s in self.sequences:
            if s.outer is outer:
                return s.inner
        row = TensorType(outer.type.dtype, outer.type.shape[1:])(outer.name)
        self.sequences.append(Given(outer, row))
        return row

    def non_sequence(self, outer: Variable) -> Variable:
        """The variable inside of a non-sequence, which is added if it is not there."""
        if isinstance(outer, Constant):
            return outer
        for s in self.non_sequences:
            if s.outer is outer:
                return s.inner
        inner: Variable = outer.type(outer.name)
        self.non_sequences.append(Given(outer, inner))
        return inner

    def stack(self, row: Variable) -> Stack:
        """The stack of all rows of a variable inside, which is added if it is not there."""
        for s in self.stacks:
            if s.row is row and s.keep is None:
                return s
        made = Stack(row)
        self.stacks.append(made)
        return made

    def of_last_states(self) -> set[Variable]:
        """The new states, and rows that are computed of them for no other reason.

        Such a row also reads what is the same in all steps, and nothing else.
        """
        new = {s.new for s in self.states}
        known = new | {s.inner for s in self.non_sequences}
        readers, ends = self.readers(), self.outputs
        found = set(new)
        for stack in self.stacks:
            row = stack.row
            if row.owner is None or row in readers or ends.count(row) > 1:
                continue
            read = {v for v in leaves([row], stop_at=new) if not isinstance(v, Constant)}
            if read <= known and not read.isdisjoint(new):
                found.add(row)
        return found

    # Outside
    def after_last_step(self, rows: Iterable[Variable]) -> dict[Variable, Any]:
        """What rows are after the loop, once it is built; they are ``of_last_states``."""
        outside = {s.inner: s.outer for s in self.non_sequences}
        for state in self.states:
            fits = state.new.type.admits(state.made.type)
            shape: Any = state.new.type
            outside[state.new] = state.made if fits else T.specify_shape(state.made, shape.shape)
        return clone_nodes(list(rows), outside)

    @property
    def may_store(self) -> bool:
        """Whether something may be stored of every step that the loop did not store.

        Not with a condition to stop, as steps would count that are never taken; and not where
        derivatives are to compute again rather than to store.
        """
        return self.condition is None and not self.op.checkpoint

    def rows_of(self, sequence: Any, context: RewriteContext) -> Any:
        """The rows that the loop reads, as one variable outside.

        Where it is not known that there are as many rows as steps, that is checked when it runs, as
        the loop did, of which nothing may be left.
        """
        length, steps = context.shapes.dims(sequence)[0], self.n_steps
        n = context.shapes.length(steps)
        if length == n:
            return sequence
        doubts = _doubts(steps, sequence, context)
        rows = sequence[: ENOUGH_ROWS(steps, *doubts) if doubts else steps]
        context.shapes.join(context.shapes.dims(rows)[0], n)
        return rows

    def build(self, body: Body | None = None, **attributes: Any) -> dict[Variable, Variable]:
        """Make the new node, and give for each old output that stays the new one."""
        keeps = tuple(s.keep for s in self.stacks)
        if body is None:
            body = Body(self.inputs, self.outputs)
        op = self.op.changed(
            body=body,
            n_sequences=len(self.sequences),
            n_states=len(self.states),
            keeps=keeps,
            is_while=self.condition is not None,
            **attributes,
        )
        if not self.states and not self.stacks and self.condition is None:
            return {}
        node = op.make_node(
            self.n_steps,
            *(s.outer for s in self.sequences),
            *(s.first for s in self.states),
            *(s.outer for s in self.non_sequences),
        )
        made = op.outer_outputs(node.outputs)
        result: dict[Variable, Variable] = {}
        for state, new in zip(self.states, made.states, strict=True):
            state.made = new
            _name(state.final, new, result)
        for stack, new in zip(self.stacks, made.stacks, strict=True):
            stack.made = new
            _name(stack.out, new, result)
        if self.taken is not None and made.last is not None:
            _name(self.taken, made.last, result)
        return result

    # What a variable inside depends on
    def depends_on(self, variables: Iterable[Variable]) -> set[Variable]:
        """Every variable inside that is computed from one of these, these included."""
        found = set(variables)
        for node in self.nodes():
            if any(v in found for v in node.inputs):
                found.update(node.outputs)
        return found


def _once(given: list[Given], pairs: dict[Variable, Variable]) -> list[Given]:
    first: dict[Variable, Given] = {}
    for one in given:
        known = first.setdefault(one.outer, one)
        if known is not one:
            pairs[one.inner] = known.inner
    return list(first.values())


def _name(old: Variable | None, new: Variable, result: dict[Variable, Variable]) -> None:
    if old is not None:
        new.name = old.name
        result[old] = new


def _doubts(steps: Any, sequence: Any, context: RewriteContext) -> list[Any]:
    """What must hold for a loop to take so many steps over a sequence, if it is not known to."""
    length = context.shapes.dims(sequence)[0]
    bounds: list[Any] = []
    pending = [steps]
    while pending:
        v = pending.pop()
        least = operands(v, scalar.minimum)
        if least is None:
            bounds.append(v)
        else:
            pending.extend(least)
    lengths = list(map(context.shapes.length, bounds))
    doubts = []
    if not any(
        n == length or (isinstance(n, int) and isinstance(length, int) and n <= length)
        for n in lengths
    ):
        doubts.append(T.le(steps, shape_i(sequence, 0)))
    most = [operands(v, scalar.maximum) or [v] for v in bounds]
    if not all(any(_is_natural(context.shapes.length(v)) for v in parts) for parts in most):
        doubts.append(T.ge(steps, 0))
    return doubts


def _is_natural(n: Token) -> bool:
    """Whether a token stands for no negative number: as lengths do, and values may not."""
    return n >= 0 if isinstance(n, int) else n[1] >= 0


def are_told(stacks: Iterable[Stack], context: RewriteContext) -> bool:
    """Whether the lengths of rows are told outside: without a step, and so for all steps alike."""
    for stack in stacks:
        dims = context.shapes.dims(stack.made)[1:]
        if any(isinstance(t, tuple) and t[0] is stack.made for t in dims):
            return False
    return True


def is_read(variable: Variable | None, context: RewriteContext) -> bool:
    """Whether anything in the graph reads an output of a node."""
    return variable is not None and bool(context.graph.clients.get(variable))


def turned(variable: Variable, *pattern: int | str) -> Variable | None:
    """What a dimshuffle of this pattern was made of; None for anything else."""
    node = variable.owner
    if node is None or type(node.op) is not Dimshuffle or node.op.pattern != pattern:
        return None
    x = node.inputs[0]
    # An axis of length 1 may be dropped by it.
    kept = [p for p in pattern if p != "x"]
    return x if len(kept) == x.type.ndim else None
