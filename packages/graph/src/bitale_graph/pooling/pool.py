"""Pooling by windows, and its derivatives: ops that are closed under differentiation."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ..base import dtype as dtypes
from ..base.errors import DtypeError, ShapeError, describe
from ..core.graph import Apply, Storage
from ..ops.shape import as_lengths
from ..tensor.conversion import as_tensor, constant_int
from ..tensor.variable import TensorType
from .windows import AVERAGES, MODES, Axis, Windows

Array = np.ndarray[Any, Any]


def _check_mode(op: Any, mode: str, modes: Sequence[str]) -> str:
    if mode not in modes:
        allowed = ", ".join(map(repr, modes))
        raise ValueError(f"{type(op).__name__}: the mode is one of {allowed}, not {mode!r}")
    return mode


def _check_dtype(op: Any, x: Any, mode: str) -> None:
    if mode != "max" and x.type.dtype == "bool":
        raise DtypeError(f"{op}: cast bool before it is added up: {describe(x)}")
    if mode in AVERAGES and dtypes.is_discrete(x.type.dtype):
        raise DtypeError(f"{op}: an average is a float; cast {describe(x)}")


class Pool(Windows):
    """What each window holds at most, in sum, or on average, in the dtype of the input.

    The maximum of a window with NaN is NaN, and of one without elements the least number there is.

    Parameters
    ----------
    n : {1, 2, 3}
    mode : {"max", "sum", "average_inc_pad", "average_exc_pad"}
        Whether averages count what was added at both ends.
    ignore_border : bool
    """

    __props__ = ("n", "mode", "ignore_border")

    def __init__(self, n: int, mode: str = "max", ignore_border: bool = True) -> None:
        super().__init__(n, ignore_border)
        self.mode = _check_mode(self, mode, MODES)

    def make_node(self, x: Any, *sizes: Any) -> Apply:
        """The tensor, then the sizes of windows."""
        x, given = self.real(x), self.sizes(sizes)
        _check_dtype(self, x, self.mode)
        shape = x.type.shape
        known = [*shape[: -self.n], *self.static(shape[-self.n :], given)]
        return Apply(self, [x, *given], [TensorType(x.type.dtype, known)()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        x, *sizes = inputs
        axes = self.axes(x.shape[-self.n :], sizes)
        dtype = x.dtype
        if self.mode != "max" and dtype == np.float16:
            x = x.astype(np.float32)
        for place, axis in enumerate(axes, x.ndim - self.n):
            x = _along(x, place, axis, self.mode == "max")
        if self.mode in AVERAGES:
            with np.errstate(all="ignore"):
                x = x / divisors(axes, self.mode).astype(x.dtype)
        output_storage[0][0] = x.astype(dtype, copy=False)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        lengths = input_shapes[0]
        pooled = self.pooled(lengths[-self.n :], self.sizes_of(node))
        return [(*lengths[: -self.n], *pooled)]

    def passed_lengths(
        self, node: Apply, input_shapes: Sequence[Sequence[Any]]
    ) -> Sequence[Sequence[Any] | None] | None:
        return [[*input_shapes[0][: -self.n], *[None] * self.n]]


def divisors(axes: Sequence[Axis], mode: str) -> Array:
    """How many elements each window has, in the shape of the windows."""
    found: Array = np.ones((), np.int64)
    for axis in axes:
        found = found[..., None] * axis.divisors(with_pad=mode == "average_inc_pad")
    return found


def _along(x: Array, place: int, axis: Axis, is_max: bool) -> Array:
    """Combine the elements of each window along one axis."""
    fill: Any = 0
    if is_max:
        kind = x.dtype.kind
        fill = -np.inf if kind == "f" else False if kind == "b" else np.iinfo(x.dtype).min
    wide = _widened(x, [(place, axis)], fill)
    windows = sliding_window_view(wide, axis.window, place) if axis.count else None
    if windows is None:
        return wide
    found: Array = windows[(slice(None),) * place + (slice(None, None, axis.step),)]
    with np.errstate(all="ignore"):
        combine = np.maximum if is_max else np.add
        result: Array = combine.reduce(found, axis=-1, dtype=x.dtype)
        return result


def _widened(x: Array, axes: Iterable[tuple[int, Axis]], fill: Any) -> Array:
    """What all windows cover of ``x``, with ``fill`` where it is not."""
    shape, inner = list(x.shape), [slice(None)] * x.ndim
    outer = list(inner)
    for place, axis in axes:
        reach = axis.reach if axis.count else 0
        shape[place] = reach
        end = max(min(axis.pad + axis.length, reach), axis.pad)
        inner[place] = slice(axis.pad, end)
        outer[place] = slice(0, min(end - axis.pad, max(reach - axis.pad, 0)))
    wide = np.full(shape, fill, x.dtype)
    wide[tuple(inner)] = x[tuple(outer)]
    return wide


def _offsets(axes: Sequence[Axis]) -> Iterator[tuple[Any, ...]]:
    """For each place in a window the elements there in all windows, of what they cover."""
    for offset in itertools.product(*(range(a.window) for a in axes)):
        yield (
            ...,
            *(
                slice(k, k + (a.count - 1) * a.step + 1, a.step)
                for k, a in zip(offset, axes, strict=True)
            ),
        )


def _narrowed(wide: Array, shape: Sequence[int], axes: Sequence[Axis], dtype: Any) -> Array:
    """What lies over ``shape`` of what windows cover."""
    found = np.zeros(shape, dtype)
    here: list[Any] = []
    there: list[Any] = []
    for axis in axes:
        end = max(min(axis.pad + axis.length, wide.shape[len(here) - len(axes)]), axis.pad)
        there.append(slice(axis.pad, end))
        here.append(slice(0, end - axis.pad))
    found[(..., *here)] = wide[(..., *there)]
    return found


class PoolGrad(Windows):
    """What elements receive from the windows they are in: the transpose of `Pool` that is linear.

    The inputs are a number for each window, then the lengths of what was pooled along the ``n``
    axes, and the sizes of windows.

    Parameters
    ----------
    n : {1, 2, 3}
    mode : {"sum", "average_inc_pad", "average_exc_pad"}
    ignore_border : bool
    """

    __props__ = ("n", "mode", "ignore_border")

    def __init__(self, n: int, mode: str = "sum", ignore_border: bool = True) -> None:
        super().__init__(n, ignore_border)
        self.mode = _check_mode(self, mode, MODES[1:])

    def make_node(self, g: Any, *given: Any) -> Apply:
        """What is given for each window, the lengths, then the sizes of windows."""
        g = self.real(g)
        _check_dtype(self, g, self.mode)
        lengths = as_lengths(str(self), list(given[: self.n]))
        known = [constant_int(m) for m in lengths]
        if any(m is not None and m < 0 for m in known):
            raise ShapeError(f"{self}: a length cannot be negative: {known}")
        sizes = self.sizes(given[self.n :])
        check_pooled(self, g, self.static(known, sizes))
        shape = (*g.type.shape[: -self.n], *known)
        return Apply(self, [g, *lengths, *sizes], [TensorType(g.type.dtype, shape)()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        g, n = inputs[0], self.n
        lengths = [int(m) for m in inputs[1 : 1 + n]]
        if min(lengths) < 0:
            raise ShapeError(f"{self}: a length cannot be negative: {lengths}")
        axes = self.axes(lengths, inputs[1 + n :])
        _check_counts(self, axes, g)
        dtype = g.dtype
        if dtype == np.float16:
            g = g.astype(np.float32)
        with np.errstate(all="ignore"):
            if self.mode in AVERAGES:
                g = g / divisors(axes, self.mode).astype(g.dtype)
            wide = np.zeros((*g.shape[:-n], *(a.reach if a.count else 0 for a in axes)), g.dtype)
            if g.size:
                for at in _offsets(axes):
                    wide[at] += g
        output_storage[0][0] = _narrowed(wide, (*g.shape[:-n], *lengths), axes, dtype)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [(*input_shapes[0][: -self.n], *node.inputs[1 : 1 + self.n])]


def check_pooled(op: Windows, y: Any, known: Sequence[int | None]) -> None:
    """Raise `ShapeError` where a tensor over windows has other lengths than those known."""
    given = y.type.shape[-op.n :]
    if any(None not in (a, b) and a != b for a, b in zip(given, known, strict=True)):
        raise ShapeError(f"{op}: there are {known} windows, not as many as in\n  {describe(y)}")


def _check_counts(op: Windows, axes: Sequence[Axis], *arrays: Array) -> None:
    counts = tuple(a.count for a in axes)
    for y in arrays:
        if y.shape[-op.n :] != counts:
            raise ShapeError(f"{op}: there are {counts} windows, and not those of shape {y.shape}")


class _OfMaxima(Windows):
    """An op of a tensor, of the maxima of its windows, and of a third tensor."""

    def node(self, x: Any, y: Any, third: Any, sizes: Sequence[Any], is_like_x: bool) -> Apply:
        """Make a node; the third tensor is like the first or the second, the result the other."""
        x, y, third = self.real(x), self.real(y), as_tensor(third)
        given = self.sizes(sizes)
        shape = x.type.shape
        pooled = [*shape[: -self.n], *self.static(shape[-self.n :], given)]
        like = shape if is_like_x else pooled
        for one, known in ((y, pooled), (third, like)):
            if one.ndim != x.ndim or any(
                None not in (a, b) and a != b for a, b in zip(one.type.shape, known, strict=True)
            ):
                raise ShapeError(
                    f"{self}: shapes do not go together\n  {describe(x)}\n  {describe(one)}"
                )
        if y.type.dtype != x.type.dtype:
            raise DtypeError(
                f"{self}: maxima have the dtype of\n  {describe(x)}\nnot {describe(y)}"
            )
        _check_dtype(self, third, "sum")
        out = pooled if is_like_x else shape
        return Apply(self, [x, y, third, *given], [TensorType(third.type.dtype, out)()])

    def checked(self, x: Array, y: Array, sizes: Sequence[Any]) -> list[Axis]:
        """The windows, once it is seen that shapes go together."""
        axes = self.axes(x.shape[-self.n :], sizes)
        _check_counts(self, axes, y)
        if y.shape[: -self.n] != x.shape[: -self.n]:
            raise ShapeError(f"{self}: shapes {x.shape} and {y.shape} do not go together")
        return axes


class MaxPoolGrad(_OfMaxima):
    """The transpose of pooling maxima: each goes to every element that equals it in its window.

    The inputs are what was pooled, the maxima, a number for each, and the sizes of windows. A
    maximum that is NaN equals no element.
    """

    def make_node(self, x: Any, y: Any, g: Any, *sizes: Any) -> Apply:
        """Give a tensor of the shape of ``x`` and the dtype of ``g``."""
        return self.node(x, y, g, sizes, False)

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        x, y, g, *sizes = inputs
        axes = self.checked(x, y, sizes)
        if g.shape != y.shape:
            raise ShapeError(f"{self}: shapes {y.shape} and {g.shape} do not go together")
        dtype = g.dtype
        wide_x = _widened(x, enumerate(axes, x.ndim - self.n), 0)
        wide = np.zeros(wide_x.shape, np.float32 if dtype == np.float16 else dtype)
        with np.errstate(all="ignore"):
            for at in _offsets(axes) if g.size else ():
                wide[at] += np.where(wide_x[at] == y, g, np.zeros((), dtype))
        output_storage[0][0] = _narrowed(wide, x.shape, axes, dtype)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [tuple(input_shapes[0])]

    def passed_lengths(
        self, node: Apply, input_shapes: Sequence[Sequence[Any]]
    ) -> Sequence[Sequence[Any] | None] | None:
        return [list(input_shapes[0])]

    def compared_lengths(
        self, node: Apply, input_shapes: Sequence[Sequence[Any]]
    ) -> Iterable[tuple[Any, Any]]:
        x, y, g = input_shapes[:3]
        return [*zip(y, g, strict=True), *zip(x[: -self.n], y[: -self.n], strict=True)]


class MaxPoolTangent(_OfMaxima):
    """The transpose of `MaxPoolGrad`: for each window the sum of what is at its maxima.

    The inputs are what was pooled, the maxima, a number for each element, and the sizes of windows.
    """

    def make_node(self, x: Any, y: Any, v: Any, *sizes: Any) -> Apply:
        """Give a tensor of the shape of ``y`` and the dtype of ``v``."""
        return self.node(x, y, v, sizes, True)

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        x, y, v, *sizes = inputs
        axes = self.checked(x, y, sizes)
        if v.shape != x.shape:
            raise ShapeError(f"{self}: shapes {x.shape} and {v.shape} do not go together")
        dtype = v.dtype
        places = list(enumerate(axes, x.ndim - self.n))
        wide_x, wide_v = (_widened(one, places, 0) for one in (x, v))
        found = np.zeros(y.shape, np.float32 if dtype == np.float16 else dtype)
        with np.errstate(all="ignore"):
            for at in _offsets(axes) if found.size else ():
                found += np.where(wide_x[at] == y, wide_v[at], np.zeros((), dtype))
        output_storage[0][0] = found.astype(dtype, copy=False)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [tuple(input_shapes[1])]

    def passed_lengths(
        self, node: Apply, input_shapes: Sequence[Sequence[Any]]
    ) -> Sequence[Sequence[Any] | None] | None:
        return [list(input_shapes[1])]

    def compared_lengths(
        self, node: Apply, input_shapes: Sequence[Sequence[Any]]
    ) -> Iterable[tuple[Any, Any]]:
        x, y, v = input_shapes[:3]
        return [*zip(x, v, strict=True), *zip(x[: -self.n], y[: -self.n], strict=True)]
