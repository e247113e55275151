"""Rows of a loop: which of them its derivative goes over, and which receive cotangents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bitale_graph import language as T
from bitale_graph.extend import (
    Alloc,
    Apply,
    Constant,
    Elementwise,
    IncSubtensor,
    Scan,
    ShapeI,
    Subtensor,
    constant_int,
)
from bitale_graph.extend import scalar as s

from .walker import accumulate, zeros_for
from .zero import ZERO

if TYPE_CHECKING:
    from .table import Cotangents


@dataclass(frozen=True)
class Window:
    """The steps that derivatives go back over, as rows of sequences and of stacks.

    Attributes
    ----------
    n_steps : 0-d integer variable, or int
    taken : 0-d integer variable
        How many steps there were.
    is_cut : bool
        Whether there may be earlier steps.
    reverse : bool
        Whether the forward loop went from the last row to the first.
    in_sequences, in_stacks : slice or None
        None stands for all rows that the loop went over.
    """

    n_steps: Any
    taken: Any
    is_cut: bool
    reverse: bool
    in_sequences: slice | None
    in_stacks: slice | None

    @classmethod
    def of(cls, op: Scan, n_steps: Any, taken: Any) -> Window:
        """The last ``op.truncate`` steps of those taken, or all of them.

        Parameters
        ----------
        op : Scan
        n_steps, taken : 0-d integer variables
            How many steps were allowed, and how many there were.
        """
        count, k = constant_int(n_steps), op.truncate
        is_cut = k > 0 and (count is None or count > k)
        # A loop that ends early going backwards leaves the first rows of its sequences unread.
        skipped = T.sub(n_steps, taken) if op.is_while and op.reverse else None
        if not is_cut:
            whole = None if skipped is None else slice(skipped, n_steps)
            return cls(taken, taken, False, op.reverse, whole, None)
        if count is not None and not op.is_while:
            steps: Any = k
            rows: Any = slice(0, k) if op.reverse else slice(count - k, count)
        else:
            steps = T.minimum(taken, k)
            rows = slice(0, steps) if op.reverse else slice(T.sub(taken, steps), taken)
        in_sequences = rows if skipped is None else slice(skipped, T.add(skipped, steps))
        return cls(steps, taken, True, op.reverse, in_sequences, rows)

    def of_sequence(self, x: Any) -> Any:
        """The rows of an input of the loop."""
        return x if self.in_sequences is None else x[self.in_sequences]

    def of_stack(self, x: Any) -> Any:
        """The rows of an output of the loop."""
        return x if self.in_stacks is None else x[self.in_stacks]

    def before(self, ct: Any) -> Any:
        """The cotangent of a first state: zero if there were earlier steps."""
        if not self.is_cut:
            return ct
        known = isinstance(self.n_steps, int)
        return ZERO if known else T.switch(T.gt(self.taken, self.n_steps), 0, ct)

    def placed(self, stack: Any, x: Any) -> Any:
        """Cotangents of rows as one of the sequence ``x``."""
        rows = self.in_sequences
        if rows is None:
            if is_length(self.taken, x):
                return stack
            rows = slice(0, self.taken)
        return T.inc_subtensor(zeros_for(x)[rows], stack)

    def all_rows(self, kept: Any) -> Any:
        """The cotangent of all rows, from that of the ones kept: those of the last steps."""
        lengths = [T.shape_i(kept, a) for a in range(kept.ndim)]
        zeros = T.zeros([self.taken, *lengths[1:]], dtype=kept.dtype)
        rows = slice(0, lengths[0]) if self.reverse else slice(T.sub(self.taken, lengths[0]), None)
        return T.inc_subtensor(zeros[rows], kept)


def is_length(n: Any, x: Any) -> bool:
    """Whether a sequence, which has at least ``n`` rows, is known to have no more."""
    count = constant_int(n)
    if count is not None:
        return bool(x.type.shape[0] == count)
    x = _unreversed(x)
    # The longest of some lengths is the length of each: the loop refuses sequences too short.
    lengths = [n]
    while lengths:
        v = lengths.pop()
        node = v.owner
        if node is None:
            continue
        if type(node.op) is ShapeI and node.op.axis == 0 and node.inputs[0] is x:
            return True
        if isinstance(node.op, Elementwise) and node.op.scalar_op is s.maximum:
            lengths.extend(node.inputs)
    return False


def _unreversed(x: Any) -> Any:
    """The tensor of which ``x`` is all rows, from the last to the first."""
    if x.owner is None or type(x.owner.op) is not Subtensor:
        return x
    pattern, inputs = x.owner.op.pattern, x.owner.inputs
    is_reversed = pattern == ((False, False, True),) and constant_int(inputs[1]) == -1
    return inputs[0] if is_reversed else x


@dataclass(frozen=True)
class Arriving:
    """Cotangents of what the loop gave.

    Attributes
    ----------
    last : dict
        By state: after the last step.
    rows : dict
        By stack: of all rows.
    once : dict
        By stack: of the row of the last step, where no other row has one.
    """

    last: dict[int, Any]
    rows: dict[int, Any]
    once: dict[int, Any]


def arriving_cotangents(
    op: Any, outputs: Sequence[Any], cotangents: Cotangents, window: Window
) -> Arriving:
    """Sort the cotangents; that of the last row of a stacked state is one of the last state."""
    given, stacks, new = (
        op.outer_outputs(cotangents),
        op.outer_outputs(outputs).stacks,
        op.inner_outputs,
    )
    found = Arriving({i: ct for i, ct in enumerate(given.states) if ct is not None}, {}, {})
    for k, (ct, keep) in enumerate(zip(given.stacks, op.keeps, strict=True)):
        if ct is None:
            continue
        rest, alone = _last_row_apart(ct, stacks[k], op.reverse)
        state = next((i for i, s in enumerate(new.states) if s is new.stacks[k]), None)
        if alone is not None and state is not None:
            old = found.last.get(state)
            found.last[state] = alone if old is None else accumulate(old, alone)
        elif alone is not None and rest is None:
            found.once[k] = alone
        else:
            rest = ct
        if rest is not None:
            found.rows[k] = rest if keep is None else window.all_rows(rest)
    return found


def _last_row_apart(ct: Any, stack: Any, reverse: bool) -> tuple[Any, Any]:
    """Split a cotangent into a stack of all rows and the row of the last step; either may be None.

    Reading the last row alone makes a cotangent of zeros with one row written.
    """
    writes = []
    base = ct
    while base.owner is not None and type(base.owner.op) is IncSubtensor:
        if base.owner.op.set:
            break
        writes.append(base.owner)
        base = base.owner.inputs[0]
    n = stack.type.shape[0]
    places = {0} if reverse else {-1} if n is None else {-1, n - 1}
    alone = None
    rest = None if _is_zeros(base) else base
    for node in reversed(writes):
        row = _row_written(node, stack, places)
        if row is not None:
            alone = row if alone is None else accumulate(alone, row)
        else:
            start = zeros_for(stack) if rest is None else rest
            rest = node.op(start, *node.inputs[1:])
    return (ct, None) if alone is None else (rest, alone)


def _row_written(node: Apply, stack: Any, places: set[int]) -> Any:
    """What is added to the row at one of ``places``, if that is what a node does."""
    op: Any = node.op
    y: Any = node.inputs[1]
    if op.pattern[:1] != ("i",) or constant_int(node.inputs[2]) not in places:
        return None
    lengths = [T.shape_i(stack, a) for a in range(1, stack.ndim)]
    if len(op.pattern) > 1:
        zeros = T.zeros(lengths, dtype=y.dtype)
        return IncSubtensor(op.pattern[1:], False)(zeros, y, *node.inputs[3:])
    fits = y.ndim == stack.ndim - 1 and all(
        m != 1 or n == 1 for m, n in zip(y.type.shape, stack.type.shape[1:], strict=True)
    )
    return y if fits else T.alloc(y, *lengths)


def _is_zeros(v: Any) -> bool:
    if v.owner is None or type(v.owner.op) is not Alloc:
        return False
    value = v.owner.inputs[0]
    return isinstance(value, Constant) and not value.data.any()
