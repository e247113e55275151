"""The places of elements that are not zero, and masks of bools as what such places stand for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..base.errors import ShapeError, describe
from ..core.graph import Apply, Constant, Op, Storage, Variable
from ..tensor.array_type import Shape
from ..tensor.conversion import as_tensor, constant_int
from ..tensor.elementwise import Elementwise
from ..tensor.variable import TensorType, TensorVariable
from .along_axis import PutAlongAxis, TakeAlongAxis
from .assertion import Assert
from .diagonal import Diagonal, IncDiagonal
from .index_pattern import unpack
from .index_value import indexed
from .join import stack
from .math import eq, neq
from .reduction import sum as sum_of
from .reshape import flatten
from .shape import shape_i

# So many steps of a mask are looked at for what it is made of.
DEEPEST = 50


class Nonzero(Op):
    """The places of the true elements of a mask in row-major order: a vector for each axis.

    ``Nonzero()(mask)``; the second input of its nodes is how many true elements there are, so that
    the length of the results is an ordinary number.
    """

    __props__ = ()

    def make_node(self, mask: Any, count: Any = None) -> Apply:
        """Make the mask one of bools, and count its true elements unless their number is given."""
        mask = as_tensor(mask)
        if mask.ndim == 0:
            raise ShapeError(f"nonzero: {describe(mask)} has no axes; flatnonzero takes a number")
        if mask.type.dtype != "bool":
            mask = neq(mask, 0)
        count = sum_of(mask, dtype="int64") if count is None else as_tensor(count)
        if count.type.ndim or count.type.dtype != "int64":
            raise TypeError(f"nonzero: the number of places is an int64, not {describe(count)}")
        places = TensorType("int64", (constant_int(count),))
        return Apply(self, [mask, count], [places() for _ in range(mask.ndim)])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        mask, count = inputs
        for cell, places in zip(output_storage, np.nonzero(mask), strict=True):
            if len(places) != count:
                raise ShapeError(f"nonzero: {len(places)} elements are true, and not {count}")
            cell[0] = np.ascontiguousarray(places)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [(node.inputs[1],)] * len(node.outputs)


def nonzero(a: Any, return_matrix: bool = False) -> Any:
    """The places of the elements that are not zero, in row-major order.

    Parameters
    ----------
    a : tensor_like
        Of rank 1 at least.
    return_matrix : bool
        Whether to give one matrix, a row for each axis, rather than a tuple of vectors.

    Returns
    -------
    tuple of TensorVariable, or TensorVariable
        A vector of int64 for each axis: ``a[nonzero(a)]`` are the elements that are not zero.

    Raises
    ------
    ShapeError
        If ``a`` is a number.
    """
    places = tuple(Nonzero()(a, return_list=True))
    return stack(list(places)) if return_matrix else places


def flatnonzero(a: Any) -> TensorVariable:
    """The places in the flattened tensor of the elements that are not zero, as int64."""
    (places,) = Nonzero()(flatten(a), return_list=True)
    made: TensorVariable = places
    return made


def nonzero_values(a: Any) -> TensorVariable:
    """The elements that are not zero as a vector, in row-major order."""
    a = as_tensor(a)
    found: TensorVariable = flatten(a)[flatnonzero(a)]
    return found


def argwhere(a: Any) -> TensorVariable:
    """The places of the elements that are not zero as a matrix: a row for each, as int64."""
    return stack(list(nonzero(a)), axis=1)


def count_nonzero(a: Any, axis: Any = None, keepdims: bool = False) -> TensorVariable:
    """How many elements are not zero, along ``axis`` or in all, as int64."""
    return sum_of(neq(a, 0), axis, "int64", keepdims)


def as_mask(entry: Any, x: Any) -> Any:
    """The entry of an index into ``x`` as a tensor of bools if it is a mask, else None.

    Raises
    ------
    TypeError
        For a list of bools, which NumPy and Python programs mean different things by.
    """
    if isinstance(entry, list) and entry:
        if as_tensor(entry).type.dtype == "bool":
            raise TypeError(
                f"a list of bools is no index: {entry!r:.60}{indexed(x)}\n"
                "  hint: np.array([...]) of it is a mask; the integers 0 and 1 name rows"
            )
        return None
    is_array = isinstance(entry, np.ndarray) and entry.dtype == bool and entry.ndim > 0
    is_tensor = isinstance(entry, Variable) and isinstance(entry.type, TensorType)
    if is_tensor and entry.type.dtype == "bool" and entry.type.ndim > 0:
        return entry
    return as_tensor(entry) if is_array else None


def places_of_mask(x: Any, mask: Any, axis: int) -> list[Any]:
    """The index vectors that a mask over the axes of ``x`` from ``axis`` on stands for.

    Raises
    ------
    IndexError
        If its lengths are known not to be those of ``x``; others are checked when it runs.
    """
    conditions = _fit(x, mask, x.type.shape[axis : axis + mask.ndim], axis)
    places: list[Any] = Nonzero()(mask, return_list=True)
    if isinstance(mask, Constant):
        places = list(map(as_tensor, np.nonzero(mask.data)))
    first, *others = places
    if conditions:
        # Beside what is found, so that one mask for several tensors is gone through once.
        axes = f"axis {axis}" if mask.ndim == 1 else f"axes {axis} to {axis + mask.ndim - 1}"
        message = (
            f"a mask has not the lengths of what it is for: {axes} of {x}\n"
            "  hint: a mask has one truth value for each element of these axes; places are integers"
        )
        first = Assert(message, "IndexError")(first, *conditions)
    return [first, *others]


class MaskPlaces(NamedTuple):
    """The mask whose places index vectors are, and what must hold of its lengths."""

    mask: Variable
    conditions: list[Variable]
    check: Assert | None


def mask_of(places: Sequence[Any]) -> MaskPlaces | None:
    """The mask of which some variables are the places along all its axes, in their order."""
    first, *others = places
    check = first.owner
    conditions: list[Variable] = []
    if check is not None and isinstance(check.op, Assert):
        first, *conditions = check.inputs
    node = first.owner
    if node is None or not isinstance(node.op, Nonzero) or node.outputs != [first, *others]:
        return None
    return MaskPlaces(node.inputs[0], conditions, check.op if conditions else None)


def _fit(x: Any, mask: Any, static: Shape, axis: int) -> list[Any]:
    """Conditions that the lengths of a mask are those of ``x``, where that is not known."""
    conditions = []
    is_made_of_x = axis == 0 and _is_made_of(mask, x)
    for a, (n, m) in enumerate(zip(static, mask.type.shape, strict=True)):
        if n is None and is_made_of_x:
            continue
        if n is None or m is None:
            conditions.append(eq(shape_i(mask, a), shape_i(x, axis + a)))
        elif n != m:
            raise IndexError(
                f"a mask must have the lengths of the axes that it is for: axis {a} of "
                f"{describe(mask)} and axis {axis + a} of {describe(x)}"
            )
    return conditions


def is_known_to_fit(mask: Any, x: Any, axis: int) -> bool:
    """Whether a mask is known to have the lengths of the axes of ``x`` from ``axis`` on."""
    is_made_of_x = axis == 0 and _is_made_of(mask, x)
    lengths = x.type.shape[axis : axis + mask.type.ndim]
    return all(
        is_made_of_x if n is None else n == m for n, m in zip(lengths, mask.type.shape, strict=True)
    )


def _is_made_of(mask: Any, x: Any) -> bool:
    """Whether a mask is made of ``x`` element by element, and so has its lengths but for ones."""
    waiting = [mask]
    for _ in range(DEEPEST):
        if not waiting:
            break
        v = waiting.pop()
        if v is x:
            return True
        if v.owner is not None and isinstance(v.owner.op, Elementwise):
            waiting += [u for u in v.owner.inputs if u.type.ndim == x.type.ndim]
    return False


def names_no_place_twice(op: Any, index: Sequence[Any]) -> bool:
    """Whether it is known that an op that reads or writes at an index goes to each place once.

    Slices do, rows that a constant gives may, and so do the places of a mask.
    """
    pattern = getattr(op, "pattern", ("a",))
    if "a" not in pattern:
        return True
    if isinstance(op, (TakeAlongAxis, PutAlongAxis)):
        return False
    if isinstance(op, (Diagonal, IncDiagonal)):
        return True
    arrays = [v for v in unpack(pattern, index) if isinstance(v, Variable)]
    if mask_of(arrays) is not None:
        return True
    if pattern != ("a",) or not isinstance(index[0], Constant):
        return False
    rows = np.asarray(index[0].data)
    same_sign = bool((rows >= 0).all() or (rows < 0).all())
    return same_sign and len(np.unique(rows)) == rows.size
