"""What a product or a sum computes on its way, so that one written anew goes no other way.

``x * y * x`` is not ``x ** 2 * y`` where ``x ** 2`` overflows, nor ``x + y + x`` the same as
``2 * x + y``. A form is kept if all that it computes before the result is computed by the one that
it replaces too, or is a number between two such.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bitale_graph.extend import Apply, Variable, scalar

from ..engine.rewrite import RewriteContext
from ..facts.forms import is_inexact, row_of, uniform_constant
from .factors import QUOTIENT_ROWS, Factors, constant_exponent
from .terms import SUM_ROWS

Key = frozenset[tuple[Variable, Any]]
MOST_PARTS = 50_000
"""Parts of all results on the way, of the largest product or sum that is looked at."""


class Partials:
    """The results on the way to a variable: what is combined, and the numbers it comes with."""

    def __init__(self) -> None:
        self._numbers: dict[Key, tuple[Any, Any]] = {}

    def add(self, parts: Mapping[Variable, Any], number: Any) -> None:
        """Count a result."""
        key, size = frozenset(parts.items()), abs(number)
        low, high = self._numbers.get(key, (size, size))
        self._numbers[key] = min(low, size), max(high, size)

    def holds(self, parts: Mapping[Variable, Any], number: Any) -> bool:
        """Whether a result lies between two of these."""
        found = self._numbers.get(frozenset(parts.items()))
        return found is not None and bool(found[0] <= abs(number) <= found[1])


def keeps_range_of_product(factors: Factors, root: Variable, context: RewriteContext) -> bool:
    """Whether `build_product` computes nothing on the way that ``root`` does not."""
    ways = list(_way_of_product(factors))
    if len(ways) <= 1 or not is_inexact(root):
        return True
    known = _partial_products(root, context)
    return known is not None and all(known.holds(*way) for way in ways[:-1])


def _way_of_product(factors: Factors) -> Iterator[tuple[dict[Variable, int], Any]]:
    """What `build_product` computes, in its order, single factors aside."""
    kept = factors.kept()
    above, below = factors.coefficient()
    lead = next((v for v, e in kept.items() if e > 0), None)
    order = [lead, *(v for v in kept if v is not lead)] if lead is not None else list(kept)
    parts: dict[Variable, int] = {}
    for v in order:
        e = kept[v]
        if abs(e) > 1:
            yield {v: abs(e)}, 1
        parts[v] = e
        if v is not lead or above not in (1, -1):
            yield dict(parts), above
    if below != 1:
        yield dict(parts), above / below


def _partial_products(root: Variable, context: RewriteContext) -> Partials | None:
    found = Partials()
    known: dict[Variable, tuple[dict[Variable, int], Any]] = {}
    count = 0
    for node in _open_nodes(root, (*QUOTIENT_ROWS, scalar.neg, scalar.sqr, scalar.pow), context):
        row, inputs = row_of(node), node.inputs
        read = [known[v] if v in known else _leaf_of_product(v) for v in inputs]
        parts, number = dict(read[0][0]), read[0][1]
        power = 2 if row is scalar.sqr else constant_exponent(inputs) if row is scalar.pow else 1
        if row is scalar.pow and not power:
            parts, number = {node.outputs[0]: 1}, 1
        elif row in (scalar.mul, scalar.true_div):
            sign = 1 if row is scalar.mul else -1
            for v, e in read[1][0].items():
                parts[v] = parts.get(v, 0) + sign * e
            number = number * read[1][1] ** sign
        else:
            power = -1 if row is scalar.inv else power
            parts, number = {v: power * e for v, e in parts.items()}, number**power
        parts = {v: e for v, e in parts.items() if e}
        count += len(parts)
        if count > MOST_PARTS:
            return None
        known[node.outputs[0]] = parts, number
        found.add(parts, number)
    return found


def _leaf_of_product(v: Variable) -> tuple[dict[Variable, int], Any]:
    value = uniform_constant(v)
    return ({v: 1}, 1) if value is None or value == 0 else ({}, value)


def keeps_range_of_sum(
    entries: Iterable[tuple[Variable | None, Any]],
    root: Variable,
    context: RewriteContext,
) -> bool:
    """Whether a sum of entries in this order computes nothing on the way that ``root`` does not."""
    ways: list[tuple[dict[Variable, Any], Any]] = []
    parts: dict[Variable, Any] = {}
    constant: Any = 0
    for i, (v, c) in enumerate(entries):
        if v is None:
            constant = c
        else:
            parts[v] = c
            if c not in (1, -1):
                ways.append(({v: abs(c)}, 0))
        if i:
            ways.append((dict(parts), constant))
    if len(ways) <= 1 or not is_inexact(root):
        return True
    known = _partial_sums(root, context)
    return known is not None and all(
        known.holds(p, c) or known.holds({v: -e for v, e in p.items()}, c) for p, c in ways[:-1]
    )


def _partial_sums(root: Variable, context: RewriteContext) -> Partials | None:
    found = Partials()
    known: dict[Variable, tuple[dict[Variable, Any], Any]] = {}
    count = 0
    for node in _open_nodes(root, (*SUM_ROWS, scalar.mul), context):
        row = row_of(node)
        read = [known[v] if v in known else _leaf_of_sum(v) for v in node.inputs]
        (parts, constant), sign = read[0], -1 if row is scalar.sub else 1
        if row is scalar.mul:
            scaled = _scaled(*read)
            parts, constant = ({node.outputs[0]: 1}, 0) if scaled is None else scaled
        elif row is scalar.neg:
            parts, constant = {v: -c for v, c in parts.items()}, -constant
        else:
            parts = dict(parts)
            for v, c in read[1][0].items():
                parts[v] = parts.get(v, 0) + sign * c
            constant = constant + sign * read[1][1]
        parts = {v: c for v, c in parts.items() if c != 0}
        count += len(parts)
        if count > MOST_PARTS:
            return None
        known[node.outputs[0]] = parts, constant
        found.add(parts, constant)
    return found


def _scaled(left: Any, right: Any) -> tuple[dict[Variable, Any], Any] | None:
    """A sum times a number; None for any other product."""
    for (parts, constant), (others, number) in ((left, right), (right, left)):
        if not others:
            return {v: c * number for v, c in parts.items()}, constant * number
    return None


def _leaf_of_sum(v: Variable) -> tuple[dict[Variable, Any], Any]:
    value = uniform_constant(v)
    return ({v: 1}, 0) if value is None else ({}, value)


def _open_nodes(root: Variable, rows: Any, context: RewriteContext) -> list[Apply]:
    """The nodes of these rows that lead up to ``root`` alone, inputs first."""
    order: list[Apply] = []
    stack = [root]
    while stack:
        v = stack.pop()
        node = v.owner
        if node is None or row_of(node) not in rows:
            continue
        is_sign = row_of(node) is scalar.neg
        if v is not root and not is_sign and not context.has_one_reader(v):
            continue
        order.append(node)
        stack.extend(node.inputs)
    return order[::-1]
