"""Ops that work element by element, as loops: what targets run, and what is fused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..base.rules import RuleTable
from ..core.graph import Apply, Variable
from ..tensor import scalar
from ..tensor.composite import Composite
from ..tensor.conversion import as_tensor
from ..tensor.elementwise import Elementwise
from .along_axis import PutAlongAxis, TakeAlongAxis
from .creation import Alloc, Arange, ArangeLength, Eye
from .index_pattern import Pattern, advanced_shape, unpack, where_arrays_stand
from .indexing import AdvancedIncSubtensor1, AdvancedSubtensor, AdvancedSubtensor1, Subtensor
from .loop import Index, Literal, Load, Loop, Result, Step
from .reduction import Argmax, Reduce
from .shape import Dimshuffle, lengths_of, shape_i
from .softmax import Crossentropy1Hot, Crossentropy1HotGrad


class LoopForm(NamedTuple):
    """A loop that gives what a node gives, and its inputs.

    An input is one of the node's, or computed from them by ops on numbers of rank 0.
    """

    loop: Loop
    inputs: list[Variable]


loop_forms: RuleTable[Callable[[Apply[Any]], LoopForm | None]] = RuleTable(
    "a form as a loop", "bitale_graph/ops/loop_forms.py"
)


def as_loop(node: Apply) -> LoopForm | None:
    """The form of a node as a loop, else None."""
    rule = loop_forms.get(type(node.op))
    return None if rule is None else rule(node)


@loop_forms.define(Loop)
def loop_itself(node: Apply[Loop]) -> LoopForm:
    """The loop that it is."""
    return LoopForm(node.op, node.inputs)


@loop_forms.define(Elementwise, subclasses=True)
def elementwise_form(node: Apply[Elementwise]) -> LoopForm:
    """One step; as many as it has for a `Composite`."""
    n, out = len(node.inputs), node.out.type
    if isinstance(node.op.scalar_op, Composite):
        steps = [_step_of(*step) for step in node.op.scalar_op.steps]
        last = node.op.scalar_op.result_place
        if not isinstance(last, int):
            steps.append(_step_of(Elementwise(scalar.identity), (last,), out.dtype))
            last = n + len(steps) - 1
        return LoopForm(Loop(out.ndim, tuple(steps), (Result(last, out.dtype),)), node.inputs)
    step = Step(node.op.scalar_op, tuple(range(n)), out.dtype)
    return LoopForm(Loop(out.ndim, (step,), (Result(n, out.dtype),)), node.inputs)


def _step_of(op: Elementwise, args: tuple[Any, ...], dtype: str) -> Step:
    numbers = (a if isinstance(a, int) else Literal.of(a.data) for a in args)
    return Step(op.scalar_op, tuple(numbers), dtype)


@loop_forms.define(Reduce)
def reduce_form(node: Apply[Reduce]) -> LoopForm:
    """No step, and a result that is reduced."""
    (x,) = node.inputs
    return LoopForm(Loop(x.type.ndim, (), (Result.of(0, node.op),)), node.inputs)


@loop_forms.define(Argmax)
def argmax_form(node: Apply[Argmax]) -> LoopForm:
    """No step, and the place of what is reduced."""
    (x,) = node.inputs
    axes, dtype = (node.op.axis,), x.type.dtype
    result = Result(0, "int64", scalar.maximum, axes, dtype, place=True)
    return LoopForm(Loop(x.type.ndim, (), (result,)), node.inputs)


def _as_column(rows: Variable, ndim: int) -> Variable:
    """Rows along the first axis of a range; a view, of constants too, which targets know."""
    new: tuple[Any, ...] = ("x",) * (ndim - 1)
    return Dimshuffle((0, *new))(rows) if new else rows


@loop_forms.define(AdvancedSubtensor1)
def rows_form(node: Apply[AdvancedSubtensor1]) -> LoopForm:
    """Read the row named, at the indices of the other axes."""
    x, rows = node.inputs
    ndim, dtype = x.type.ndim, x.type.dtype
    named = _as_column(rows, ndim)
    load = Load(0, (1, *(Index(a) for a in range(1, ndim))), dtype)
    lengths = [shape_i(x, a) for a in range(1, ndim)]
    value = 2 + len(lengths)
    loop = Loop(ndim, (load,), (Result(value, dtype),), (None, *range(2, value)))
    return LoopForm(loop, [x, named, *lengths])


@loop_forms.define(AdvancedIncSubtensor1)
def write_rows_form(node: Apply[AdvancedIncSubtensor1]) -> LoopForm:
    """Write to the row named, at the indices of the other axes."""
    x, y, rows = node.inputs
    ndim, dtype = x.type.ndim, x.type.dtype
    named = _as_column(rows, ndim)
    at: tuple[int | Index, ...] = (2, *(Index(a) for a in range(1, ndim)))
    combine = None if node.op.set else scalar.add
    lengths = [shape_i(x, a) for a in range(1, ndim)]
    given: list[int | None] = [None, *range(3, 3 + len(lengths))]
    if rows.type.shape[0] == 1:
        # What is written has not more rows than are named.
        given[0] = 3 + len(lengths)
        lengths.append(as_tensor(np.int64(1)))
    result = Result(1, dtype, into=0, at=at, combine=combine)
    loop = Loop(ndim, (), (result,), tuple(given))
    return LoopForm(loop, [x, y, named, *lengths])


class IndexedRange(NamedTuple):
    """The range of a loop over what an index with arrays names.

    Attributes
    ----------
    table : Variable
        What is read, or a view of it: cut along the axes that have slices.
    at : tuple
        The place in each axis of the table, inputs counted from 0.
    places, lengths : lists of Variable
        The inputs that are places, and then those that are lengths.
    given : tuple
        For each axis of the range the input that gives its length, if one does.
    """

    table: Variable
    at: tuple[int | Index, ...]
    places: list[Variable]
    lengths: list[Variable]
    given: tuple[int | None, ...]

    def counted_from(self, first: int) -> IndexedRange:
        """The same, with other inputs before these."""
        at = tuple(a + first if isinstance(a, int) else a for a in self.at)
        return self._replace(
            at=at, given=tuple(None if j is None else j + first for j in self.given)
        )


def indexed_range(x: Variable, pattern: Pattern, inputs: Sequence[Variable]) -> IndexedRange:
    """How a loop goes through ``x[index]``."""
    parts = unpack(pattern, inputs)
    static = advanced_shape(pattern, x, inputs)
    first = where_arrays_stand(parts)
    width = len(static) - (x.type.ndim - sum(not isinstance(p, slice) for p in parts))
    others = iter(a for a in range(len(static)) if not first <= a < first + width)
    table, cut = _cut(x, parts)
    at: list[int | Index] = []
    places: list[Variable] = []
    of_axis: dict[int, Variable] = {}
    behind: tuple[Any, ...] = ("x",) * (len(static) - first - width)
    for a in range(x.type.ndim):
        part = parts[a] if a < len(parts) else slice(None)
        if isinstance(part, slice):
            axis = next(others)
            at.append(Index(axis))
            of_axis[axis] = shape_i(cut, a)
            continue
        at.append(len(places))
        is_moved = behind and part.type.ndim
        places.append(Dimshuffle((*range(part.type.ndim), *behind))(part) if is_moved else part)
    # Where no array is longer than 1, what is written must not be either.
    of_axis |= {a: as_tensor(np.int64(1)) for a in range(first, first + width) if static[a] == 1}
    lengths = list(dict.fromkeys(of_axis.values()))
    given = tuple(
        len(places) + lengths.index(of_axis[a]) if a in of_axis else None
        for a in range(len(static))
    )
    return IndexedRange(table, tuple(at), places, lengths, given)


def _cut(x: Variable, parts: Sequence[Any]) -> tuple[Variable, Variable]:
    """What is left of ``x`` by the slices of an index, and what has its lengths."""
    slices = [p if isinstance(p, slice) else slice(None) for p in parts]
    bounds = [b for p in slices for b in (p.start, p.stop, p.step) if b is not None]
    if not bounds:
        return x, x
    cut = Subtensor(
        tuple((p.start is not None, p.stop is not None, p.step is not None) for p in slices)
    )(x, *bounds)
    return cut, cut


@loop_forms.define(AdvancedSubtensor)
def points_form(node: Apply[AdvancedSubtensor]) -> LoopForm | None:
    """Read at places along the axes that have arrays, at the indices of the others."""
    x, *inputs = node.inputs
    ndim, dtype = node.out.type.ndim, x.type.dtype
    if ndim == 0:
        return None
    found = indexed_range(x, node.op.pattern, inputs).counted_from(1)
    value = 1 + len(found.places) + len(found.lengths)
    loop = Loop(ndim, (Load(0, found.at, dtype),), (Result(value, dtype),), found.given)
    return LoopForm(loop, [found.table, *found.places, *found.lengths])


def _along_axis(
    x: Variable, indices: Variable, axis: int, first: int
) -> tuple[tuple[int | Index, ...], tuple[int | None, ...], list[Variable]]:
    """Places, lengths and inputs behind ``first`` others, for what is read along one axis."""
    inputs: list[Variable] = [indices, as_tensor(np.int64(0)), as_tensor(np.int64(1))]
    at: list[int | Index] = []
    given: list[int | None] = []
    for a, (n, m) in enumerate(zip(x.type.shape, indices.type.shape, strict=True)):
        if a == axis or n == 1:
            # Where the indices give a length, they give it alone; 1 is that of what is written too.
            at.append(first if a == axis else first + 1)
            given.append(first + 2 if m == 1 else None)
            continue
        at.append(Index(a))
        given.append(first + len(inputs))
        inputs.append(shape_i(x, a))
    return tuple(at), tuple(given), inputs


@loop_forms.define(TakeAlongAxis)
def take_along_axis_form(node: Apply[TakeAlongAxis]) -> LoopForm:
    """Read at the place told along one axis, at the indices of the others."""
    x, indices = node.inputs
    ndim, dtype = x.type.ndim, x.type.dtype
    at, given, inputs = _along_axis(x, indices, node.op.axis, 1)
    load = Load(0, at, dtype)
    loop = Loop(ndim, (load,), (Result(1 + len(inputs), dtype),), given)
    return LoopForm(loop, [x, *inputs])


@loop_forms.define(PutAlongAxis)
def put_along_axis_form(node: Apply[PutAlongAxis]) -> LoopForm:
    """Write to the place told along one axis, at the indices of the others."""
    x, y, indices = node.inputs
    ndim, dtype = x.type.ndim, x.type.dtype
    at, given, inputs = _along_axis(x, indices, node.op.axis, 2)
    combine = None if node.op.set else scalar.add
    result = Result(1, dtype, into=0, at=at, combine=combine)
    return LoopForm(Loop(ndim, (), (result,), given), [x, y, *inputs])


@loop_forms.define(Alloc)
def alloc_form(node: Apply[Alloc]) -> LoopForm:
    """The value itself, along axes of given lengths."""
    out = node.out.type
    loop = Loop(out.ndim, (), (Result(0, out.dtype),), tuple(range(1, out.ndim + 1)))
    return LoopForm(loop, node.inputs)


@loop_forms.define(Eye)
def eye_form(node: Apply[Eye]) -> LoopForm:
    """Compare the column with where the diagonal is in the row."""
    dtype = node.op.dtype
    one, zero = (Literal.of(np.asarray(n, dtype)) for n in (1, 0))
    steps = (
        Step(scalar.add, (Index(0), 2), "int64"),
        Step(scalar.eq, (Index(1), 3), "bool"),
        Step(scalar.switch, (4, one, zero), dtype),
    )
    return LoopForm(Loop(2, steps, (Result(5, dtype),), (0, 1)), node.inputs)


@loop_forms.define(Arange)
def arange_form(node: Apply[Arange]) -> LoopForm | None:
    """Count from the start by the step, in int64 alone: NumPy has its own way with floats."""
    start, _, step = node.inputs
    if {start.type.dtype, node.op.dtype} != {"int64"}:
        return None
    steps = (
        Step(scalar.mul, (Index(0), 1), "int64"),
        Step(scalar.add, (0, 3), "int64"),
    )
    length = ArangeLength()(*node.inputs)
    return LoopForm(Loop(1, steps, (Result(4, "int64"),), (2,)), [start, step, length])


def _refusing_negative(targets: Variable) -> Variable:
    """Targets as places, where a negative one is far behind the end rather than before it."""
    if not targets.type.dtype.startswith("int"):
        return targets
    # A node of constants too, which targets know.
    return Elementwise(scalar.cast_to("uint64"))(targets)


@loop_forms.define(Crossentropy1Hot)
def crossentropy_form(node: Apply[Crossentropy1Hot]) -> LoopForm:
    """Read the row at its target, and take the logarithm."""
    p, t = node.inputs
    dtype = p.type.dtype
    steps = (
        Load(0, (Index(0), 1), dtype),
        Step(scalar.log, (3,), dtype),
        Step(scalar.neg, (4,), dtype),
    )
    inputs = [p, _refusing_negative(t), shape_i(p, 0)]
    return LoopForm(Loop(1, steps, (Result(5, dtype),), (2,)), inputs)


@loop_forms.define(Crossentropy1HotGrad)
def crossentropy_grad_form(node: Apply[Crossentropy1HotGrad]) -> LoopForm:
    """Zeros, and a quotient written at each target."""
    p, ct, t = node.inputs
    dtype = p.type.dtype
    zeros = Alloc()(np.zeros((), dtype), *lengths_of(p))
    at: tuple[int | Index, ...] = (Index(0), 2)
    steps = (
        Load(0, at, dtype),
        Step(scalar.neg, (1,), dtype),
        Step(scalar.true_div, (6, 5), dtype),
    )
    inputs = [p, ct, _refusing_negative(t), zeros, shape_i(p, 0)]
    result = Result(7, dtype, into=3, at=at)
    return LoopForm(Loop(1, steps, (result,), (4,)), inputs)
