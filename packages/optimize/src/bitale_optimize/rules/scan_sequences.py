"""Work on rows of sequences alone is done for all steps at once, before the loop."""

from __future__ import annotations

from typing import Any

from bitale_graph.extend import Apply, Dimshuffle, Dot, Elementwise, Scan, Variable, scalar

from ..engine.phases import scans
from ..engine.rewrite import Changes, RewriteContext
from ..loops.batching import Batch, can_batch
from ..loops.scan_parts import ScanParts


@scans.rule(
    tracks=[Scan],
    before="scan whose body computes dot(x[t], w)",
    after="scan whose body reads dot(x, w)[t]",
    changes=Changes.ACCURACY,
)
def scan_sequence_work(
    node: Apply[Scan], context: RewriteContext
) -> dict[Variable, Variable] | None:
    """Make one large product of the small ones; likewise what is costly, and whole outputs.

    Not in a loop with a condition to stop: it would compute for steps that are never taken.
    """
    loop = ScanParts.of(node)
    if not loop.may_store or not loop.sequences:
        return None
    rows: set[Variable] = {s.inner for s in loop.sequences}
    free, nodes = _independent(loop, rows)
    if not free:
        return None
    outputs = {s.row for s in loop.stacks if s.keep is None and s.row in rows}
    # What is wanted, and what is cheap to compute once that is there.
    moved: set[Variable] = set()
    for inner in nodes:
        if inner not in free:
            continue
        out = inner.outputs[0]
        follows = any(v in moved for v in inner.inputs) and isinstance(
            inner.op, (Elementwise, Dimshuffle)
        )
        if _is_costly(inner, rows) or out in outputs or follows:
            moved.add(out)
    if not moved:
        return None
    staying = {
        v for n in nodes if n not in free or n.outputs[0] not in moved for v in n.inputs
    } | set(loop.outputs)
    wanted = [v for v in moved if v in staying]
    order = {n.outputs[0]: i for i, n in enumerate(nodes)}
    wanted.sort(key=order.__getitem__)
    batch = Batch(
        {s.inner: s.outer for s in loop.non_sequences},
        {s.inner: loop.rows_of(s.outer, context) for s in loop.sequences},
    )
    loop.substitute({v: loop.sequence(batch(v)) for v in wanted})
    return loop.build()


def _independent(loop: ScanParts, rows: set[Variable]) -> tuple[set[Apply], list[Apply]]:
    """The nodes that read rows of sequences and no states; their results go into ``rows``."""
    carried = loop.depends_on(s.old for s in loop.states)
    nodes = loop.nodes()
    free: set[Apply] = set()
    for inner in nodes:
        if not any(v in rows or v in carried for v in inner.inputs):
            continue
        # What reads rows in another way than all at once is as if it were carried.
        if not any(v in carried for v in inner.inputs) and can_batch(inner, rows):
            free.add(inner)
            rows.update(inner.outputs)
        else:
            carried.update(inner.outputs)
    return free, nodes


def _is_costly(node: Apply, rows: set[Variable]) -> bool:
    op: Any = node.op
    if isinstance(op, Elementwise):
        # Of two rows that are read for it alone, one quotient is left.
        is_quotient = op.scalar_op is scalar.true_div and all(v in rows for v in node.inputs)
        return is_quotient or op.scalar_op.is_dear
    return type(op) is Dot
