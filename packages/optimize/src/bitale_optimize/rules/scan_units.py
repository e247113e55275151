"""Loops over the rows of a unit matrix, such as those of a Jacobian, make each row as it comes."""

from __future__ import annotations

from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import Apply, Eye, Scan, Variable

from ..engine.rewrite import Changes, RewriteContext, RuleSet
from ..facts.forms import made_by
from ..loops.scan_parts import ScanParts

units = RuleSet("units", "no matrix is stored of which a loop reads the rows")


@units.rule(
    tracks=[Scan],
    before="scan over eye(n)",
    after="scan over arange(n) whose body makes a row: arange(n) == i",
    changes=Changes.NOTHING,
)
def scan_of_unit_rows(
    node: Apply[Scan], context: RewriteContext
) -> dict[Variable, Variable] | None:
    """A row for each step is all that is in memory, and goes into what reads it.

    That is so after all rules that make one product, or one pass, of what the loop computes.
    """
    loop = ScanParts.of(node)
    for one in list(loop.sequences):
        eye = made_by(one.outer, Eye)
        if eye is None or not context.has_one_reader(one.outer) or one.inner in loop.outputs:
            continue
        n, m, k = eye.inputs
        loop.sequences.remove(one)
        at: Any = loop.sequence(T.arange(n, dtype="int64"))
        places = T.arange(loop.non_sequence(m), dtype="int64")
        row = T.cast(T.eq(places, at + loop.non_sequence(k)), eye.op.dtype)
        loop.substitute({one.inner: T.specify_shape(row, one.inner.type.shape)})
        return loop.build()
    return None
