"""What an index is for ops that read and write at it: its pattern, lengths, and what fits there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ..base import dtype as dtypes
from ..base.config import config
from ..base.errors import ShapeError, describe
from ..ops import math as tm
from ..tensor.array_type import Shape
from ..tensor.conversion import as_tensor, constant_int, is_python_number
from ..tensor.elementwise import cast

# One entry for each indexed axis: "i" for an integer, "a" for an integer array, or for a slice
# three bools that tell which of start, stop and step are given. The given ones are inputs of the
# node, in order.
Entry = str | tuple[bool, bool, bool]
Pattern = tuple[Entry, ...]


def unpack(pattern: Pattern, inputs: Sequence[Any]) -> list[Any]:
    """Rebuild the index: for each entry an input, or a slice of inputs and None."""
    values: Iterator[Any] = iter(inputs)
    index: list[Any] = []
    for entry in pattern:
        if isinstance(entry, str):
            index.append(next(values))
        else:
            index.append(slice(*(next(values) if given else None for given in entry)))
    return index


def as_numpy_index(pattern: Pattern, inputs: Sequence[Any]) -> tuple[Any, ...]:
    """The index for an array, from the values of a node's inputs."""
    plain = [
        int(v) if e == 0 else v for e, v in zip((np.ndim(v) for v in inputs), inputs, strict=True)
    ]
    return tuple(unpack(pattern, plain))


def known_slice_length(n: int | None, part: slice) -> int | None:
    """The length of a slice of an axis of length ``n``, where it is known now."""
    bounds = [None if b is None else constant_int(b) for b in (part.start, part.stop, part.step)]
    if any(
        b is None and given is not None
        for b, given in zip(bounds, (part.start, part.stop, part.step), strict=True)
    ):
        return None
    if bounds[2] == 0:
        raise ValueError("the step of a slice cannot be zero")
    if n is None:
        return 0 if bounds[1] == 0 and (bounds[2] is None or bounds[2] > 0) else None
    return len(range(*slice(*bounds).indices(n)))


def whole_length(n: Any, part: slice) -> Any:
    """The length of a slice where it is the whole axis, else None."""
    return n if part == slice(None) else None


def slice_length(n: Any, part: slice) -> Any:
    """The length of a slice of an axis of symbolic length ``n``.

    What Python's ``slice.indices`` gives.
    """
    if part.start is None and part.stop is None and part.step is None:
        return n
    step = 1 if part.step is None else part.step
    forward = tm.gt(step, 0)
    last = tm.sub(n, 1)

    def bound(value: Any, default_forward: Any, default_backward: Any) -> Any:
        if value is None:
            return tm.switch(forward, default_forward, default_backward)
        wrapped = tm.switch(tm.lt(value, 0), tm.add(value, n), value)
        low, high = tm.switch(forward, 0, -1), tm.switch(forward, n, last)
        return tm.minimum(tm.maximum(wrapped, low), high)

    start, stop = bound(part.start, 0, last), bound(part.stop, n, -1)
    one_way = tm.switch(forward, tm.sub(stop, start), tm.sub(start, stop))
    size = tm.int_div(tm.sub(tm.add(one_way, tm.abs_(step)), 1), tm.abs_(step))
    return cast(tm.maximum(size, 0), "int64")


def fitting(x: Any, y: Any, shape: Shape) -> Any:
    """What is written, of the dtype of ``x`` and of a rank and lengths that fit its place."""
    loses = config.lossy_writes == "cast"
    try:
        y = (
            as_tensor(np.asarray(y, dtype=dtypes.weak(y, x.type.dtype)))
            if is_python_number(y) and not loses
            else as_tensor(y)
        )
    except (TypeError, OverflowError) as error:
        raise type(error)(f"cannot write {y!r:.60} into {describe(x)}: {error}") from None
    if not loses and dtypes.upcast(x.type.dtype, y.type.dtype) != x.type.dtype:
        raise TypeError(
            f"cannot write {describe(y)} into {describe(x)} without losing precision; cast it first"
        )
    y = cast(y, x.type.dtype)
    if y.ndim > len(shape):
        raise ShapeError(
            f"cannot write {describe(y)} into a selection of rank {len(shape)} of {describe(x)}"
        )
    for a in range(-y.ndim, 0):
        if None not in (y.type.shape[a], shape[a]) and y.type.shape[a] not in (1, shape[a]):
            raise ShapeError(
                f"cannot write {describe(y)} into a selection of shape {shape} of {describe(x)}"
            )
    return y


