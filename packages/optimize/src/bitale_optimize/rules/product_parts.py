"""Parts of products: only the rows and columns that are taken are computed."""

from __future__ import annotations

from typing import Any

from bitale_graph.extend import Apply, Dot, Subtensor, Variable, unpack

from ..engine.phases import specialize
from ..engine.rewrite import Changes, RewriteContext
from ..facts.forms import made_by


@specialize.rule(
    tracks=[Subtensor],
    before="dot(x, y)[i, j]",
    after="dot(x[i], y[:, j])",
    changes=Changes.ACCURACY,
)
def subtensor_of_product(node: Apply[Subtensor], context: RewriteContext) -> Variable | None:
    """Take rows of the left factor and columns of the right one, if nothing else reads the rest.

    Of the stack of a loop only the rows that are read are stored then.
    """
    whole: Any = node.inputs[0]
    inner = made_by(whole, Dot)
    if inner is None or not context.has_one_reader(whole):
        return None
    x, y = inner.inputs
    op: Any = node.op
    entries = list(zip(op.pattern, unpack(op.pattern, node.inputs[1:]), strict=True))
    rows = [e for e in entries[:1] if x.type.ndim == 2]
    columns = entries[len(rows) :]
    if rows:
        x = _taken(x, rows)
    if columns:
        # A vector of rows is left where y is one.
        lead = [((False, False, False), slice(None))] if y.type.ndim == 2 else []
        y = _taken(y, [*lead, *columns])
    made: Variable = Dot()(x, y)
    return made


def _taken(x: Variable, entries: list[tuple[Any, Any]]) -> Any:
    bounds: list[Any] = []
    for _, part in entries:
        given = (part.start, part.stop, part.step) if isinstance(part, slice) else (part,)
        bounds += [b for b in given if b is not None]
    return Subtensor(tuple(entry for entry, _ in entries))(x, *bounds)
