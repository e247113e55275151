"""Masks that need no places: what is done where a mask is true is done everywhere, and chosen.

Places have to be found, and what is read and written at them goes element by element. Beside that
a few operations on the elements that are left out cost next to nothing.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from bitale_graph import language as T
from bitale_graph.extend import (
    AdvancedIncSubtensor,
    AdvancedIncSubtensor1,
    AdvancedSubtensor,
    AdvancedSubtensor1,
    Alloc,
    Apply,
    Elementwise,
    Op,
    Reduce,
    Variable,
    cast,
    dimshuffle,
    is_known_to_fit,
    mask_of,
    scalar,
)

from ..engine.phases import canonical
from ..engine.rewrite import Changes, RewriteContext
from ..facts.forms import kind_of, operands

# So many multiplications an element, and not more, are done for elements that are left out.
MOST_COST = 16
_NEUTRAL: dict[scalar.ScalarOp, int] = {
    scalar.add: 0,
    scalar.mul: 1,
    scalar.or_: 0,
    scalar.and_: 1,
}


class _Masked(NamedTuple):
    """A read or a write by one mask and whole axes alone.

    Attributes
    ----------
    mask : Variable
        Of bools.
    check : Assert or None
        What the lengths are checked by.
    conditions : list of Variable
        That they are those of what the mask is for.
    behind : int
        How many axes stand behind those of the mask.
    """

    mask: Any
    check: Any
    conditions: list[Variable]
    behind: int

    def checked(self, mask: Any) -> Any:
        """The mask, whose lengths are checked."""
        return self.check(mask, *self.conditions) if self.conditions else mask


def _by_mask(op: Op, x: Variable, index: list[Variable]) -> _Masked | None:
    if type(op) in (AdvancedSubtensor1, AdvancedIncSubtensor1):
        pattern: tuple[Any, ...] = ("a",)
    elif isinstance(op, AdvancedSubtensor | AdvancedIncSubtensor):
        pattern = op.pattern
    else:
        return None
    arrays = [a for a, entry in enumerate(pattern) if entry == "a"]
    is_whole = all(entry in ("a", (False, False, False)) for entry in pattern)
    if not is_whole or arrays != list(range(arrays[0], arrays[-1] + 1)):
        return None
    found = mask_of(index)
    if found is None:
        return None
    # Places may also be those of a mask of other lengths, of which all are there.
    is_checked = found.check is not None and found.check.error == "IndexError"
    if not is_checked and not is_known_to_fit(found.mask, x, arrays[0]):
        return None
    return _Masked(found.mask, found.check, found.conditions, x.type.ndim - arrays[-1] - 1)


class _Everywhere:
    """What is computed of elements that a mask leaves, computed of all elements instead."""

    def __init__(self, place: _Masked) -> None:
        self.place = place
        self.rank = place.mask.type.ndim
        self.cost = 0
        self.checks: list[_Masked] = []

    def find(self, v: Variable) -> Any:
        """The tensor of which ``v`` has the elements that the mask leaves; None if there is none.

        What each step costs bounds how deep this goes.
        """
        node = v.owner
        op: Any = None if node is None else node.op
        if node is not None and type(op) in (AdvancedSubtensor1, AdvancedSubtensor):
            x, *index = node.inputs
            read = _by_mask(op, x, index)
            if read is None or read.mask is not self.place.mask:
                return None
            if read.behind != self.place.behind:
                return None
            self.checks.append(read)
            return x
        if node is not None and (type(op) is Alloc or operands(v, scalar.second) is not None):
            return self._same_for_all(node.inputs[0 if type(op) is Alloc else 1])
        found = self._same_for_all(v)
        if found is not None or node is None or type(op) is not Elementwise:
            return found
        if op.scalar_op is scalar.pow and kind_of(v) in ("i", "u"):
            return None  # a negative exponent is an error
        self.cost += 1 + op.scalar_op.cost
        if self.cost > MOST_COST:
            return None
        parts = [self.find(u) for u in node.inputs]
        return None if any(p is None for p in parts) else op(*parts)

    def _same_for_all(self, v: Any) -> Any:
        """``v``, if it is one value for all places, with axes for those of the mask."""
        at = v.type.ndim - 1 - self.place.behind
        if at < 0:
            return v
        if v.type.shape[at] != 1:
            return None
        axes = range(v.type.ndim)
        new = ("x",) * self.rank
        return dimshuffle(v, *axes[:at], *new, *axes[at + 1 :])

    def mask(self) -> Any:
        """The mask, checked for all that it was used for, with axes for those behind it."""
        mask = self.place.checked(self.place.mask)
        for one in self.checks:
            mask = one.checked(mask)
        return dimshuffle(mask, *range(self.rank), *("x",) * self.place.behind)


@canonical.rule(
    tracks=[AdvancedIncSubtensor1, AdvancedIncSubtensor],
    before="set_subtensor(x[mask], f(y[mask], s))",
    after="switch(mask, f(y, s), x)",
    changes=Changes.DOMAIN,
)
def write_by_mask(node: Apply, context: RewriteContext) -> Variable | None:
    """What is written at a mask, and known at all places, is chosen where the mask is true."""
    x, y, *index = node.inputs
    op: Any = node.op
    place = _by_mask(op, x, index)
    if place is None:
        return None
    everywhere = _Everywhere(place)
    value = everywhere.find(y)
    if value is None:
        return None
    if not op.set:
        value = T.add(x, value)
    made: Variable = T.switch(everywhere.mask(), cast(value, x.type.dtype), x)
    return made


@canonical.rule(
    tracks=[Reduce],
    before="sum(f(x[mask], s))",
    after="sum(switch(mask, f(x, s), 0))",
    changes=Changes.DOMAIN,
)
def reduction_by_mask(node: Apply[Reduce], context: RewriteContext) -> Variable | None:
    """What does not count is the neutral number."""
    op: Any = node.op
    neutral = _NEUTRAL.get(op.scalar_op)
    if neutral is None:
        return None
    (v,) = node.inputs
    place = _mask_read_in(v)
    if place is None:
        return None
    at = v.type.ndim - 1 - place.behind
    if at not in op.axes:
        return None
    everywhere = _Everywhere(place)
    value = everywhere.find(v)
    if value is None:
        return None
    rank = everywhere.rank
    # Axes in front stay, that of the places becomes those of the mask.
    axes = [a if a < at else a + rank - 1 for a in op.axes if a != at]
    nothing = np.asarray(neutral, v.type.dtype)
    chosen = T.switch(everywhere.mask(), value, nothing)
    made: Variable = op.over(tuple(sorted([*axes, *range(at, at + rank)])))(chosen)
    return made


def _mask_read_in(v: Variable) -> _Masked | None:
    """The first read by a mask that is met behind a few elementwise ops."""
    waiting = [v]
    for _ in range(MOST_COST):
        if not waiting:
            break
        node = waiting.pop().owner
        if node is None:
            continue
        if type(node.op) in (AdvancedSubtensor1, AdvancedSubtensor):
            found = _by_mask(node.op, node.inputs[0], node.inputs[1:])
            if found is not None:
                return found
        elif type(node.op) is Elementwise:
            waiting += node.inputs
    return None


@canonical.rule(
    tracks=[AdvancedSubtensor1, AdvancedSubtensor],
    before="set_subtensor(x[mask], y)[mask]",
    after="y",
    changes=Changes.DOMAIN,
)
def read_of_write_by_mask(node: Apply, context: RewriteContext) -> Variable | None:
    """A mask names no place twice, so what was written there is what is read."""
    written, *index = node.inputs
    made = written.owner
    if made is None or type(made.op) not in (AdvancedIncSubtensor1, AdvancedIncSubtensor):
        return None
    x, y, *places = made.inputs
    write: Any = made.op
    if not write.set or node.op != write.reading():
        return None
    first, second = _by_mask(write, x, places), _by_mask(node.op, written, index)
    same = first is not None and second is not None and first.mask is second.mask
    found: Variable = y
    return found if same else None
