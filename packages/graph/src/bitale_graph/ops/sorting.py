"""What goes by the order of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import numpy as np

from ..base import dtype as dtypes
from ..base.errors import DtypeError, ShapeError, describe
from ..core.graph import Apply, Storage
from ..tensor.array_type import Shape
from ..tensor.conversion import as_tensor, constant_int
from ..tensor.elementwise import cast
from ..tensor.op import TensorOp
from ..tensor.variable import TensorType, TensorVariable
from . import math as tm
from .along_axis import take_along_axis
from .index_value import as_index
from .reduction import normalize_axes
from .reshape import flatten

Side = Literal["left", "right"]
SIDES: tuple[Side, ...] = ("left", "right")


class SearchSorted(TensorOp):
    """The places in a sorted vector where numbers would be put, as int64.

    Parameters
    ----------
    side : str
        Whether a number goes before those equal to it ("left") or behind them ("right").
    """

    keeps_nothing = True
    __props__ = ("side",)

    def __init__(self, side: Side) -> None:
        if side not in SIDES:
            raise ValueError(f"searchsorted: side is 'left' or 'right', not {side!r}")
        self.side = side

    def make_node(self, x: Any, v: Any) -> Apply:
        """Cast the vector and the numbers to one dtype."""
        x, v = as_tensor(x), as_tensor(v)
        if x.type.ndim != 1:
            raise ShapeError(f"searchsorted: what is searched is a vector\n  x  {describe(x)}")
        dtype = dtypes.upcast(x.type.dtype, v.type.dtype)
        if dtypes.is_complex(dtype):
            raise DtypeError(
                f"searchsorted: complex numbers have no order\n  x  {describe(x)}\n"
                f"  v  {describe(v)}"
            )
        out = TensorType("int64", v.type.shape)()
        return Apply(self, [cast(x, dtype), cast(v, dtype)], [out])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        x, v = inputs
        output_storage[0][0] = np.asarray(np.searchsorted(x, v, self.side), "int64")

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [input_shapes[1]]


def searchsorted(x: Any, v: Any, side: Side = "left", sorter: Any = None) -> TensorVariable:
    """The places where ``v`` would be put into the sorted vector ``x``, as `numpy.searchsorted`.

    Parameters
    ----------
    x : tensor_like
        A vector, sorted (NaN last), or sorted by ``sorter``; otherwise the result is arbitrary.
    v : tensor_like
        Numbers of any shape.
    side : {"left", "right"}
        Whether a number goes before those equal to it, or behind them.
    sorter : tensor_like of integers, optional
        The order of ``x``, such as its argsort.

    Returns
    -------
    TensorVariable
        Of int64, in the shape of ``v``. It has no derivative but zero.

    Raises
    ------
    ShapeError
        If ``x`` is no vector.
    DtypeError
        If there are complex numbers.
    """
    x = as_tensor(x)
    return SearchSorted(side)(x if sorter is None else x[as_tensor(sorter)], v)


Kind = Literal["quicksort", "mergesort", "heapsort", "stable"] | None
KINDS: tuple[Kind, ...] = (None, "quicksort", "mergesort", "heapsort", "stable")


class _AlongAxis(TensorOp):
    """What orders the elements along one axis; NaN goes last, as in NumPy."""

    keeps_nothing = True
    __props__: ClassVar[tuple[str, ...] | None] = ("axis",)

    def __init__(self, axis: int) -> None:
        self.axis = axis

    def gives(self, x: TensorVariable) -> str:
        """The dtype of the result."""
        return x.type.dtype

    def check(self, x: TensorVariable) -> None:
        """Raise `ShapeError` if there is no such axis."""
        if not 0 <= self.axis < x.ndim:
            raise ShapeError(f"{self}: a tensor of rank {x.ndim} has no axis {self.axis}")

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [tuple(input_shapes[0])]


class Sort(_AlongAxis):
    """The elements along one axis in ascending order, by `numpy.sort`."""

    __props__ = ("axis", "kind")

    def __init__(self, axis: int, kind: str | None = None) -> None:
        super().__init__(axis)
        self.kind = checked_kind(type(self).__name__.lower(), kind)

    def make_node(self, x: Any) -> Apply:
        """Keep the shape."""
        x = as_tensor(x)
        self.check(x)
        return Apply(self, [x], [TensorType(self.gives(x), x.type.shape)()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        output_storage[0][0] = np.sort(inputs[0], self.axis, self.kind)


class ArgSort(Sort):
    """The places of the elements along one axis in ascending order, by `numpy.argsort`."""

    def gives(self, x: TensorVariable) -> str:
        return "int64"

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        places = np.argsort(inputs[0], self.axis, self.kind)
        output_storage[0][0] = places.astype("int64", copy=False)


def checked_kind(name: str, kind: Any) -> Kind:
    """The name of a way to sort; raises `ValueError` for any that NumPy has not."""
    if kind not in KINDS:
        raise ValueError(f"{name}: kind is one of {', '.join(map(repr, KINDS))}, not {kind!r}")
    found: Kind = kind
    return found


class Partition(_AlongAxis):
    """The elements along one axis so that those at given places are where sorting puts them."""

    def make_node(self, x: Any, kth: Any) -> Apply:
        """``kth`` is an integer, or a vector of them."""
        x, kth = as_tensor(x), as_index(kth)
        self.check(x)
        if kth.ndim > 1:
            raise ShapeError(f"partition: kth is an integer or a vector\n  kth  {describe(kth)}")
        return Apply(self, [x, kth], [TensorType(self.gives(x), x.type.shape)()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        x, kth = inputs
        output_storage[0][0] = np.partition(x, self._places(x, kth), self.axis)

    def _places(self, x: Any, kth: Any) -> Any:
        n = x.shape[self.axis]
        if ((kth < -n) | (kth >= n)).any():
            raise IndexError(
                f"partition: kth ({kth}) is out of bounds along axis {self.axis} of length {n}"
            )
        return kth.tolist()


class ArgPartition(Partition):
    """The places from which `Partition` would take the elements."""

    def gives(self, x: TensorVariable) -> str:
        return "int64"

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        x, kth = inputs
        places = np.argpartition(x, self._places(x, kth), self.axis)
        output_storage[0][0] = places.astype("int64", copy=False)


class TopK(_AlongAxis):
    """The ``k`` largest elements along one axis, or for a negative ``k`` the ``-k`` smallest.

    Parameters
    ----------
    axis : int
    sorted : bool
        Whether they are in descending order; else they are in any.
    """

    __props__: ClassVar[tuple[str, ...] | None] = ("axis", "sorted")

    def __init__(self, axis: int, sorted: bool = True) -> None:
        super().__init__(axis)
        self.sorted = bool(sorted)

    def make_node(self, x: Any, k: Any) -> Apply:
        """Check ``k`` against the length where both are known."""
        x, k = as_tensor(x), as_index(k)
        self.check(x)
        if k.ndim:
            raise ShapeError(f"topk: the number of elements is 0-d\n  kth  {describe(k)}")
        shape: Shape = x.type.shape
        number, length = constant_int(k), shape[self.axis]
        if number is not None:
            self._check(number, length)
        found = None if number is None else abs(number)
        shape = (*shape[: self.axis], found, *shape[self.axis + 1 :])
        return Apply(self, [x, k], [TensorType(self.gives(x), shape)()])

    def _check(self, k: int, length: int | None) -> None:
        if k == 0 or (length is not None and abs(k) > length):
            limit = "" if length is None else f", and at most {length} along axis {self.axis}"
            raise ValueError(f"topk: kth must be other than zero{limit}, and is {k}")

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        x, k = inputs
        part = self._end(np.partition, x, int(k))
        found = self._descending(np.sort(part, self.axis)) if self.sorted else part.copy()
        output_storage[0][0] = found

    def _descending(self, x: Any) -> Any:
        return np.ascontiguousarray(np.flip(x, self.axis))

    def _end(self, partition: Any, x: Any, k: int) -> Any:
        """The last ``k`` of a partition at ``k`` from its end, or the first ``-k``."""
        n = x.shape[self.axis]
        self._check(k, n)
        at, rows = (n - k, slice(n - k, n)) if k > 0 else (-k - 1, slice(0, -k))
        return partition(x, at, self.axis)[(slice(None),) * self.axis + (rows,)]

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        lengths = list(input_shapes[0])
        lengths[self.axis] = tm.abs_(node.inputs[1])
        return [tuple(lengths)]


class ArgTopK(TopK):
    """The places of what `TopK` gives."""

    __props__ = ("axis", "sorted", "dtype")

    def __init__(self, axis: int, sorted: bool = True, dtype: str = "int64") -> None:
        super().__init__(axis, sorted)
        self.dtype = dtypes.check(dtype)
        if self.dtype not in dtypes.INTEGERS:
            raise DtypeError(f"topk: places are integers, and idx_dtype is {dtype}")

    def gives(self, x: TensorVariable) -> str:
        return self.dtype

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        x, k = inputs
        places = self._end(np.argpartition, x, int(k))
        if self.sorted:
            order = np.argsort(np.take_along_axis(x, places, self.axis), self.axis)
            places = self._descending(np.take_along_axis(places, order, self.axis))
        output_storage[0][0] = places.astype(self.dtype)


def _along(name: str, x: Any, axis: Any) -> tuple[Any, int]:
    """A tensor and one axis of it; without one, all of its elements and axis 0."""
    x = as_tensor(x)
    if axis is None:
        return flatten(x), 0
    axes = normalize_axes(name, axis, x)
    if len(axes) != 1:
        raise ShapeError(f"{name}: give one axis or None, not {axis!r}, for {describe(x)}")
    return x, axes[0]


def _refuse_order(name: str, order: Any) -> None:
    if order is not None:
        raise ValueError(f"{name}: order names fields, which tensors have not; got {order!r}")


def sort(
    a: Any, axis: int | None = -1, kind: str | None = "quicksort", order: Any = None
) -> TensorVariable:
    """``a`` with its elements along ``axis`` in ascending order, as `numpy.sort`.

    Parameters
    ----------
    a : tensor_like
    axis : int or None
        None sorts all elements, as a vector.
    kind : {"quicksort", "mergesort", "heapsort", "stable", None}
    order : None
        For fields, which tensors have not.

    Returns
    -------
    TensorVariable
        NaN goes last. Its derivative goes to where each element came from.
    """
    _refuse_order("sort", order)
    x, place = _along("sort", a, axis)
    return Sort(place, kind)(x)


def argsort(
    a: Any, axis: int | None = -1, kind: str | None = "quicksort", order: Any = None
) -> TensorVariable:
    """The places of the elements along ``axis`` in ascending order, as `numpy.argsort`; int64.

    The parameters are those of `sort`; places in the flattened tensor where ``axis`` is None.
    """
    _refuse_order("argsort", order)
    x, place = _along("argsort", a, axis)
    return ArgSort(place, kind)(x)


def partition(a: Any, kth: Any, axis: int | None = -1) -> TensorVariable:
    """``a`` with the elements at ``kth`` where sorting puts them, as `numpy.partition`.

    None that is smaller stands behind them, and none that is larger before.
    """
    x, place = _along("partition", a, axis)
    return Partition(place)(x, kth)


def argpartition(a: Any, kth: Any, axis: int | None = -1) -> TensorVariable:
    """The places of a partition's elements, as `numpy.argpartition`; int64."""
    x, place = _along("argpartition", a, axis)
    return ArgPartition(place)(x, kth)


