"""Loops without what nothing needs: outputs, states and inputs; and each thing in them once."""

from __future__ import annotations

from bitale_graph.extend import Alloc, Apply, Constant, Scan, Variable

from ..engine.fitting import symbolic_lengths
from ..engine.phases import scans
from ..engine.rewrite import Changes, RewriteContext
from ..loops.lockstep import Lockstep
from ..loops.scan_parts import Given, ScanParts, Stack, is_read


@scans.rule(
    tracks=[Scan],
    before="scan with what nothing reads, or twice the same",
    after="scan with what is needed, once",
    changes=Changes.DOMAIN,
)
def scan_unused(node: Apply[Scan], context: RewriteContext) -> dict[Variable, Variable] | None:
    """Drop what is not read, and let what is equal be one."""
    loop = ScanParts.of(node)
    replaced: dict[Variable, Variable] = {}
    changed = _drop_unread(loop, context, replaced)
    changed |= loop.give_once()
    changed |= _fix_states(loop, replaced)
    changed |= _fix_stacks(loop, replaced, context)
    if not changed:
        return None
    # What has been put elsewhere may have been the last to read an input.
    _drop_unread(loop, context, replaced)
    made = loop.build()
    return {**made, **{old: made.get(new, new) for old, new in replaced.items()}}


def _drop_unread(
    loop: ScanParts, context: RewriteContext, replaced: dict[Variable, Variable]
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


def _fix_states(loop: ScanParts, replaced: dict[Variable, Variable]) -> bool:
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
    for state, same in Lockstep(loop.states).repeated():
        pairs[state.old] = same.old
        if state.final is not None and same.final is not None:
            replaced[state.final] = same.final
        loop.states.remove(state)
    loop.substitute(pairs)
    if pairs:
        loop.share()
    return bool(pairs) or bool(fixed)


def _fix_stacks(
    loop: ScanParts, replaced: dict[Variable, Variable], context: RewriteContext
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
