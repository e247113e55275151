"""Indexing by integers and slices, by integer arrays, and writing (set, inc) at such places."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

import numpy as np

from ..base.config import config
from ..base.errors import ShapeError, describe
from ..core.graph import Apply, Op, Storage, Variable
from ..tensor.array_type import Shape
from ..tensor.conversion import as_tensor, constant_int
from ..tensor.elementwise import (
    broadcast_symbolic_shape,
    check_run_time_shapes,
    stretched_together,
)
from ..tensor.variable import TensorType, TensorVariable
from .axes import addbroadcast
from .creation import Alloc
from .index_pattern import (
    Pattern,
    add_at,
    advanced_lengths,
    advanced_shape,
    as_numpy_index,
    check_fits,
    fitting,
    known_slice_length,
    set_at,
    slice_length,
    unpack,
    whole_length,
)
from .index_value import as_index
from .places import Read, Write
from .shape import Dimshuffle, Reshape, dimshuffle, shape_i


class Subtensor(Read):
    """``x[index]`` for an index of integers and slices: a view."""

    __props__ = ("pattern",)
    view_map: ClassVar = {0: [0]}

    def __init__(self, pattern: Pattern) -> None:
        self.pattern = pattern

    def make_node(self, x: Any, *bounds: Any) -> Apply:
        """Find the result's shape, and raise `IndexError` for a constant index out of range."""
        x = as_tensor(x)
        inputs = [as_index(b) for b in bounds]
        return Apply(
            self, [x, *inputs], [TensorType(x.type.dtype, self._static_shape(x, inputs))()]
        )

    def _static_shape(self, x: Any, inputs: Sequence[Any]) -> Shape:
        if len(self.pattern) > x.ndim:
            raise IndexError(
                f"too many indices: {len(self.pattern)} for {describe(x)} of rank {x.ndim}"
            )
        knows = config.known_lengths == "all"
        lengths: list[int | None] = []
        for axis, part in enumerate(unpack(self.pattern, inputs)):
            n = x.type.shape[axis]
            if isinstance(part, slice):
                lengths.append(known_slice_length(n, part))
                continue
            i = constant_int(part)
            if knows and n is not None and i is not None and not -n <= i < n:
                raise IndexError(f"index {i} is out of bounds for axis {axis} of {describe(x)}")
        return (*lengths, *x.type.shape[len(self.pattern) :])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        check_run_time_shapes([v.type.shape for v in node.inputs[1:]], inputs[1:])
        output_storage[0][0] = np.asarray(inputs[0][as_numpy_index(self.pattern, inputs[1:])])

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [self._lengths(node, input_shapes[0], slice_length)]

    def passed_lengths(
        self, node: Apply, input_shapes: Sequence[Sequence[Any]]
    ) -> Sequence[Sequence[Any] | None] | None:
        return [self._lengths(node, input_shapes[0], whole_length)]

    def _lengths(
        self, node: Apply, old: Sequence[Any], of_slice: Callable[[Any, slice], Any]
    ) -> tuple[Any, ...]:
        lengths: list[Any] = []
        static = node.outputs[0].type.shape
        for axis, part in enumerate(unpack(self.pattern, node.inputs[1:])):
            if isinstance(part, slice):
                known = static[len(lengths)]
                lengths.append(
                    as_tensor(np.int64(known)) if known is not None else of_slice(old[axis], part)
                )
        return (*lengths, *old[len(self.pattern) :])

    def writing(self, set: bool) -> Write:
        return IncSubtensor(self.pattern, set)


