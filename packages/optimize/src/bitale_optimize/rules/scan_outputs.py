"""What a loop only gives, and does not carry on with, is computed after it for all steps."""

from __future__ import annotations

from bitale_graph.extend import (
    AdvancedIncSubtensor1,
    Apply,
    Constant,
    Dimshuffle,
    Dot,
    Elementwise,
    Scan,
    Variable,
)

from ..engine.phases import scans
from ..engine.rewrite import Changes, RewriteContext
from ..loops.batching import Batch, joined
from ..loops.scan_parts import ScanParts, Stack, are_told, is_read


@scans.rule(
    tracks=[Scan],
    before="the stack of dot(h[t], w)",
    after="dot(h, w), h the stack of h[t]",
    changes=Changes.ACCURACY,
)
def scan_output_products(
    node: Apply[Scan], context: RewriteContext
) -> dict[Variable, Variable] | None:
    """Make one large product, after the loop, of small ones whose results only leave it."""
    loop = ScanParts.of(node)
    if not loop.may_store:
        return None
    readers = loop.readers()
    ends = loop.outputs
    moved: list[Stack] = []
    needed: dict[Variable, None] = {}
    region = _Region(loop, readers, set(ends))
    for stack in loop.stacks:
        alone = stack.row not in readers and ends.count(stack.row) == 1
        if stack.keep is None and alone and stack.row.owner is not None:
            leaves = region.leaves(stack.row)
            if leaves:
                moved.append(stack)
                needed.update(leaves)
                region.stacked.update(leaves)
    if not moved:
        return None
    loop.stacks = [s for s in loop.stacks if s not in moved]
    sequences = {s.inner: loop.rows_of(s.outer, context) for s in loop.sequences}
    stacks = {v: loop.stack(v) for v in needed if v not in sequences}
    result = loop.build()
    if not are_told(stacks.values(), context):
        return None
    rows = {v: stack.made for v, stack in stacks.items()}
    batch = Batch({s.inner: s.outer for s in loop.non_sequences}, {**sequences, **rows})
    for stack in moved:
        assert stack.out is not None
        result[stack.out] = batch(stack.row)
    return result


class _Region:
    """The expression above products whose results leave the loop."""

    def __init__(
        self, loop: ScanParts, readers: dict[Variable, list[Apply]], ends: set[Variable]
    ) -> None:
        self.readers, self.ends = readers, ends
        self.fixed = {s.inner for s in loop.non_sequences}
        self.rows = {s.inner for s in loop.sequences}
        self.stacked = self.rows | {s.row for s in loop.stacks if s.keep is None}

    def leaves(self, top: Variable) -> dict[Variable, None]:
        """What has to be stacked for ``top`` to be computed later; empty where that is no gain.

        It is one if a product leaves the loop, and nothing is stacked but factors of products.
        """
        found: dict[Variable, None] = {}
        pending = [top]
        products = 0
        while pending:
            v = pending.pop()
            if self._is_fixed(v):
                continue
            if v is not top and v in self.stacked:
                found[v] = None
                continue
            node = v.owner
            is_inside = v is top or (len(self.readers[v]) == 1 and v not in self.ends)
            if node is None or not is_inside:
                return {}
            if isinstance(node.op, Elementwise):
                pending.extend(node.inputs)
                continue
            factor = self._factor(node)
            if factor is None:
                return {}
            products += 1
            found[factor] = None
        return found if products else {}

    def _is_fixed(self, v: Variable) -> bool:
        return v in self.fixed or isinstance(v, Constant)

    def _factor(self, node: Apply) -> Variable | None:
        """The factor of a product that changes from step to step, if the other one does not."""
        if type(node.op) is not Dot:
            return None
        moving = [v for v in node.inputs if not self._is_fixed(v)]
        if len(moving) != 1:
            return None
        (v,) = moving
        while v not in self.stacked and v.owner is not None:
            if type(v.owner.op) is not Dimshuffle:
                break
            v = v.owner.inputs[0]
        return None if self._is_fixed(v) else v


@scans.rule(
    tracks=[Scan],
    before="the last a of a[t] = inc_subtensor(a[t-1][i[t]], y[t])",
    after="inc_subtensor(a[0][i], y), over all steps",
    changes=Changes.ACCURACY,
)
def scan_increments(node: Apply[Scan], context: RewriteContext) -> dict[Variable, Variable] | None:
    """Add at the rows named by all steps after the loop, at once."""
    loop = ScanParts.of(node)
    if not loop.may_store:
        return None
    readers = loop.readers()
    ends = loop.outputs
    for state in loop.states:
        made = state.new.owner
        if made is None or type(made.op) is not AdvancedIncSubtensor1 or made.op.set:
            continue
        old, amount, places = made.inputs
        is_alone = len(readers[old]) == 1 and old not in ends and state.new not in readers
        if old is not state.old or not is_alone or ends.count(state.new) > 1:
            continue
        if not is_read(state.final, context) or amount.type.ndim != old.type.ndim:
            continue
        if amount.type.broadcastable[0] != places.type.broadcastable[0]:
            continue
        loop.states.remove(state)
        sequences = {s.inner: loop.rows_of(s.outer, context) for s in loop.sequences}
        stacks = {v: loop.stack(v) for v in (amount, places) if v not in sequences}
        result = loop.build()
        if not are_told(stacks.values(), context):
            return None
        rows = [sequences[v] if v in sequences else stacks[v].made for v in (amount, places)]
        assert state.final is not None
        result[state.final] = made.op(state.first, *map(joined, rows))
        return result
    return None
