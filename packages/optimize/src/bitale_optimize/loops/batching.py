"""What a step computes, for all steps at once: each variable gets a leading axis of steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import (
    AdvancedSubtensor1,
    Apply,
    BatchedDot,
    Constant,
    Dimshuffle,
    Dot,
    Elementwise,
    Join,
    Reduce,
    Reshape,
    Subtensor,
    Variable,
    constant_int,
    dimshuffle,
    reshape,
    shape_i,
    toposort,
)

WHOLE = (False, False, False)


def can_batch(node: Apply, batched: Mapping[Variable, Any] | set[Variable]) -> bool:
    """Whether a node can be computed for all steps at once.

    Its inputs that are not in ``batched`` are the same at every step.
    """
    moves = [v in batched for v in node.inputs]
    op = node.op
    if isinstance(op, Elementwise):
        # What a fixed operand stretches would take its memory at every step.
        whole = _kind(node.outputs[0])
        return any(m and _kind(v) == whole for m, v in zip(moves, node.inputs, strict=True))
    if type(op) in (Dimshuffle, Reduce):
        return True
    if type(op) in (Dot, BatchedDot):
        # A column times a row would take the memory of matrices for that of vectors.
        x, y = node.inputs
        is_outer = x.type.ndim > 1 and y.type.ndim > 1 and x.type.shape[-1] == 1
        return not (is_outer and all(moves))
    if type(op) is Join:
        return all(moves)
    if type(op) is Reshape:
        is_told = all(constant_int(n) != -1 for n in node.inputs[1:])
        return is_told and not any(moves[1:])
    if type(op) is Subtensor:
        if not any(moves[1:]):
            return True
        # A row of a table.
        return op.pattern == ("i",) and not moves[0]
    return False


def _kind(v: Variable) -> tuple[bool, ...]:
    return v.type.broadcastable


class Batch:
    """Expressions outside for what is inside, with a leading axis of steps.

    Parameters
    ----------
    fixed : mapping
        What is outside for variables inside that are the same at every step.
    rows : mapping
        The stacked rows, outside, of variables that change.
    """

    def __init__(self, fixed: Mapping[Variable, Variable], rows: Mapping[Variable, Any]) -> None:
        self.fixed = dict(fixed)
        self.rows: dict[Variable, Any] = dict(rows)

    def __call__(self, variable: Variable) -> Any:
        """All rows of a variable that changes from step to step."""
        for node in toposort([variable], stop_at={**self.fixed, **self.rows}):
            if any(v in self.rows for v in node.inputs):
                self.rows[node.outputs[0]] = self._batched(node)
            else:
                memo = [self.same(v) for v in node.inputs]
                copy = node.clone_with_new_inputs(memo)
                self.fixed.update(zip(node.outputs, copy.outputs, strict=True))
        return self.rows[variable]

    def same(self, v: Variable) -> Variable:
        """What is outside for a variable that is the same at every step."""
        return v if isinstance(v, Constant) else self.fixed[v]

    def _batched(self, node: Apply) -> Any:
        op: Any = node.op
        values = [self.rows.get(v) if v in self.rows else self.same(v) for v in node.inputs]
        moves = [v in self.rows for v in node.inputs]
        if isinstance(op, Elementwise):
            ndim = node.outputs[0].type.ndim
            return op(*(_aligned(v, m, ndim) for v, m in zip(values, moves, strict=True)))
        x = values[0]
        if type(op) is Dimshuffle:
            return dimshuffle(x, 0, *(p + 1 if isinstance(p, int) else p for p in op.pattern))
        if type(op) is Reduce:
            return op.over(tuple(a + 1 for a in op.axes))(x)
        if type(op) is Dot:
            return product_of_rows(values[0], values[1], moves[0], moves[1])
        if type(op) is BatchedDot:
            ndim = node.outputs[0].type.ndim + 1
            # What is the same at every step is stretched along the steps.
            return op(*(T.as_tensor(v, ndim=ndim) for v in values))
        if type(op) is Join:
            return Join(op.axis + 1)(*values)
        if type(op) is Reshape:
            return op(x, shape_i(x, 0), *values[1:])
        if not moves[0]:
            return AdvancedSubtensor1()(x, values[1])
        return Subtensor((WHOLE, *op.pattern))(x, *values[1:])


def _aligned(v: Any, moves: bool, ndim: int) -> Any:
    """Rows with axes of length 1 between the steps and their own, where they have fewer."""
    lacking = ndim + 1 - v.type.ndim
    if not moves or lacking == 0:
        return v
    return dimshuffle(v, 0, *("x",) * lacking, *range(1, v.type.ndim))


def product_of_rows(x: Any, y: Any, x_moves: bool, y_moves: bool) -> Any:
    """The products of every row of one with the other, as one product."""
    if x_moves and y_moves:
        return T.mul(x, y).sum(axis=1) if x.type.ndim == y.type.ndim == 2 else T.batched_dot(x, y)
    if not x_moves:
        # dot(x, y) = dot(y.T, x.T).T
        turned = dimshuffle(y, 0, 2, 1) if y.type.ndim == 3 else y
        other = dimshuffle(x, 1, 0) if x.type.ndim == 2 else x
        made = product_of_rows(turned, other, True, False)
        both = y.type.ndim == 3 and x.type.ndim == 2
        return dimshuffle(made, 0, 2, 1) if both else made
    if x.type.ndim == 2:
        return Dot()(x, y)
    made = Dot()(joined(x), y)
    lengths = [shape_i(x, 0), shape_i(x, 1)]
    if y.type.ndim == 2:
        lengths.append(shape_i(y, 1))
    return reshape(made, lengths)


def joined(x: Any) -> Any:
    """Rows of matrices as one tall matrix, rows of vectors as one long vector."""
    rest = [shape_i(x, a) for a in range(2, x.type.ndim)]
    return reshape(x, [T.mul(shape_i(x, 0), shape_i(x, 1)), *rest])
