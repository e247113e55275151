"""Rows of values that are added to a dense matrix: no sparse matrix is made of them at all.

The derivative by a table of which rows were read is such a list (`sparse_grad`), and an update of
the table adds a multiple of it. That is done where the rows lie.
"""

from __future__ import annotations

from typing import Any

from bitale_graph import language as T
from bitale_graph import sparse as S
from bitale_graph.extend import Apply, is_cast, scalar

from ...engine.rewrite import RewriteContext, RuleSet
from ...facts.forms import made_by, row_of

rows = RuleSet("sparse_rows", "lists of rows that are added to dense matrices")


@rows.rule(
    tracks=[S.AddSD],
    before="add(c * construct_sparse_from_list(x, values, rows), z)",
    after="inc_subtensor(z[rows], c * values)",
)
def rows_that_are_added(node: Apply[Any], context: RewriteContext) -> Any:
    """Add the rows, times what the matrix was multiplied by."""
    x, z = node.inputs
    factors: list[Any] = []
    made = made_by(x, S.ConstructSparseFromList)
    while made is None:
        inner = _unscaled(x, factors)
        if inner is None:
            return None
        x = inner
        made = made_by(x, S.ConstructSparseFromList)
    values, places, n, m = made.inputs
    if not context.shapes.same(z, made.inputs[0]) and not _has_lengths(context, z, n, m):
        return None
    for factor in reversed(factors):
        values = T.cast(values, factor) if isinstance(factor, str) else T.mul(values, factor)
    target: Any = z
    return T.inc_subtensor(target[places], T.cast(values, target.dtype))


def _has_lengths(context: RewriteContext, z: Any, n: Any, m: Any) -> bool:
    """Whether the matrix is known to have the shape of ``z``; an error is left where it is."""
    lengths = tuple(context.shapes.length(k) for k in (n, m))
    return context.shapes.dims(z) == lengths


def _unscaled(x: Any, factors: list[Any]) -> Any:
    """What was multiplied by one number, negated or cast; the factor is noted."""
    maker = x.owner
    if maker is None:
        return None
    if type(maker.op) is S.Neg:
        factors.append(T.constant(-1, dtype=x.dtype))
        return maker.inputs[0]
    if type(maker.op) is S.Cast:
        factors.append(x.dtype)
        return maker.inputs[0]
    if type(maker.op) is not S.CSM:
        return None
    found = _factor(maker.inputs[0])
    if found is None:
        return None
    inner, number = found
    kept = [made_by(v, S.Stored) for v in maker.inputs[1:3]]
    if any(one is None or one.inputs[0] is not inner for one in kept):
        return None
    if inner.format != x.format:
        return None
    factors.append(number)
    return inner


def _factor(data: Any) -> tuple[Any, Any] | None:
    """Stored numbers times one number: the matrix, and the number (a dtype for a cast)."""
    node = data.owner
    row = row_of(node)
    stored = [made_by(v, S.Stored) for v in node.inputs] if node is not None else []
    if row is not None and is_cast(row) and stored[0] is not None:
        return stored[0].inputs[0], str(data.dtype)
    if row not in (scalar.mul, scalar.true_div) or len(stored) != 2:
        return None
    for one, number in zip(stored, node.inputs[::-1], strict=True):
        is_number = all(k == 1 for k in number.type.shape)
        if one is None or one.op.part != "data" or not is_number:
            continue
        number = T.dimshuffle(number)
        if row is scalar.mul:
            return one.inputs[0], number
        if one is stored[0]:
            return one.inputs[0], T.true_div(T.constant(1, dtype=data.dtype), number)
    return None
