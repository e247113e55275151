"""Reading and writing along one axis at places of which each row has its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import numpy as np

from ..base.errors import ShapeError, describe
from ..core.graph import Apply, Storage
from ..tensor.conversion import as_tensor
from ..tensor.elementwise import (
    broadcast_static_shapes,
    broadcast_symbolic_shape,
    check_run_time_shapes,
    stretched_together,
)
from ..tensor.variable import TensorType, TensorVariable
from .creation import arange, zeros
from .index_pattern import add_at, check_fits, fitting, set_at
from .index_value import as_index
from .places import Read, Write
from .reduction import normalize_axes
from .reshape import flatten
from .shape import shape_i

T = TypeVar("T")


def _beside(axis: int, shapes: Iterable[Sequence[T]]) -> list[tuple[T, ...]]:
    """Shapes without one axis."""
    return [(*shape[:axis], *shape[axis + 1 :]) for shape in shapes]


def _with(axis: int, others: Sequence[T], length: T) -> tuple[T, ...]:
    return (*others[:axis], length, *others[axis:])


class TakeAlongAxis(Read):
    """``y[i, j, k] = x[i, indices[i, j, k], k]``, here along axis 1: as `numpy.take_along_axis`.

    The other axes broadcast together.
    """

    __props__ = ("axis",)

    def __init__(self, axis: int) -> None:
        self.axis = axis

    def make_node(self, x: Any, indices: Any) -> Apply:
        """The length along the axis is that of the indices."""
        x = as_tensor(x)
        indices = as_index(indices, x)
        if x.ndim != indices.ndim or not 0 <= self.axis < x.ndim:
            raise ShapeError(
                f"take_along_axis {self.axis}: indices have the rank of what they are for\n"
                f"  x        {describe(x)}\n  indices  {describe(indices)}"
            )
        static = _beside(self.axis, (x.type.shape, indices.type.shape))
        parts = [TensorType(v.type.dtype, s)() for v, s in zip((x, indices), static, strict=True)]
        others = broadcast_static_shapes("take_along_axis", parts)
        shape = _with(self.axis, others, indices.type.shape[self.axis])
        return Apply(self, [x, indices], [TensorType(x.type.dtype, shape)()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        check_places(self.axis, node.inputs, inputs)
        x, indices = inputs
        output_storage[0][0] = x[numpy_places(self.axis, x.shape, indices)]

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        static = _beside(self.axis, (v.type.shape for v in node.inputs))
        others = broadcast_symbolic_shape(static, _beside(self.axis, input_shapes))
        return [_with(self.axis, others, input_shapes[1][self.axis])]

    def compared_lengths(
        self, node: Apply, input_shapes: Sequence[Sequence[Any]]
    ) -> Iterable[tuple[Any, Any]]:
        static = _beside(self.axis, (v.type.shape for v in node.inputs))
        return stretched_together(static, _beside(self.axis, input_shapes))

    def writing(self, set: bool) -> Write:
        return PutAlongAxis(self.axis, set)


def check_places(axis: int, variables: Sequence[Any], values: Sequence[Any]) -> None:
    """Raise `ShapeError` unless arrays agree in all lengths but those along an axis."""
    static = _beside(axis, (v.type.shape for v in variables))
    check_run_time_shapes(static, [np.empty(s) for s in _beside(axis, (x.shape for x in values))])


def numpy_places(axis: int, shape: Sequence[int], indices: Any) -> tuple[Any, ...]:
    """The index for an array of a shape: along other axes a place is that of the element itself."""
    ndim = len(shape)
    along = [np.arange(n).reshape((-1,) + (1,) * (ndim - 1 - a)) for a, n in enumerate(shape)]
    return (*along[:axis], indices, *along[axis + 1 :])


class PutAlongAxis(Write):
    """A copy of x with ``y`` written at, or added to, the places that `TakeAlongAxis` reads."""

    __props__ = ("axis", "set")

    def __init__(self, axis: int, set: bool) -> None:
        self.axis = axis
        self.set = set

    def make_node(self, x: Any, y: Any, indices: Any) -> Apply:
        """``y`` must broadcast to what is read there."""
        view = TakeAlongAxis(self.axis).make_node(x, indices)
        x, indices = view.inputs
        return Apply(self, [x, fitting(x, y, view.out.type.shape), indices], [x.type()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        x, y, indices = inputs
        check_places(self.axis, [node.inputs[0], node.inputs[2]], [x, indices])
        places = numpy_places(self.axis, x.shape, indices)
        out = np.array(x)
        check_fits(node.inputs[1].type.shape, y, np.broadcast_shapes(*(p.shape for p in places)))
        if self.set:
            set_at(out, places, y)
        else:
            add_at(out, places, y)
        output_storage[0][0] = out

    def compared_lengths(
        self, node: Apply, input_shapes: Sequence[Sequence[Any]]
    ) -> Iterable[tuple[Any, Any]]:
        static = _beside(self.axis, (node.inputs[k].type.shape for k in (0, 2)))
        return stretched_together(static, _beside(self.axis, (input_shapes[0], input_shapes[2])))

    def reading(self) -> Read:
        return TakeAlongAxis(self.axis)


def _taken(name: str, x: Any, indices: Any, axis: int | None) -> TensorVariable:
    x = as_tensor(x)
    if axis is None:
        return TakeAlongAxis(0)(flatten(x), indices)
    (place,) = normalize_axes(name, axis, x)
    return TakeAlongAxis(place)(x, indices)


def take_along_axis(x: Any, indices: Any, axis: int | None = -1) -> TensorVariable:
    """Elements of ``x`` along ``axis``, at places that each row along it has of its own.

    Parameters
    ----------
    x : tensor_like
    indices : tensor_like of integers
        Of the rank of ``x``; such as an argsort along the axis. The other axes broadcast.
    axis : int or None
        None: of the flattened tensor, by a vector of indices.

    Raises
    ------
    ShapeError
        If the ranks differ, or lengths of other axes.
    IndexError
        When it runs, for a place outside of the axis.
    """
    return _taken("take_along_axis", x, indices, axis)


def put_along_axis(x: Any, indices: Any, values: Any, axis: int | None = -1) -> TensorVariable:
    """A copy of ``x`` with ``values`` at the places that `take_along_axis` reads.

    Of several values for one place the last one stays.
    """
    x = as_tensor(x)
    if axis is None:
        written = PutAlongAxis(0, True)(flatten(x), values, indices)
        made: TensorVariable = written.reshape([shape_i(x, a) for a in range(x.ndim)])
        return made
    (place,) = normalize_axes("put_along_axis", axis, x)
    return PutAlongAxis(place, True)(x, values, indices)


def _rank_of_both(x: Any, y: Any) -> tuple[Any, Any]:
    ndim = max(x.ndim, y.ndim)
    return as_tensor(x, ndim=ndim), as_tensor(y, ndim=ndim)


def permute_row_elements(x: Any, y: Any, inverse: Any = 0) -> TensorVariable:
    """The elements of every row of ``x`` in the order that ``y`` tells: ``x[..., y[...]]``.

    Parameters
    ----------
    x : tensor_like
        Rows are along its last axis.
    y : tensor_like of integers
        Permutations along its last axis; the other axes of both broadcast.
    inverse : bool
        Whether to undo the permutations instead.

    Raises
    ------
    ShapeError
        If one of them is a number, or lengths do not fit.
    """
    x, y = as_tensor(x), as_index(y)
    if 0 in (x.ndim, y.ndim):
        raise ShapeError(
            f"permute_row_elements: a number has no rows\n  x  {describe(x)}\n  y  {describe(y)}"
        )
    x, y = _rank_of_both(x, y)
    return TakeAlongAxis(x.ndim - 1)(x, inverse_permutation(y) if inverse else y)


def inverse_permutation(perm: Any) -> TensorVariable:
    """The permutations along the last axis that undo those of ``perm``."""
    perm = as_index(perm)
    if perm.ndim == 0:
        raise ShapeError(f"inverse_permutation: a number is no permutation: {describe(perm)}")
    lengths = [shape_i(perm, a) for a in range(perm.ndim)]
    # Of another dtype the places would not be kept by a cast that loses nothing.
    dtype = perm.type.dtype
    order = arange(lengths[-1]).astype(dtype)
    return PutAlongAxis(perm.ndim - 1, True)(zeros(lengths, dtype), order, perm)
