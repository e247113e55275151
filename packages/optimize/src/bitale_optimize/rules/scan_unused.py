"""Loops without what nothing needs: outputs, states and inputs; and each thing in them once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitale_graph.elementwise import Elementwise
from bitale_graph.ops.creation import Alloc
from bitale_graph.ops.scan import Scan
from bitale_graph.variable import Apply, Constant, Variable

from ..fitting import symbolic_lengths
from ..phases import scans
from ..recurrence import Given, Recurrence, Stack, State, is_read

if TYPE_CHECKING:
    from ..rewrite import RewriteContext


@scans.rule(
    tracks=[Scan],
    before="scan with what nothing reads, or twice the same",
    after="scan with what is needed, once",
)
def scan_unused(node: Apply, context: RewriteContext) -> dict[Variable, Variable] | None:
    """Drop what is not read, and let what is equal be one."""
    loop = Recurrence.of(node)
    replaced: dict[Variable, Variable] = {}
    changed = _drop_unread(loop, context, replaced)
    changed |= _fix_inputs(loop)
    changed |= _fix_states(loop, replaced)
    changed |= _fix_stacks(loop, replaced, context)
    if not changed:
        return None
    # What has been put elsewhere may have been the last to read an input.
    _drop_unread(loop, context, replaced)
    made = loop.build()
    return {**made, **{old: made.get(new, new) for old, new in replaced.items()}}


def _drop_unread(
    loop: Recurrence, context: RewriteContext, replaced: dict[Variable, Variable]
) -> bool:
    """Keep what outputs need that are read; a state is needed if such an output is made of it."""
    stand_ins = set(replaced.values())

    def is_wanted(out: Variable | None) -> bool:
        return out in stand_ins or is_read(out, context)

    stacks = [s for s in loop.stacks if is_wanted(s.out)]
    state_of = {s.old: s for s in loop.states}
    needed = {s for s in loop.states if is_wanted(s.final)}
    pending = [s.new for s in needed] + [s.row for s in stacks]
    if loop.condition is not None:
        pending.append(loop.condition)
    seen: set[Variable] = set()
    while pending:
        v = pending.pop()
        if v in seen:
            continue
        seen.add(v)
        state = state_of.get(v)
        if state is not None:
            if state not in needed:
                needed.add(state)
                pending.append(state.new)
        elif v.owner is not None:
            pending.extend(v.owner.inputs)
    before = len(loop.inputs) + len(loop.outputs)
    loop.stacks = stacks
    loop.states = [s for s in loop.states if s in needed]
    loop.sequences = [s for s in loop.sequences if s.inner in seen]
    loop.non_sequences = [s for s in loop.non_sequences if s.inner in seen]
    return len(loop.inputs) + len(loop.outputs) < before


def _fix_inputs(loop: Recurrence) -> bool:
    """Constants go into the body, and what is given twice is given once."""
    pairs: dict[Variable, Variable] = {}
    loop.sequences = _once(loop.sequences, pairs)
    for one in loop.non_sequences:
        if isinstance(one.outer, Constant):
            pairs[one.inner] = one.outer
    rest = [s for s in loop.non_sequences if s.inner not in pairs]
    loop.non_sequences = _once(rest, pairs)
    loop.substitute(pairs)
    return bool(pairs)


def _once(given: list[Given], pairs: dict[Variable, Variable]) -> list[Given]:
    first: dict[Variable, Given] = {}
    for one in given:
        known = first.setdefault(one.outer, one)
        if known is not one:
            pairs[one.inner] = known.inner
    return list(first.values())


def _fix_states(loop: Recurrence, replaced: dict[Variable, Variable]) -> bool:
    """A state that no step changes is no state, and equal ones are one."""
    fixed = [s for s in loop.states if s.new is s.old]
    pairs: dict[Variable, Variable] = {}
    for state in fixed:
        if state.final is not None:
            replaced[state.final] = state.first
        if isinstance(state.first, Constant):
            pairs[state.old] = state.first
        else:
            loop.non_sequences.append(Given(state.first, state.old))
    loop.states = [s for s in loop.states if s not in fixed]
    for state, same in _equal_states(loop.states):
        pairs[state.old] = same.old
        if state.final is not None and same.final is not None:
            replaced[state.final] = same.final
        loop.states.remove(state)
    loop.substitute(pairs)
    if pairs:
        loop.share()
    return bool(pairs) or bool(fixed)


def _equal_states(states: list[State]) -> list[tuple[State, State]]:
    """States that are equal at every step, each with the one that stands for it.

    Those that start alike are taken for equal until a step tells them apart (partition refinement,
    as in J. Hopcroft, An n log n algorithm for minimizing states in a finite automaton, 1971).
    """
    classes: dict[State, object] = {s: _start(s) for s in states}
    if len(set(classes.values())) == len(states):
        return []
    while True:
        numbers: dict[object, int] = {}
        values: dict[Variable, object] = {s.old: ("state", classes[s]) for s in states}
        keys = {s: (classes[s], _value(s.new, values, numbers)) for s in states}
        count = len(set(classes.values()))
        order: dict[object, int] = {}
        classes = {s: order.setdefault(key, len(order)) for s, key in keys.items()}
        if len(order) == count:
            break
    first: dict[object, State] = {}
    found = [(s, first.setdefault(classes[s], s)) for s in states]
    return [(s, same) for s, same in found if s is not same]


def _start(state: State) -> object:
    first = state.first
    known: object = first.signature() if isinstance(first, Constant) else first
    return (known, state.old.type)


def _value(
    variable: Variable, values: dict[Variable, object], numbers: dict[object, int]
) -> object:
    """A number for what is computed, the same for what is the same, of the values of states."""
    stack = [variable]
    while stack:
        v = stack[-1]
        if v in values:
            stack.pop()
            continue
        if v.owner is None:
            values[v] = v.signature() if isinstance(v, Constant) else v
            continue
        missing = [u for u in v.owner.inputs if u not in values]
        if missing:
            stack.extend(missing)
            continue
        read = [values[u] for u in v.owner.inputs]
        op = v.owner.op
        if isinstance(op, Elementwise) and op.scalar_op.commutative:
            read.sort(key=hash)
        key = (op, *read)
        for out in v.owner.outputs:
            values[out] = ("computed", numbers.setdefault((key, out.index), len(numbers)))
    return values[variable]


def _fix_stacks(
    loop: Recurrence, replaced: dict[Variable, Variable], context: RewriteContext
) -> bool:
    """Equal stacks are one; rows of a sequence are there already, and equal rows need no loop."""
    sequences = {s.inner: s.outer for s in loop.sequences}
    fixed = {s.inner: s.outer for s in loop.non_sequences}
    first: dict[tuple[Variable, int | None], int] = {}
    kept: list[Stack] = []
    for stack in loop.stacks:
        assert stack.out is not None
        found: Variable | None = None
        if loop.condition is None and stack.keep is None:
            if stack.row in sequences:
                found = loop.rows_of(sequences[stack.row], context)
            elif stack.row in fixed or isinstance(stack.row, Constant):
                found = _repeated(fixed.get(stack.row, stack.row), loop.n_steps)
        place = first.setdefault((stack.row, stack.keep), len(kept))
        if found is None and place < len(kept):
            found = kept[place].out
        if found is None:
            kept.append(stack)
        else:
            replaced[stack.out] = found
    changed = len(kept) < len(loop.stacks)
    loop.stacks = kept
    return changed


def _repeated(value: Variable, n: Variable) -> Variable:
    made: Variable = Alloc()(value, n, *symbolic_lengths(value))
    return made