def check_fits(static: Shape, y: Any, shape: tuple[int, ...]) -> None:
    """Raise `ShapeError` if an array would be stretched along an axis not known to be 1."""
    for a in range(-y.ndim, 0):
        if static[a] != 1 and y.shape[a] != shape[a]:
            raise ShapeError(
                f"cannot write an array of shape {y.shape} into a selection of shape {shape}"
            )


def set_at(out: Any, index: Any, y: Any) -> None:
    """Write in row-major order, so that the last of several values for one place stays.

    NumPy goes through indices in the order in which they lie in memory.
    """
    entries = index if isinstance(index, tuple) else (index,)
    shape = np.broadcast_shapes(*(np.shape(e) for e in entries if not isinstance(e, slice)))
    out[tuple(e if isinstance(e, slice) else _in_order(e, shape) for e in entries)] = y


def _in_order(e: Any, shape: tuple[int, ...]) -> Any:
    return np.ascontiguousarray(np.broadcast_to(e, shape)) if np.ndim(e) else e


def add_at(out: Any, index: Any, y: Any) -> None:
    """Add, repeats as well; element by element where NumPy 2.4 would crash, above 32 axes."""
    if out.ndim > 32:
        places = np.arange(out.size).reshape(out.shape)[index]
        out, index, y = out.reshape(-1), places.ravel(), np.broadcast_to(y, places.shape).ravel()
    with np.errstate(all="ignore"):
        np.add.at(out, index, y)


def advanced_shape(pattern: Pattern, x: Any, inputs: Sequence[Any]) -> Shape:
    """NumPy's rule: the index arrays broadcast together.

    Their axes stand where they are, or first if they are apart.
    """
    if len(pattern) > x.ndim:
        raise IndexError(f"too many indices: {len(pattern)} for {describe(x)} of rank {x.ndim}")
    parts = unpack(pattern, inputs)
    arrays = [p for p in parts if not isinstance(p, slice)]
    width = max(v.ndim for v in arrays)
    joint: list[int | None] = []
    for a in range(-width, 0):
        lengths = [v.type.shape[a] for v in arrays if v.ndim >= -a]
        known = [n for n in lengths if n not in (None, 1)]
        joint.append(known[0] if known else None if None in lengths else 1)
    rest = [
        known_slice_length(x.type.shape[a], p) for a, p in enumerate(parts) if isinstance(p, slice)
    ]
    return (*_with_joint(parts, joint, rest), *x.type.shape[len(pattern) :])


def advanced_lengths(
    parts: Sequence[Any],
    joint: Sequence[Any],
    old: Sequence[Any],
    of_slice: Callable[[Any, slice], Any],
) -> tuple[Any, ...]:
    """The lengths of ``x[parts]`` by those of its arrays stretched together and those of x."""
    rest = [of_slice(old[a], p) for a, p in enumerate(parts) if isinstance(p, slice)]
    return (*_with_joint(parts, joint, rest), *old[len(parts) :])


def where_arrays_stand(parts: Sequence[Any]) -> int:
    """The first axis of the result that the arrays of an index have."""
    positions = [a for a, p in enumerate(parts) if not isinstance(p, slice)]
    apart = positions != list(range(positions[0], positions[0] + len(positions)))
    return 0 if apart else positions[0]


def _with_joint(parts: Sequence[Any], joint: Sequence[Any], rest: Sequence[Any]) -> tuple[Any, ...]:
    at = where_arrays_stand(parts)
    return (*rest[:at], *joint, *rest[at:])
