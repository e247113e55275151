"""Sums over time are gathered after the loop, or need none.

A state that each step only adds to is the sum of what is added: of products, which are one product
over steps and rows alike; or of what can be had for all steps at once.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from bitale_graph import language as T
from bitale_graph.extend import (
    Apply,
    Constant,
    Dot,
    IncSubtensor,
    Join,
    Reduce,
    Scan,
    Subtensor,
    Variable,
    accumulator_dtype,
    dimshuffle,
    scalar,
    toposort,
)

from ..engine.phases import scans
from ..engine.rewrite import Changes, RewriteContext
from ..facts.forms import adds_all, is_uniform, made_by, operands, uniform_constant
from ..loops.batching import Batch, can_batch, joined
from ..loops.scan_parts import ScanParts, Stack, State, are_told, is_read, turned
from .join import slice_of


@dataclass(eq=False)
class Term:
    """What a step adds to a state.

    Attributes
    ----------
    place : Apply or None
        The increment that adds it to a part of the state; None if it is added to the whole.
    needs : tuple of Variable
        Variables inside, of which all rows are needed.
    total : callable
        The sum over all steps, from the rows of what is needed.
    """

    value: Variable
    sign: int
    place: Apply | None = None
    needs: tuple[Variable, ...] = ()
    total: Callable[[Batch], Any] = lambda rows: None

    def added(self, whole: Any, amount: Any, outside: Mapping[Variable, Variable]) -> Any:
        """``whole`` with an amount added where the term is."""
        if self.place is None:
            return (T.add if self.sign > 0 else T.sub)(whole, amount)
        bounds = [outside.get(v, v) for v in self.place.inputs[2:]]
        return self.place.op(whole, amount if self.sign > 0 else T.neg(amount), *bounds)


@scans.rule(
    tracks=[Scan],
    before="the last a of a[t] = a[t-1] + dot(x[t].T, y[t])",
    after="a[0] + dot(x.T, y), over rows of all steps",
    changes=Changes.ACCURACY,
)
def scan_sums(node: Apply[Scan], context: RewriteContext) -> dict[Variable, Variable] | None:
    """Add up after the loop what is only added up in it."""
    loop = ScanParts.of(node)
    if not loop.may_store:
        return None
    readers = loop.readers()
    ends = loop.outputs
    finder = _Finder(loop, readers)
    joins = [n for n in loop.nodes() if type(n.op) is Join]
    found: list[tuple[State, list[Term], list[Term]]] = []
    for state in loop.states:
        if not is_read(state.final, context) or ends.count(state.new) > 1:
            continue
        terms = _terms(state, readers, set(ends), finder.is_fixed)
        if terms is not None:
            found.append((state, _joined(terms, joins), []))
    # Products first: of what they have stacked, sums are for free.
    for find in (finder.of_sequences, finder.product, finder.of_stacked):
        for _, left, taken in found:
            for term in list(left):
                if find(term):
                    left.remove(term)
                    taken.append(term)
    found = [one for one in found if one[2]]
    return _moved(loop, found, context) if found else None


def _moved(
    loop: ScanParts, found: list[tuple[State, list[Term], list[Term]]], context: RewriteContext
) -> dict[Variable, Variable] | None:
    stacks: dict[Variable, Stack] = {}
    sequences = {s.inner: s.outer for s in loop.sequences}
    fixed = {s.inner: s.outer for s in loop.non_sequences}
    for _, _, taken in found:
        for v in (v for term in taken for v in term.needs):
            if v not in sequences and v not in stacks:
                stacks[v] = loop.stack(v)
    for state, left, _ in found:
        state.new = _chain(state.old, left)
        if not left:
            loop.states.remove(state)
    result = loop.build()
    if not are_told(stacks.values(), context):
        return None
    rows = {v: stack.made for v, stack in stacks.items()}
    rows.update((v, loop.rows_of(x, context)) for v, x in sequences.items())
    batch = Batch(fixed, rows)
    for state, _, taken in found:
        assert state.final is not None
        total: Any = state.made if state in loop.states else state.first
        for term in taken:
            total = term.added(total, term.total(batch), fixed)
        result[state.final] = total
    return result


def _chain(old: Variable, terms: list[Term]) -> Any:
    total: Any = old
    for term in terms:
        total = term.added(total, term.value, {})
    return total


def _terms(
    state: State,
    readers: dict[Variable, list[Apply]],
    ends: set[Variable],
    is_fixed: Callable[[Variable], bool],
) -> list[Term] | None:
    """What is added to a state, if that is all that a step does with it."""
    if state.old.type.dtype == "bool":
        return None
    if len(readers.get(state.old, ())) != 1 or state.old in ends:
        return None
    terms: list[Term] = []
    pending = [(state.new, 1)]
    found_old = False
    while pending:
        v, sign = pending.pop()
        if v is state.old:
            found_old = sign > 0
            continue
        is_open = v is state.new or (len(readers.get(v, ())) == 1 and v not in ends)
        if v is state.new and readers.get(v):
            return None
        pair = operands(v, scalar.add) or operands(v, scalar.sub)
        if is_open and pair is not None and _is_whole(pair, v):
            flip = 1 if operands(v, scalar.add) else -1
            pending.append((pair[1], sign * flip))
            pending.append((pair[0], sign))
            continue
        negated = operands(v, scalar.neg)
        if is_open and negated is not None:
            pending.append((negated[0], -sign))
            continue
        part = made_by(v, IncSubtensor)
        if part is not None and not part.op.set and all(map(is_fixed, part.inputs[2:])):
            if is_uniform(part.inputs[0], 0):
                terms.append(Term(part.inputs[1], sign, part))
                continue
            if is_open:
                terms.append(Term(part.inputs[1], sign, part))
                pending.append((part.inputs[0], sign))
                continue
        terms.append(Term(v, sign))
    return terms if found_old and terms else None


def _joined(terms: list[Term], joins: list[Apply[Any]]) -> list[Term]:
    """Parts added side by side that the body joins: one term instead, which is stacked maybe."""
    for join in joins:
        axis = join.op.axis
        members: list[Term] = []
        end: int | None = 0
        for v in join.inputs:
            fits = [t for t in terms if t.value is v and t.place is not None]
            found = slice_of(fits[0].place) if fits and fits[0].place is not None else None
            if found is None or found[:2] != (axis, end):
                break
            members.append(fits[0])
            end = found[2]
        if len(members) < 2 or len({t.sign for t in members}) > 1:
            continue
        rest = [t for t in terms if t not in members]
        whole = join.outputs[0]
        if end is None:
            return [*rest, Term(whole, members[0].sign)]
        # What is behind the parts has lengths of its own.
        pattern = (*((False, False, False),) * axis, (False, True, False))
        cut = Subtensor(pattern)(whole, np.int64(end))
        place = IncSubtensor(pattern, False).make_node(whole, cut, np.int64(end))
        return [*rest, Term(cut, members[0].sign, place)]
    return terms


def _is_whole(pair: list[Any], total: Any) -> bool:
    """Whether no operand of a sum is stretched."""
    return all(v.type.broadcastable == total.type.broadcastable for v in pair)


class _Finder:
    """Tells of a term how it is had after the loop, and what for."""

    def __init__(self, loop: ScanParts, readers: dict[Variable, list[Apply]]) -> None:
        self.readers = readers
        self.rows = {s.inner for s in loop.sequences}
        self.stacked = self.rows | {s.row for s in loop.stacks if s.keep is None}
        self.fixed = {s.inner for s in loop.non_sequences}

    def is_fixed(self, v: Variable) -> bool:
        """Whether a variable is the same at every step."""
        return v in self.fixed or isinstance(v, Constant)

    def of_sequences(self, term: Term) -> bool:
        """A term of sequences alone."""
        return self._batched(term, self.rows, term.value)

    def of_stacked(self, term: Term) -> bool:
        """A term of what is stacked for another reason, or a sum of it."""
        return self._batched(term, self.stacked, term.value)

    def _batched(self, term: Term, known: set[Variable], value: Variable) -> bool:
        """Set the term to a sum over rows, if they can be computed from those of ``known``."""
        if value.owner is None and value not in known:
            return False
        moving = set(known)
        for node in toposort([value], stop_at=known | self.fixed):
            fixed = list(map(self.is_fixed, node.inputs))
            if all(fixed):
                return False
            if not all(f or v in moving for f, v in zip(fixed, node.inputs, strict=True)):
                return False
            if not can_batch(node, moving):
                return False
            moving.update(node.outputs)
        term.needs = tuple(v for v in known if v in _leaves(value, known))
        reduced = made_by(value, Reduce)
        op: Any = reduced.op if reduced is not None else None
        if op is not None and reduced is not None and adds_all(op, reduced.inputs[0]):
            whole = reduced.inputs[0]
            axes = (0, *(a + 1 for a in op.axes))
            total = op.over(axes)
            term.total = lambda rows: total(rows(whole))
            return True
        dtype = value.type.dtype
        summed = Reduce(scalar.add, (0,), accumulator_dtype(dtype), dtype)
        term.total = lambda rows: summed(rows(value))
        return True

    def product(self, term: Term) -> bool:
        """A product of two matrices, or of a column and a row."""
        value, scales = self._scaled(term.value)
        pair = self._factors(value)
        if pair is None:
            return False
        (left, tall), (right, wide) = pair
        if self.is_fixed(left) or self.is_fixed(right):
            return False
        term.needs = (left, right)
        self.stacked |= {left, right}

        def total(rows: Batch) -> Any:
            made = Dot()(_transposed(tall(rows(left))), wide(rows(right)))
            return functools.reduce(T.mul, (rows.same(c) for c in scales), made)

        term.total = total
        return True

    def _scaled(self, value: Variable) -> tuple[Variable, list[Variable]]:
        """A product of matrices without the numbers that it is multiplied with at every step."""
        scales: list[Variable] = []
        while (pair := operands(value, scalar.mul)) is not None:
            # By a smaller number the sum of what is not scaled yet might overflow.
            values = [uniform_constant(v) for v in pair]
            numbers = [
                v
                for v, c in zip(pair, values, strict=True)
                if c is not None and abs(c) >= 1 and all(v.type.broadcastable)
            ]
            if len(numbers) != 1:
                break
            scales += numbers
            value = pair[1] if pair[0] is numbers[0] else pair[0]
        return value, scales

    def _factors(self, value: Variable) -> Any:
        node = value.owner
        if node is None:
            return None
        if type(node.op) is Dot:
            x, y = node.inputs
            return None if _ndim(x) == _ndim(y) == 1 else (_columns(x), _rows(y))
        outer = _outer_product(value)
        return None if outer is None else tuple((v, _same) for v in outer)


def _outer_product(value: Variable) -> tuple[Variable, Variable] | None:
    """Two vectors, made of the factors of an elementwise product of columns and rows."""
    if value.type.broadcastable != (False, False):
        return None
    columns: list[Any] = []
    rows: list[Any] = []
    pending = [value]
    while pending:
        v: Any = pending.pop()
        pair = operands(v, scalar.mul)
        kind = v.type.broadcastable
        if pair is not None and not all(kind):
            pending.extend(pair)
        elif all(kind):
            columns.append(dimshuffle(v))
        elif kind == (False, True):
            inner = turned(v, 0, "x")
            columns.append(dimshuffle(v, 0) if inner is None else inner)
        elif kind in ((True, False), (False,)):
            inner = turned(v, "x", 0)
            rows.append(v if v.type.ndim == 1 else dimshuffle(v, 1) if inner is None else inner)
        else:
            return None
    if not rows or all(v.type.ndim == 0 for v in columns):
        return None
    column, row = (functools.reduce(T.mul, factors) for factors in (columns, rows))
    return column, row


def _ndim(v: Variable) -> int:
    return v.type.ndim


def _same(rows: Any) -> Any:
    return rows


def _columns(x: Variable) -> tuple[Variable, Callable[[Any], Any]]:
    """What to stack for a left factor, and how it becomes a matrix with a row for each term."""
    if _ndim(x) == 1:
        return x, joined
    column, transposed = turned(x, 0, "x"), turned(x, 1, 0)
    if column is not None:
        return column, _same
    if transposed is not None:
        return transposed, joined
    return x, lambda rows: joined(dimshuffle(rows, 0, 2, 1))


def _rows(y: Variable) -> tuple[Variable, Callable[[Any], Any]]:
    """The same for a right factor."""
    if _ndim(y) == 1:
        return y, joined
    row = turned(y, "x", 0)
    if row is not None:
        return row, _same
    return y, joined


def _transposed(x: Any) -> Any:
    """The transpose of a matrix; a vector itself."""
    return dimshuffle(x, 1, 0) if _ndim(x) == 2 else x


def _leaves(value: Variable, known: set[Variable]) -> set[Variable]:
    if value in known:
        return {value}
    return {v for node in toposort([value], stop_at=known) for v in node.inputs if v in known}
