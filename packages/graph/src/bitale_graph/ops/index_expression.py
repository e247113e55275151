"""``x[key]``: from what users write between brackets to the ops that read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..base.errors import describe
from ..tensor.conversion import as_tensor, constant_int
from ..tensor.variable import TensorVariable
from .index_pattern import Entry, Pattern
from .index_value import as_index, indexed
from .indexing import AdvancedSubtensor, AdvancedSubtensor1, Subtensor
from .new_axes import with_new_axes
from .nonzero import as_mask, places_of_mask
from .shape import MakeVector, Reshape, shape_i


def index(x: Any, key: Any) -> TensorVariable:
    """``x[key]`` for integers, slices, Ellipsis, None and integer arrays, constant or symbolic.

    Masks of bools stand for the places where they are true, as in NumPy. A list with slices in it
    is read as a tuple.

    Raises
    ------
    IndexError
        For too many indices, several ellipses, a constant index out of range, or a mask of other
        lengths than the axes that it is for.
    TypeError
        For an index that is a float, a bool, or a list of bools.
    """
    x = as_tensor(x)
    entries = _expand(x, _as_tuple(key))
    pattern: list[Entry] = []
    inputs: list[Any] = []
    new_axes: list[int] = []
    has_arrays = False
    position = 0
    for entry in entries:
        if entry is None:
            new_axes.append(position)
            position += 1
        elif isinstance(entry, slice):
            bounds = (entry.start, entry.stop, entry.step)
            start, stop, step = (b is not None for b in bounds)
            pattern.append((start, stop, step))
            inputs += _bounds(x, [b for b in bounds if b is not None])
            if step and constant_int(inputs[-1]) == 0:
                raise ValueError(f"the step of a slice cannot be zero{indexed(x)}")
            position += 1
        else:
            v = as_index(entry, x)
            pattern.append("a" if v.ndim else "i")
            inputs.append(v)
            has_arrays |= v.ndim > 0
    while pattern and pattern[-1] == (False, False, False):
        pattern.pop()
    if has_arrays:
        taken: TensorVariable = _advanced(x, tuple(pattern), inputs)
        return with_new_axes(x, taken, entries) if new_axes else taken
    # x[:] is a selection that can be written to; x[:, None] is x with another axis.
    found: TensorVariable = (
        x if new_axes and not pattern else _element_or_view(x, tuple(pattern), inputs)
    )
    if new_axes:
        rest = iter(range(found.ndim))
        found = found.dimshuffle(
            *("x" if i in new_axes else next(rest) for i in range(found.ndim + len(new_axes)))
        )
    return found


def _as_tuple(key: Any) -> tuple[Any, ...]:
    """The entries of a key: a list that has slices is one of entries, no array of indices."""
    listed = isinstance(key, list) and any(isinstance(entry, slice) for entry in key)
    return tuple(key) if listed or isinstance(key, tuple) else (key,)


def _bounds(x: Any, given: Sequence[Any]) -> list[Any]:
    """What a slice of ``x`` names, as 0-d integers."""
    found = [as_index(b, x) for b in given]
    for v in found:
        if v.ndim:
            raise TypeError(
                f"start, stop and step of a slice are integers, not {describe(v)}{indexed(x)}"
            )
    return found


def _expand(x: Any, key: tuple[Any, ...]) -> list[Any]:
    """Replace an ellipsis by full slices, and masks by the vectors that they stand for."""
    if sum(1 for k in key if k is Ellipsis) > 1:
        raise IndexError("an index can have only one ellipsis")
    masks = [as_mask(k, x) for k in key]
    widths = [
        0 if k is None or k is Ellipsis else 1 if mask is None else mask.ndim
        for k, mask in zip(key, masks, strict=True)
    ]
    used = sum(widths)
    if used > x.ndim:
        raise IndexError(f"too many indices: {used} for {describe(x)} of rank {x.ndim}")
    entries: list[Any] = []
    axis = 0
    for k, mask, width in zip(key, masks, widths, strict=True):
        if k is Ellipsis:
            entries += [slice(None)] * (x.ndim - used)
            axis += x.ndim - used
            continue
        entries += [k] if mask is None else places_of_mask(x, mask, axis)
        axis += width
    return entries


def _element_or_view(x: Any, pattern: Pattern, inputs: list[Any]) -> Any:
    if pattern == ("i",) and x.owner is not None and isinstance(x.owner.op, MakeVector):
        i = constant_int(inputs[0])
        if i is not None and -len(x.owner.inputs) <= i < len(x.owner.inputs):
            return x.owner.inputs[i]
    return Subtensor(pattern)(x, *inputs)


def _advanced(x: Any, pattern: Pattern, inputs: list[Any]) -> Any:
    if pattern == ("a",):
        rows = inputs[0]
        if rows.ndim == 1:
            return AdvancedSubtensor1()(x, rows)
        flat = AdvancedSubtensor1()(x, rows.flatten())
        return Reshape()(
            flat,
            *(shape_i(rows, i) for i in range(rows.ndim)),
            *(shape_i(x, i) for i in range(1, x.ndim)),
        )
    return AdvancedSubtensor(pattern)(x, *inputs)
