"""Tensors stretched to one shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..base.errors import ShapeError, describe
from ..tensor.array_type import Shape
from ..tensor.conversion import as_tensor, constant_int
from ..tensor.elementwise import broadcast_symbolic_shape
from ..tensor.variable import TensorVariable
from .creation import Alloc
from .shape import as_lengths, shape_i
from .split import as_known


def broadcast_to(x: Any, shape: Any) -> TensorVariable:
    """``x`` stretched to the lengths ``shape``: ints and 0-d variables, or a vector.

    As everywhere an axis stretches only where it is known to be of length 1.
    """
    x = as_tensor(x)
    lengths = as_lengths("broadcast_to", shape)
    if x.ndim > len(lengths):
        raise ShapeError(f"broadcast_to: there are not {x.ndim} lengths for {describe(x)}")
    known = tuple(constant_int(n) for n in lengths)
    if known == x.type.shape and None not in known:
        return as_tensor(x)
    return Alloc()(x, *lengths)


def broadcast_shape(*arrays: Any, arrays_are_shapes: bool = False) -> tuple[Any, ...]:
    """The shape that tensors have when they are stretched together.

    Parameters
    ----------
    *arrays : tensor_like
    arrays_are_shapes : bool
        Whether the arguments are shapes: sequences of ints and 0-d integer variables.

    Returns
    -------
    tuple of TensorVariable
        A constant where the length is known. Unknown lengths are taken to be equal.

    Raises
    ------
    ShapeError
        Where known lengths differ.
    """
    if arrays_are_shapes:
        shapes = [as_lengths("broadcast_shape", list(shape)) for shape in arrays]
        static: list[Shape] = [tuple(map(constant_int, shape)) for shape in shapes]
    else:
        tensors = [as_tensor(x) for x in arrays]
        static = [x.type.shape for x in tensors]
        shapes = [[shape_i(x, a) for a in range(x.ndim)] for x in tensors]
    for axis in range(-max(map(len, static), default=0), 0):
        known = {s[axis] for s in static if len(s) >= -axis} - {None, 1}
        if len(known) > 1:
            raise ShapeError(
                f"broadcast_shape: lengths {sorted(map(str, known))} of axis {axis} do not go "
                f"together in the shapes {static}"
            )
    return broadcast_symbolic_shape(static, shapes)


def broadcast_arrays(*arrays: Any) -> list[TensorVariable]:
    """The tensors, stretched to the shape that they have together."""
    tensors: Sequence[Any] = [as_tensor(x) for x in arrays]
    lengths = broadcast_shape(*tensors)
    return [x if _has_shape(x, lengths) else Alloc()(x, *lengths) for x in tensors]


def _has_shape(x: Any, lengths: Sequence[Any]) -> bool:
    """Whether no axis of ``x`` has to be stretched."""
    if x.ndim < len(lengths):
        return False
    return all(n != 1 or as_known(m) == 1 for n, m in zip(x.type.shape, lengths, strict=True))
