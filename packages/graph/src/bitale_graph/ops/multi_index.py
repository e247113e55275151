"""Places in the flattened tensor as places along each axis, and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..base.errors import ShapeError, describe
from ..core.graph import Variable
from ..tensor.conversion import as_tensor
from ..tensor.elementwise import cast
from ..tensor.variable import TensorVariable
from .assertion import Assert
from .index_value import as_index
from .math import add, ge, int_div, lt, mod, mul
from .shape import as_lengths
from .taking import Mode, check_mode, in_range


def _lengths(name: str, dims: Any, order: str, ndim: int | None = None) -> list[Any]:
    """Lengths in the order in which places count through them, the slowest first."""
    if order not in ("C", "F"):
        raise ValueError(f"{name}: order is 'C' (the last axis is fastest) or 'F', not {order!r}")
    lengths = as_lengths(name, dims, ndim)
    if not lengths:
        raise ValueError(f"{name}: a number has no places; give the lengths of one axis at least")
    return lengths if order == "C" else lengths[::-1]


def _all_within(message: str, places: Any, n: Any) -> Any:
    return Assert(message, "ValueError")(places, ge(places, 0), lt(places, n))


def unravel_index(
    indices: Any, dims: Any, order: str = "C", ndim: int | None = None
) -> tuple[TensorVariable, ...]:
    """Places in a flattened tensor as a tensor of places for each axis, as `numpy.unravel_index`.

    Parameters
    ----------
    indices : tensor_like of integers
    dims : int, sequence of lengths, or integer vector
        The shape.
    order : {"C", "F"}
        Whether the last axis or the first one is the fastest.
    ndim : int, optional
        How many lengths there are, where ``dims`` is a vector whose length is not known.

    Returns
    -------
    tuple of TensorVariable
        Of int64, in the shape of ``indices``.

    Raises
    ------
    ValueError
        When it runs, for a place that the shape has not.
    """
    lengths = _lengths("unravel_index", dims, order, ndim)
    flat = cast(as_index(indices), "int64")
    size = mul(*lengths)
    rest = _all_within("unravel_index: there are places outside of the shape", flat, size)
    places: list[Any] = []
    for n in reversed(lengths[1:]):
        places.insert(0, mod(rest, n))
        rest = int_div(rest, n)
    places.insert(0, rest)
    return tuple(places if order == "C" else places[::-1])


def ravel_multi_index(
    multi_index: Any, dims: Any, mode: Mode | Sequence[Mode] = "raise", order: str = "C"
) -> TensorVariable:
    """Places along each axis as places in the flattened tensor, as `numpy.ravel_multi_index`.

    Parameters
    ----------
    multi_index : sequence of tensor_like, or tensor_like
        Integers, for each axis; of a tensor the rows along its first axis.
    dims : int, sequence of lengths, or integer vector
        The shape.
    mode : {"raise", "wrap", "clip"}, or one for each axis
        What becomes of a place outside: an error, also for negative ones; its remainder modulo the
        length; or the nearest place.
    order : {"C", "F"}

    Raises
    ------
    ValueError
        If there are not as many places as lengths; when it runs, for a place outside.
    """
    places = _rows(multi_index, dims)
    lengths = _lengths("ravel_multi_index", dims, order, len(places))
    modes = [mode] * len(lengths) if isinstance(mode, str) else list(mode)
    if not len(places) == len(lengths) == len(modes):
        raise ValueError(
            f"ravel_multi_index: {len(places)} tensors of places and {len(modes)} modes for "
            f"{len(lengths)} lengths"
        )
    if order == "F":
        places, modes = places[::-1], modes[::-1]
    flat: Any = None
    for at, n, how in zip(places, lengths, modes, strict=True):
        check_mode("ravel_multi_index", how)
        at = cast(as_index(at), "int64")
        if how == "raise":
            at = _all_within("ravel_multi_index: there are places outside of the shape", at, n)
        else:
            at = in_range(at, n, how)
        flat = at if flat is None else add(mul(flat, n), at)
    made: TensorVariable = flat
    return made


def _rows(multi_index: Any, dims: Any) -> list[Any]:
    if isinstance(multi_index, (list, tuple)):
        return list(multi_index)
    if not isinstance(multi_index, Variable):
        return list(as_tensor(multi_index).data)  # type: ignore[attr-defined]  # a constant
    index = as_tensor(multi_index)
    if index.ndim == 0:
        raise ShapeError(f"ravel_multi_index: {describe(index)} has no row for each axis")
    known = index.type.shape[0]
    if known is None and isinstance(dims, Variable):
        known = dims.type.shape[0] if dims.type.ndim else 1
    elif known is None:
        known = len(dims) if isinstance(dims, (list, tuple)) else 1
    if known is None:
        raise ValueError(
            f"ravel_multi_index: how many axes {describe(index)} has rows for is not known; "
            "give a tuple of tensors"
        )
    return [index[k] for k in range(known)]
