"""Sums and differences as terms with coefficients: what cancels goes, what is equal is counted."""

from __future__ import annotations

from typing import Any

import numpy as np
from bitale_graph import language as T
from bitale_graph.extend import Apply, Constant, Variable, scalar

from ..algebra.partial_results import keeps_range_of_sum
from ..algebra.terms import SUM_ROWS, Terms, sum_terms, wrapped_integer
from ..engine.phases import canonical
from ..engine.rewrite import Changes, RewriteContext
from ..facts.forms import kind_of, number, row_of

_OPEN = (*SUM_ROWS, scalar.mul)


@canonical.rule(
    tracks=SUM_ROWS,
    before="x + y - x, or x + y + x, or (x + 1) + 2",
    after="y, 2 * x + y, x + 3",
    changes=Changes.DOMAIN,
)
def sum_of_terms(node: Apply, context: RewriteContext) -> Variable | None:
    """Write a sum anew where that takes fewer operations, or shows a term that occurs twice.

    Integers stay exact modulo their width. Infinities and NaN that would cancel to NaN are lost.
    """
    root = node.outputs[0]
    if kind_of(root) not in ("f", "i", "u", "c"):
        return None
    reader = context.reader(root)
    if reader is not None and row_of(reader) in SUM_ROWS:
        context.requeue(reader)
        return None
    if _is_plain(node):
        return None
    with np.errstate(all="ignore"):
        terms = sum_terms(root, context)
        kept = {v: c for v, c in terms.coefficients.items() if wrapped_integer(c, terms.dtype) != 0}
        numbers = (*kept.values(), terms.constant)
        if kind_of(root) in ("f", "c") and not all(np.isfinite(c) for c in numbers):
            return None
        has_repeated = len(terms.coefficients) < terms.found
        cost = _cost(kept, terms)
        # -x - y becomes -(x + y), so that a sign which means all of a sum is found in front of it.
        is_negative = row_of(node) is scalar.sub and all(c == -1 for c in kept.values())
        is_better = has_repeated or (is_negative and terms.constant == 0)
        if cost < terms.nodes or (cost == terms.nodes and is_better):
            entries = _ordered(kept, terms)
            if keeps_range_of_sum(entries, root, context):
                made: Variable = _build(entries, terms)
                return made
    return None


def _is_plain(node: Apply) -> bool:
    """Whether it is seen at once that nothing can be gathered."""
    if node.inputs[0] is node.inputs[-1] and len(node.inputs) == 2:
        return False
    return not any(isinstance(v, Constant) or row_of(v.owner) in _OPEN for v in node.inputs)


def _is_negative(c: Any) -> bool:
    return bool(c.imag == 0 and c.real < 0)


def _cost(kept: dict[Variable, Any], terms: Terms) -> int:
    """How many nodes the sum of ``kept`` takes."""
    entries = len(kept) + bool(terms.constant != 0)
    factors = sum(c not in (1, -1) for c in kept.values())
    needs_sign = bool(terms.constant == 0) and bool(kept) and all(c == -1 for c in kept.values())
    return max(entries - 1, 0) + factors + needs_sign


def _ordered(kept: dict[Variable, Any], terms: Terms) -> list[tuple[Variable | None, Any]]:
    """Let positive terms lead; where there are none, the constant, or a sign before all."""
    entries: list[tuple[Variable | None, Any]] = list(kept.items())
    if terms.constant != 0 or not entries:
        entries.append((None, terms.constant))
    entries.sort(key=lambda entry: _is_negative(entry[1]))
    if _is_negative(entries[0][1]) and not all(v is not None and c == -1 for v, c in entries):
        # All are negative: one with a factor, or the constant, takes the sign along.
        entries.sort(key=lambda entry: entry[0] is not None and entry[1] == -1)
    return entries


def _build(entries: list[tuple[Variable | None, Any]], terms: Terms) -> Any:
    if all(v is not None and c == -1 for v, c in entries):
        return T.neg(_chain([(v, -c) for v, c in entries], terms.dtype))
    return _chain(entries, terms.dtype)


def _chain(entries: list[tuple[Variable | None, Any]], dtype: str) -> Any:
    first, *others = entries
    total = _entry(*first, dtype)
    for v, c in others:
        negative = _is_negative(c)
        total = (T.sub if negative else T.add)(total, _entry(v, -c if negative else c, dtype))
    return total


def _entry(v: Variable | None, c: Any, dtype: str) -> Any:
    factor = number(_in_range(c, dtype), dtype)
    if v is None:
        return factor
    return v if c == 1 else T.mul(factor, v)


def _in_range(c: Any, dtype: str) -> Any:
    """An integer as the dtype holds it, modulo its width."""
    kind = np.dtype(dtype)
    if kind.kind not in "iu":
        return c
    wrapped = wrapped_integer(c, dtype)
    return np.array(wrapped, "uint64").astype(dtype)
