"""Work that is the same at every step is done once, before the loop."""

from __future__ import annotations

from bitale_graph.extend import (
    Alloc,
    Apply,
    Constant,
    Elementwise,
    Scan,
    ShapeI,
    Variable,
    clone_nodes,
    scalar,
    shape_i,
)

from ..engine.phases import scans
from ..engine.rewrite import Changes, RewriteContext
from ..loops.scan_parts import ScanParts


@scans.rule(
    tracks=[Scan],
    before="scan whose body computes f(w), w the same at every step",
    after="scan whose body reads f(w)",
    changes=Changes.DOMAIN,
)
def scan_invariants(node: Apply[Scan], context: RewriteContext) -> dict[Variable, Variable] | None:
    """Compute outside what depends on non-sequences alone.

    Of a loop that takes no step it is computed too.
    """
    loop = ScanParts.of(node)
    before = loop.outputs
    _find_lengths(loop)
    nodes = loop.nodes()
    fixed: set[Variable] = {s.inner for s in loop.non_sequences}
    moved: set[Apply] = set()
    for inner in nodes:
        if any(v in fixed for v in inner.inputs) and all(
            v in fixed or isinstance(v, Constant) for v in inner.inputs
        ):
            if _is_fill(inner):
                continue
            moved.add(inner)
            fixed.update(inner.outputs)
    if not moved and loop.outputs == before:
        return None
    wanted = dict.fromkeys(
        v for reader in nodes if reader not in moved for v in reader.inputs if v.owner in moved
    )
    wanted.update(dict.fromkeys(v for v in loop.outputs if v.owner in moved))
    memo = clone_nodes(list(wanted), {s.inner: s.outer for s in loop.non_sequences})
    loop.substitute({v: loop.non_sequence(memo[v]) for v in wanted})
    return loop.build()


def _find_lengths(loop: ScanParts) -> None:
    """Rows and states have the same lengths at every step: those of what is outside."""
    known: dict[Variable, tuple[Variable, int]] = {s.inner: (s.outer, 1) for s in loop.sequences}
    known.update((s.old, (s.first, 0)) for s in loop.states)
    pairs: dict[Variable, Variable] = {}
    for node in loop.nodes():
        if type(node.op) is ShapeI and node.inputs[0] in known:
            outer, lead = known[node.inputs[0]]
            pairs[node.outputs[0]] = loop.non_sequence(shape_i(outer, node.op.axis + lead))
    loop.substitute(pairs)


def _is_fill(node: Apply) -> bool:
    """A fill gives a shape, which rules inside make use of, and costs less to make than to read."""
    op = node.op
    return type(op) is Alloc or (isinstance(op, Elementwise) and op.scalar_op is scalar.second)
