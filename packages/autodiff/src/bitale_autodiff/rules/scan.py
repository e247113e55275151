"""Loops: back-propagation through time, as a loop the other way round.

Its step pulls cotangents back through one step of the forward loop. The cotangent of a state is
carried, that of a non-sequence is a sum over the steps, and that of a sequence has a row for each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import (
    Apply,
    Body,
    Constant,
    Scan,
    TensorType,
    Variable,
    graph_replace,
    leaves,
)

from ..last_row import pull_back_last_rows
from ..pattern import dependence
from ..residuals import ForwardStep, Lengths, residuals, without_shape_reads
from ..rows import Arriving, Window, arriving_cotangents
from ..scan_step import StepBack, cotangent_leaf, is_computed
from ..table import Cotangents, connections, vjps
from ..walker import accumulate, of_shape, zeros_for
from ..zero import ZERO


@connections.define(Scan)
def scan_connection(node: Apply) -> list[list[bool]]:
    """What an output depends on through any number of steps; a state also on the first one."""
    op: Any = node.op
    depends = dependence(op.body)
    inner, inner_outputs = op.inner, op.inner_outputs
    place = {v: i for i, v in enumerate(op.body.inputs)}
    of_states = [{place[v]} for v in inner.states]

    def through(direct: set[Variable]) -> set[int]:
        earlier = (of_states[i] for i, v in enumerate(inner.states) if v in direct)
        return {place[v] for v in direct}.union(*earlier)

    changes = True
    while changes:
        changes = False
        for mine, new in zip(of_states, inner_outputs.states, strict=True):
            more = through(depends[new])
            changes |= not more <= mine
            mine |= more
    columns = [*of_states, *(through(depends[row]) for row in inner_outputs.stacks)]
    if op.is_while:
        columns.append(set())
    return [[False] * len(columns), *([i in c for c in columns] for i in range(len(place)))]


@vjps.define(Scan)
def scan_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Cotangents
) -> list[Any]:
    """Run back over the steps that were taken, or over the last ones of them."""
    window = Window.of(op, inputs[0], outputs[-1] if op.is_while else inputs[0])
    arriving = arriving_cotangents(op, outputs, cotangents, window)
    wanted = op.outer(cotangents.wanted)
    given = pull_back_last_rows(op, inputs, outputs, arriving, wanted)
    under = op.outer_outputs(cotangents.conditions).stacks
    chosen = [k for k in arriving.rows if under[k] is not None and op.keeps[k] is None]
    step = StepBack(op, arriving.last, (*arriving.rows, *arriving.once), wanted, chosen)
    loop = _LoopBack(op)
    terms = _plan(op, inputs, step, arriving, loop)
    if loop.states or loop.rows:
        _give_forward_values(op, inputs, outputs, cotangents, step, arriving, window, loop)
        for at, term in loop.run(window.n_steps):
            terms[at] = term
    for v, at in zip(
        op.inner.non_sequences, op.outer(range(len(inputs))).non_sequences, strict=True
    ):
        if v in given:
            terms[at] = given[v] if terms[at] is None else accumulate(given[v], terms[at])
    for at in op.outer(range(len(inputs))).states:
        if is_computed(terms[at]):
            terms[at] = window.before(terms[at])
    for at in op.outer(range(len(inputs))).sequences:
        if is_computed(terms[at]):
            terms[at] = window.placed(terms[at], inputs[at])
    return _as_connected(outputs[0].owner, cotangents, terms)


def _plan(
    op: Any, inputs: Sequence[Any], step: StepBack, arriving: Arriving, loop: _LoopBack
) -> list[Any]:
    """Tell the loop what to carry and stack, and give the terms that need no loop."""
    terms: list[Any] = [None] * len(inputs)
    place = op.outer(range(len(inputs)))
    for i, leaf in step.states.items():
        new: Any
        at, new = place.states[i], step.found.get(op.inner.states[i])
        first: Any = arriving.last.get(i)
        if i in step.undefined:
            terms[at] = step.undefined[i]
        elif new is leaf:
            loop.non_sequences[leaf] = first
            terms[at] = first
        else:
            start = zeros_for(inputs[at]) if first is None else first
            loop.states.append((leaf, start, new if is_computed(new) else zeros_for(leaf), at))
    for k, ct in arriving.once.items():
        loop.states.append((step.rows[k], ct, zeros_for(step.rows[k]), None))
    for v, at in zip(op.inner.non_sequences, place.non_sequences, strict=True):
        terms[at] = step.found.get(v)
        if is_computed(terms[at]):
            total = cotangent_leaf(v)
            new = accumulate(total, terms[at])
            loop.states.append((total, zeros_for(inputs[at]), new, at))
    for v, at in zip(op.inner.sequences, place.sequences, strict=True):
        terms[at] = step.found.get(v)
        if is_computed(terms[at]):
            loop.rows.append((terms[at], at))
    return terms


def _give_forward_values(
    op: Any,
    inputs: Sequence[Any],
    outputs: Sequence[Any],
    cotangents: Cotangents,
    step: StepBack,
    arriving: Arriving,
    window: Window,
    loop: _LoopBack,
) -> None:
    """Find what the loop back reads, and give it that, from a forward loop that keeps more."""
    inner, outer = op.inner, op.outer(inputs)
    fixed = dict(zip(inner.non_sequences, outer.non_sequences, strict=True))
    fixed |= {
        v: x
        for v, new, x in zip(inner.states, op.inner_outputs.states, outer.states, strict=True)
        if new is v
    }
    of_states, outer_lengths = _lengths_of_states(op, outer.states, step)
    of_states = {v: lengths for v, lengths in of_states.items() if v not in fixed}
    leaf_step = ForwardStep(inner.sequences, list(of_states), list(fixed))
    forward = {v for v in op.body.graph.variables if not isinstance(v, Constant)}
    lengths = Lengths(leaf_step, of_states)
    loop.compute(without_shape_reads(loop.computed(), forward, leaf_step, lengths))
    stacks = op.outer_outputs(outputs).stacks
    kept = {
        row: stack
        for row, stack, keep in zip(op.inner_outputs.stacks, stacks, op.keeps, strict=True)
        if keep is None
    }
    read = residuals(loop.computed(), forward, leaf_step, lengths, kept, op.checkpoint)
    more = [v for v in read.kept if v not in kept]
    if more:
        kept.update(zip(more, _keeping(op, inputs, more), strict=True))
    for v in read.kept:
        loop.sequences[v] = window.of_stack(kept[v])
    outside = graph_replace(read.outside, fixed)
    loop.non_sequences.update(zip(read.outside, outside, strict=True))
    used = set(leaves(loop.computed(), stop_at={*read.kept, *read.outside}))
    for v, x in zip(inner.sequences, outer.sequences, strict=True):
        if v in used:
            loop.sequences[v] = window.of_sequence(x)
    for k, ct in arriving.rows.items():
        if step.rows[k] in used:
            loop.sequences[step.rows[k]] = window.of_stack(ct)
    for k, leaf in step.conditions.items():
        if leaf in used:
            condition = op.outer_outputs(cotangents.conditions).stacks[k]
            loop.sequences[leaf] = window.of_stack(T.second(stacks[k], condition))
    for v, x in {**fixed, **outer_lengths}.items():
        if v in used:
            loop.non_sequences[v] = x


def _lengths_of_states(
    op: Any, firsts: Sequence[Any], step: StepBack
) -> tuple[dict[Variable, list[Any]], dict[Variable, Any]]:
    """Lengths of the states as the step back has them, and what those that are leaves stand for."""
    of_states: dict[Variable, list[Any]] = {}
    outer: dict[Variable, Any] = {}
    for i, v in enumerate(op.inner.states):
        if i in step.states and i not in step.undefined:
            of_states[v] = [T.shape_i(step.states[i], a) for a in range(v.type.ndim)]
            continue
        of_states[v] = []
        for a, n in enumerate(v.type.shape):
            length = T.lscalar() if n is None else T.shape_i(v, a)
            of_states[v].append(length)
            outer[length] = T.shape_i(firsts[i], a)
    return of_states, outer


def _keeping(op: Any, inputs: Sequence[Any], rows: Sequence[Variable]) -> list[Any]:
    """Stacks of ``rows``, from the loop run with these beside its own."""
    new = op.inner_outputs
    last = [] if new.last is None else [new.last]
    body = Body(op.body.inputs, [*new.states, *new.stacks, *rows, *last])
    keeping = op.changed(body=body, keeps=(*op.keeps, *[None] * len(rows)))
    made: list[Any] = keeping.outer_outputs(keeping.make_node(*inputs).outputs).stacks
    return made[len(new.stacks) :]


def _as_connected(node: Apply, cotangents: Cotangents, terms: Sequence[Any]) -> list[Any]:
    """Terms of the static shape of their inputs, and zero or none at all where nothing arrived."""
    result: list[Any] = []
    pattern = scan_connection(node)
    for v, term, row, wanted in zip(node.inputs, terms, pattern, cotangents.wanted, strict=True):
        reached = any(c and ct is not None for c, ct in zip(row, cotangents, strict=True))
        if not wanted or not reached:
            result.append(None)
        elif is_computed(term):
            result.append(T.specify_shape(term, v.type.shape))
        else:
            result.append(ZERO if term is None else term)
    return result


class _LoopBack:
    """The loop back while it is put together.

    Attributes
    ----------
    sequences, non_sequences : dict
        For each leaf of the step what is given outside.
    states : list of (leaf, first value, new value, input whose term it is)
    rows : list of (row, input whose term the stack is)
    """

    def __init__(self, forward: Any) -> None:
        self.forward = forward
        self.sequences: dict[Any, Any] = {}
        self.non_sequences: dict[Any, Any] = {}
        self.states: list[tuple[Any, Any, Any, int | None]] = []
        self.rows: list[tuple[Any, int]] = []

    def computed(self) -> list[Any]:
        """What the step computes."""
        return [*(new for _, _, new, _ in self.states), *(row for row, _ in self.rows)]

    def compute(self, values: Sequence[Any]) -> None:
        """Compute other variables instead."""
        n = len(self.states)
        self.states = [
            (leaf, first, new, at)
            for (leaf, first, _, at), new in zip(self.states, values[:n], strict=True)
        ]
        self.rows = [(row, at) for (_, at), row in zip(self.rows, values[n:], strict=True)]

    def run(self, n_steps: Any) -> list[tuple[int, Any]]:
        """Make the node, and give terms with the inputs of the forward loop they belong to."""
        firsts = [of_shape(leaf.type, first) for leaf, first, _, _ in self.states]
        values = [of_shape(leaf.type, new) for leaf, _, new, _ in self.states]
        leaf_states = [leaf for leaf, _, _, _ in self.states]
        body = Body(
            [*self.sequences, *leaf_states, *self.non_sequences],
            [*values, *(row for row, _ in self.rows)],
        )
        op = Scan(
            body,
            len(self.sequences),
            len(self.states),
            reverse=not self.forward.reverse,
            checkpoint=self.forward.checkpoint,
            name=self.forward.name and f"grad_of_{self.forward.name}",
        )
        given = [
            *(
                of_shape(TensorType(v.dtype, (None, *v.type.shape)), x)
                for v, x in self.sequences.items()
            ),
            *firsts,
            *(of_shape(v.type, x) for v, x in self.non_sequences.items()),
        ]
        results = op.make_node(n_steps, *given).outputs
        places = [*(at for _, _, _, at in self.states), *(at for _, at in self.rows)]
        return [(at, v) for at, v in zip(places, results, strict=True) if at is not None]
