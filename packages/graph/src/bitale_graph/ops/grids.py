"""Coordinates of the points of grids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..base import dtype as dtypes
from ..base.errors import ShapeError, describe
from ..tensor.conversion import as_tensor
from ..tensor.elementwise import cast
from ..tensor.variable import TensorVariable
from .creation import Alloc, arange
from .join import stack
from .sequences import linspace
from .shape import as_lengths, dimshuffle, shape_i


class Grid:
    """Gives coordinates when it is indexed by slices, as `numpy.mgrid` and `numpy.ogrid`.

    A slice is ``start:stop:step``, of numbers and 0-d variables; a step that is an imaginary number
    says how many points there are, both ends included. Several slices give a list with a tensor for
    each axis, one slice a vector.
    """

    def __init__(self, *, is_open: bool) -> None:
        self.is_open = is_open

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            return _points(key)
        if not isinstance(key, tuple) or not all(isinstance(part, slice) for part in key):
            raise TypeError(f"a grid is made by slices such as mgrid[0:3, 0:5], not by {key!r}")
        points = [_points(part) for part in key]
        common = dtypes.upcast(*(p.type.dtype for p in points))
        return _grid([cast(p, common) for p in points], self.is_open)


def _points(part: slice) -> TensorVariable:
    if part.stop is None:
        raise TypeError(f"a slice of a grid must have an end, and {part} has none")
    start = 0 if part.start is None else part.start
    step = 1 if part.step is None else part.step
    if isinstance(step, complex):
        made: TensorVariable = linspace(start, part.stop, int(abs(step)))
        return made
    return arange(start, part.stop, step)


def _grid(points: Sequence[Any], is_open: bool) -> list[TensorVariable]:
    """Vectors as the coordinates along each axis."""
    rank = len(points)
    spread = [
        dimshuffle(p, *(0 if a == i else "x" for a in range(rank))) for i, p in enumerate(points)
    ]
    if is_open:
        return spread
    lengths = [shape_i(p, 0) for p in points]
    return [Alloc()(p, *lengths) for p in spread]


mgrid = Grid(is_open=False)
ogrid = Grid(is_open=True)


def meshgrid(
    *vectors: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy"
) -> list[TensorVariable]:
    """The coordinates of the points of a grid, one tensor for each vector, as `numpy.meshgrid`.

    Parameters
    ----------
    *vectors : tensor_like
        The coordinates along each axis.
    copy : bool
        Has no meaning: values are not written to.
    sparse : bool
        Leave axes of length 1, which broadcast.
    indexing : {"xy", "ij"}
        Whether the first vector runs along the columns, as in a picture, or along the rows.
    """
    if indexing not in ("xy", "ij"):
        raise ValueError(f"meshgrid: indexing is 'xy' or 'ij', not {indexing!r}")
    points = []
    for v in map(as_tensor, vectors):
        if v.ndim > 1:
            raise ShapeError(f"meshgrid takes vectors, and got {describe(v)}")
        points.append(v if v.ndim else dimshuffle(v, "x"))
    is_swapped = indexing == "xy" and len(points) > 1
    if is_swapped:
        points[:2] = points[1::-1]
    made = _grid(points, sparse)
    if is_swapped:
        made[:2] = made[1::-1]
    return made


def indices(dimensions: Any, dtype: str = "int64", sparse: bool = False) -> Any:
    """The indices of a grid: one tensor for each axis, stacked, as `numpy.indices`.

    With ``sparse`` a list of them, with axes of length 1 that broadcast.
    """
    lengths = as_lengths("indices", dimensions)
    grid = _grid([cast(arange(n), dtype) for n in lengths], sparse)
    return grid if sparse else stack(grid)