def topk(
    x: Any, kth: Any, axis: int | None = -1, sorted: bool = True, idx_dtype: str = "int64"
) -> TensorVariable:
    """The ``kth`` largest elements along ``axis``; for a negative ``kth`` as many smallest.

    Parameters
    ----------
    x : tensor_like
    kth : int or 0-d integer variable
        How many; not zero.
    axis : int or None
        None takes them from all elements.
    sorted : bool
        Whether they are in descending order (NaN first); else in any.
    idx_dtype : str
        The dtype of places, which `argtopk` gives.

    Raises
    ------
    ValueError
        If ``kth`` is zero or larger than the length: now where both are known, else when it runs.
    """
    x, place = _along("topk", x, axis)
    return TopK(place, sorted)(x, kth)


def argtopk(
    x: Any, kth: Any, axis: int | None = -1, sorted: bool = True, idx_dtype: str = "int64"
) -> TensorVariable:
    """The places of the elements that `topk` gives."""
    x, place = _along("argtopk", x, axis)
    return ArgTopK(place, sorted, idx_dtype)(x, kth)


def topk_and_argtopk(
    x: Any, kth: Any, axis: int | None = -1, sorted: bool = True, idx_dtype: str = "int64"
) -> tuple[TensorVariable, TensorVariable]:
    """The elements that `topk` gives, and their places."""
    x, place = _along("topk_and_argtopk", x, axis)
    places = ArgTopK(place, sorted, idx_dtype)(x, kth)
    return take_along_axis(x, places, place), places


def lexsort(keys: Sequence[Any], axis: int = -1) -> TensorVariable:
    """The places along ``axis`` in the order of the last key, of equals that of the one before.

    As `numpy.lexsort`: ``keys`` are tensors of one shape, or the rows of one, of known number.
    """
    if isinstance(keys, (list, tuple)):
        rows = [as_tensor(k) for k in keys]
    else:
        whole = as_tensor(keys)
        if whole.ndim == 0 or whole.type.shape[0] is None:
            raise ValueError(f"lexsort: how many keys there are is not known\n  {describe(whole)}")
        rows = [whole[i] for i in range(whole.type.shape[0])]
    if not rows:
        raise ValueError("lexsort: give at least one key")
    place = _along("lexsort", rows[0], axis)[1]
    order = ArgSort(place, "stable")(rows[0])
    for key in rows[1:]:
        step = ArgSort(place, "stable")(take_along_axis(key, order, place))
        order = take_along_axis(order, step, place)
    return order
