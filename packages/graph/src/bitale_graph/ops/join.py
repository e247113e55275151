"""Tensors put together along an axis."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..base import dtype as dtypes
from ..base.errors import ShapeError, describe
from ..core.graph import Apply, Storage, Variable
from ..ops import math as tm
from ..tensor.conversion import as_tensor, constant_int, is_python_number
from ..tensor.elementwise import cast
from ..tensor.op import TensorOp
from ..tensor.variable import TensorType, TensorVariable
from .assertion import Assert
from .axes import atleast_1d, atleast_2d, atleast_3d, shape_padaxis
from .ifelse import ifelse
from .shape import MakeVector


class Join(TensorOp):
    """Tensors one after the other along ``axis``."""

    __props__ = ("axis",)

    def __init__(self, axis: int) -> None:
        self.axis = axis

    def make_node(self, *tensors: Any) -> Apply:
        """Cast to a common dtype.

        The other axes must agree, now where they are known, else when it runs.
        """
        parts = [as_tensor(t) for t in tensors]
        if not parts:
            raise ValueError("join: give at least one tensor")
        ranks = {p.ndim for p in parts}
        if len(ranks) != 1 or not 0 <= self.axis < parts[0].ndim:
            operands = "".join(f"\n  {describe(p)}" for p in parts)
            raise ShapeError(
                f"join along axis {self.axis}: the tensors must have one rank, above the "
                f"axis{operands}"
            )
        dtype = dtypes.upcast(*(p.type.dtype for p in parts))
        inputs = [cast(p, dtype) for p in parts]
        lengths: list[int | None] = []
        for a in range(parts[0].ndim):
            known = {p.type.shape[a] for p in parts}
            if a == self.axis:
                lengths.append(
                    None if None in known else int(np.sum([p.type.shape[a] for p in parts]))
                )
                continue
            known.discard(None)
            if len(known) > 1:
                operands = "".join(f"\n  {describe(p)}" for p in parts)
                raise ShapeError(
                    f"join along axis {self.axis}: lengths of axis {a} differ{operands}"
                )
            lengths.append(known.pop() if known else None)
        return Apply(self, inputs, [TensorType(dtype, lengths)()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        try:
            output_storage[0][0] = np.concatenate(inputs, axis=self.axis)
        except ValueError as error:
            raise ShapeError(
                f"join along axis {self.axis}: shapes {[x.shape for x in inputs]} do not go "
                "together"
            ) from error

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        lengths = list(input_shapes[0])
        for other in input_shapes[1:]:
            lengths[self.axis] = tm.add(lengths[self.axis], other[self.axis])
        return [tuple(lengths)]

    def passed_lengths(
        self, node: Apply, input_shapes: Sequence[Sequence[Any]]
    ) -> Sequence[Sequence[Any] | None] | None:
        first = input_shapes[0]
        return [[None if a == self.axis else n for a, n in enumerate(first)]]

    def compared_lengths(
        self, node: Apply, input_shapes: Sequence[Sequence[Any]]
    ) -> Iterable[tuple[Any, Any]]:
        first, *others = input_shapes
        kept = [a for a in range(len(first)) if a != self.axis]
        return [(other[a], first[a]) for other in others for a in kept]


def concatenate(tensors: Sequence[Any], axis: Any = 0) -> TensorVariable:
    """Tensors one after the other along an axis that they have; one tensor stands for itself.

    The axis is an int, or an integer variable of rank 0.
    """
    return _concatenated("concatenate", tensors, axis)


def _concatenated(name: str, tensors: Sequence[Any], axis: Any) -> TensorVariable:
    if isinstance(tensors, Variable):
        raise TypeError(
            f"{name} takes a list or tuple of tensors, not one tensor\n  {describe(tensors)}"
        )
    parts = [as_tensor(t) for t in tensors]
    if not parts:
        raise ValueError(f"{name}: give at least one tensor")
    ndim = parts[0].ndim
    if isinstance(axis, Variable):
        known = constant_int(axis)
        if known is None:
            _check_one_rank(name, parts)
            return _join_along(axis, parts)
        axis = known
    if not isinstance(axis, (int, np.integer)) or not -ndim <= axis < ndim:
        raise ShapeError(f"{name}: there is no axis {axis} of {describe(parts[0])}")
    _check_one_rank(name, parts)
    return parts[0] if len(parts) == 1 else Join(int(axis) % ndim)(*parts)


def _join_along(axis: Any, parts: list[Any]) -> TensorVariable:
    """Choose when it runs between the axes along which the lengths that are known let them join."""
    ndim = parts[0].ndim
    axis = as_tensor(axis)
    if axis.ndim or not dtypes.is_discrete(axis.type.dtype):
        raise TypeError(f"join: the axis must be an integer, and is {describe(axis)}")
    joined: dict[int, TensorVariable] = {}
    refused: ShapeError | None = None
    for a in range(ndim):
        try:
            made = Join(a)(*parts)
        except ShapeError as error:
            refused = error
        else:
            joined[a] = made
    if not joined:
        raise refused or ShapeError(f"join: {describe(parts[0])} has no axis")
    at = cast(tm.switch(tm.lt(axis, 0), tm.add(cast(axis, "int64"), ndim), axis), "int64")
    fits: Any = None
    for a in joined:
        one = tm.eq(at, a)
        fits = one if fits is None else tm.or_(fits, one)
    choices = list(joined.items())
    result = choices[-1][1]
    for a, made in reversed(choices[:-1]):
        result = as_tensor(ifelse(tm.eq(at, a), made, result))
    shown = "".join(f"\n  {describe(p)}" for p in parts)
    message = f"join: the axis must be one along which the tensors join: {sorted(joined)}{shown}"
    return Assert(message, "ShapeError")(result, fits)


def join(axis: Any, *tensors: Any) -> TensorVariable:
    """`concatenate` with the axis first."""
    return _concatenated("join", tensors, axis)


def _check_one_rank(name: str, parts: Sequence[Any]) -> None:
    if len({p.ndim for p in parts}) != 1:
        operands = "".join(f"\n  {describe(p)}" for p in parts)
        raise ShapeError(f"{name}: the tensors must have one rank{operands}")


def stack(*tensors: Any, axis: int = 0) -> TensorVariable:
    """Tensors of one shape along a new axis; a list, or the tensors as separate arguments."""
    items: Sequence[Any] = tensors
    if len(tensors) in (1, 2) and isinstance(tensors[0], (list, tuple)):
        items = tensors[0]
        axis = tensors[1] if len(tensors) == 2 else axis
    if not items:
        raise ValueError("stack: give at least one tensor")
    strong = [as_tensor(t).type.dtype for t in items if not is_python_number(t)]
    common = dtypes.upcast(*strong) if strong else None
    parts = [
        as_tensor(np.asarray(t, dtypes.weak(t, common))) if is_python_number(t) else as_tensor(t)
        for t in items
    ]
    if all(p.ndim == 0 for p in parts) and axis in (0, -1):
        return MakeVector(dtypes.upcast(*(p.type.dtype for p in parts)))(*parts)
    _check_one_rank("stack", parts)
    ndim = parts[0].ndim + 1
    if not -ndim <= axis < ndim:
        raise ShapeError(f"stack: the result has rank {ndim} and no axis {axis}")
    return Join(axis % ndim)(*(shape_padaxis(p, axis % ndim) for p in parts))


def stacklists(nested: Any) -> TensorVariable:
    """Nested lists of tensors of one shape, stacked from the inside out."""
    return stack([stacklists(t) if isinstance(t, (list, tuple)) else t for t in nested])


def horizontal_stack(*tensors: Any) -> TensorVariable:
    """Matrices side by side."""
    return _concatenated("horizontal_stack", tensors, 1)


def vertical_stack(*tensors: Any) -> TensorVariable:
    """Matrices one above the other."""
    return _concatenated("vertical_stack", tensors, 0)


def _as_list(tensors: tuple[Any, ...]) -> list[Any]:
    """A list of tensors, given as one argument as in NumPy or as several."""
    if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)):
        return [as_tensor(t) for t in tensors[0]]
    return [as_tensor(t) for t in tensors]


def hstack(*tensors: Any) -> TensorVariable:
    """Tensors side by side, along the second axis; numbers and vectors along their only one."""
    parts = [atleast_1d(t) for t in _as_list(tensors)]
    return _concatenated("hstack", parts, 0 if parts and parts[0].ndim == 1 else 1)


def vstack(*tensors: Any) -> TensorVariable:
    """Tensors one above the other, vectors as rows."""
    return _concatenated("vstack", [atleast_2d(t) for t in _as_list(tensors)], 0)


def dstack(*tensors: Any) -> TensorVariable:
    """Tensors one behind the other, along a third axis, which matrices and vectors get."""
    return _concatenated("dstack", [atleast_3d(t) for t in _as_list(tensors)], 2)


def column_stack(*tensors: Any) -> TensorVariable:
    """Tensors side by side, vectors as columns."""
    parts = [t if t.ndim > 1 else atleast_2d(t).T for t in _as_list(tensors)]
    return _concatenated("column_stack", parts, 1)