class IncSubtensor(Write):
    """A copy of x with ``y`` written at ``x[index]`` (``set``) or added there."""

    __props__ = ("pattern", "set")

    def __init__(self, pattern: Pattern, set: bool) -> None:
        self.pattern = pattern
        self.set = set

    def make_node(self, x: Any, y: Any, *bounds: Any) -> Apply:
        """Cast ``y`` to the dtype of ``x`` safely; it must broadcast to ``x[index]``."""
        x = as_tensor(x)
        view = Subtensor(self.pattern).make_node(x, *bounds)
        y = fitting(x, y, view.outputs[0].type.shape)
        return Apply(self, [x, y, *view.inputs[1:]], [x.type()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        check_run_time_shapes([v.type.shape for v in node.inputs[2:]], inputs[2:])
        out = np.array(inputs[0])
        index = as_numpy_index(self.pattern, inputs[2:])
        check_fits(node.inputs[1].type.shape, inputs[1], out[index].shape)
        if self.set:
            out[index] = inputs[1]
        else:
            with np.errstate(all="ignore"):
                out[index] += inputs[1]
        output_storage[0][0] = out

    def reading(self) -> Read:
        return Subtensor(self.pattern)


class AdvancedSubtensor1(Read):
    """``x[rows]`` for an integer vector: a copy of the rows named, repeats allowed."""

    __props__ = ()

    def make_node(self, x: Any, rows: Any) -> Apply:
        """The first axis takes the length of ``rows``."""
        x, rows = as_tensor(x), as_index(rows)
        if x.ndim < 1 or rows.ndim != 1:
            raise ShapeError(
                f"expected a tensor with rows and an index vector, and got {describe(x)} and "
                f"{describe(rows)}"
            )
        return Apply(
            self, [x, rows], [TensorType(x.type.dtype, (rows.type.shape[0], *x.type.shape[1:]))()]
        )

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        output_storage[0][0] = np.take(inputs[0], inputs[1], axis=0, mode="raise")

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [(input_shapes[1][0], *input_shapes[0][1:])]

    def writing(self, set: bool) -> Write:
        return AdvancedIncSubtensor1(set)


class AdvancedIncSubtensor1(Write):
    """A copy of x with ``y`` written at or added to ``x[rows]``.

    Repeats add up, or the last one is kept (``set``).
    """

    __props__ = ("set",)

    def __init__(self, set: bool) -> None:
        self.set = set

    def make_node(self, x: Any, y: Any, rows: Any) -> Apply:
        """``y`` must broadcast to ``x[rows]``."""
        view = AdvancedSubtensor1().make_node(x, rows)
        x, rows = view.inputs
        y = fitting(x, y, view.outputs[0].type.shape)
        return Apply(self, [x, y, rows], [x.type()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        x, y, rows = inputs
        check_fits(node.inputs[1].type.shape, y, (len(rows), *x.shape[1:]))
        out = np.array(x)
        if self.set:
            set_at(out, rows, y)
        else:
            add_at(out, rows, y)
        output_storage[0][0] = out

    def reading(self) -> Read:
        return AdvancedSubtensor1()


class AdvancedSubtensor(Read):
    """``x[index]`` where several entries, or one that is not the first, are integer arrays.

    A copy, as NumPy does it.
    """

    __props__ = ("pattern",)

    def __init__(self, pattern: Pattern) -> None:
        self.pattern = pattern

    def make_node(self, x: Any, *parts: Any) -> Apply:
        """Find the shape by NumPy's rule."""
        x = as_tensor(x)
        inputs = [as_index(p) for p in parts]
        return Apply(
            self,
            [x, *inputs],
            [TensorType(x.type.dtype, advanced_shape(self.pattern, x, inputs))()],
        )

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        check_run_time_shapes(*_arrays(self.pattern, node.inputs[1:], inputs[1:]))
        output_storage[0][0] = np.asarray(inputs[0][as_numpy_index(self.pattern, inputs[1:])])

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [self._lengths(node, input_shapes, slice_length)]

    def passed_lengths(
        self, node: Apply, input_shapes: Sequence[Sequence[Any]]
    ) -> Sequence[Sequence[Any] | None] | None:
        return [self._lengths(node, input_shapes, whole_length)]

    def compared_lengths(
        self, node: Apply, input_shapes: Sequence[Sequence[Any]]
    ) -> Iterable[tuple[Any, Any]]:
        return stretched_together(*_arrays(self.pattern, node.inputs[1:], input_shapes[1:]))

    def _lengths(
        self,
        node: Apply,
        input_shapes: Sequence[Sequence[Any]],
        of_slice: Callable[[Any, slice], Any],
    ) -> tuple[Any, ...]:
        static, shapes = _arrays(self.pattern, node.inputs[1:], input_shapes[1:])
        return advanced_lengths(
            unpack(self.pattern, node.inputs[1:]),
            broadcast_symbolic_shape(static, shapes),
            input_shapes[0],
            of_slice,
        )

    def writing(self, set: bool) -> Write:
        return AdvancedIncSubtensor(self.pattern, set)


def _arrays(
    pattern: Pattern, parts: Sequence[Any], values: Sequence[Any]
) -> tuple[list[Shape], list[Any]]:
    """Of the arrays of an index: their shapes as far as known, and the values given for them."""
    pairs = zip(unpack(pattern, parts), unpack(pattern, values), strict=True)
    chosen = [(v.type.shape, x) for v, x in pairs if not isinstance(v, slice)]
    return [shape for shape, _ in chosen], [x for _, x in chosen]


class AdvancedIncSubtensor(Write):
    """A copy of x with ``y`` written at or added to ``x[index]`` for an index with arrays.

    Repeats add up.
    """

    __props__ = ("pattern", "set")

    def __init__(self, pattern: Pattern, set: bool) -> None:
        self.pattern = pattern
        self.set = set

    def make_node(self, x: Any, y: Any, *parts: Any) -> Apply:
        """``y`` must broadcast to ``x[index]``."""
        view = AdvancedSubtensor(self.pattern).make_node(x, *parts)
        y = fitting(view.inputs[0], y, view.outputs[0].type.shape)
        return Apply(self, [view.inputs[0], y, *view.inputs[1:]], [view.inputs[0].type()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        check_run_time_shapes(*_arrays(self.pattern, node.inputs[2:], inputs[2:]))
        out = np.array(inputs[0])
        index = as_numpy_index(self.pattern, inputs[2:])
        check_fits(node.inputs[1].type.shape, inputs[1], out[index].shape)
        if self.set:
            set_at(out, index, inputs[1])
        else:
            add_at(out, index, inputs[1])
        output_storage[0][0] = out

    def compared_lengths(
        self, node: Apply, input_shapes: Sequence[Sequence[Any]]
    ) -> Iterable[tuple[Any, Any]]:
        return stretched_together(*_arrays(self.pattern, node.inputs[2:], input_shapes[2:]))

    def reading(self) -> Read:
        return AdvancedSubtensor(self.pattern)


def set_subtensor(
    selection: Any, y: Any, inplace: bool = False, tolerate_inplace_aliasing: bool = False
) -> TensorVariable:
    """A copy of ``x`` with ``y`` in place of ``selection``, which must be ``x[index]``.

    Where an index names a place several times, the last value stays. ``y`` broadcasts.

    Parameters
    ----------
    selection : variable
        What an index reads, also with other axes by `dimshuffle` or in another shape.
    y : tensor_like
    inplace, tolerate_inplace_aliasing : bool
        For programs that say it: no expression writes into what it reads. A compiled function does
        where nothing else needs what is overwritten.

    Raises
    ------
    TypeError
        If the selection is none, or the dtype of ``y`` does not go into that of ``x``.
    ShapeError
        If ``y`` does not broadcast to the selection.
    """
    return _written(selection, y, True)


def inc_subtensor(
    selection: Any,
    y: Any,
    inplace: bool = False,
    set_instead_of_inc: bool = False,
    tolerate_inplace_aliasing: bool = False,
) -> TensorVariable:
    """A copy of ``x`` with ``y`` added to ``selection``, which must be ``x[index]``.

    Repeated indices add up. See `set_subtensor`, which it is with ``set_instead_of_inc``.
    """
    return _written(selection, y, set_instead_of_inc)


def _in_shape_of(source: Any, op: Op, selection: Any, y: Any) -> Any:
    """``y``, which fits ``selection``, as what fits the ``source`` that ``op`` made it from."""
    shape = selection.type.shape
    y = fitting(selection, y, shape)
    if isinstance(op, Dimshuffle):
        y = as_tensor(y, ndim=len(shape))
        y = addbroadcast(y, *(i for i, p in enumerate(op.pattern) if p == "x"))
        at = {p: i for i, p in enumerate(op.pattern)}
        return dimshuffle(y, *(at.get(a, "x") for a in range(source.ndim)))
    if y.type.shape != shape or None in shape:
        y = Alloc()(y, *(shape_i(selection, i) for i in range(len(shape))))
    return Reshape()(y, *(shape_i(source, i) for i in range(source.ndim)))


def _written(selection: Any, y: Any, set: bool) -> TensorVariable:
    name = "set_subtensor" if set else "inc_subtensor"
    if not isinstance(selection, Variable):
        raise TypeError(
            f"{name}: the first argument must be an indexed variable such as x[0], not "
            f"{selection!r}"
        )
    node = selection.owner
    if node is not None and isinstance(node.op, Read):
        x, *index = node.inputs
        return node.op.writing(set)(x, y, *index)
    if node is not None and isinstance(node.op, (Reshape, Dimshuffle)):
        # A selection with None, or by an index of rank above 1, is a plain one in another shape.
        source = node.inputs[0]
        return _written(source, _in_shape_of(source, node.op, selection, y), set)
    raise TypeError(
        f"{name}: the first argument must be an indexed variable such as x[0], and "
        f"{describe(selection)} is not"
    )
