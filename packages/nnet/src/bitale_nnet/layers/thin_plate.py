"""Images bent as a part of the network says."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from bitale_graph import language as T

from .arguments import check_integer
from .spatial_transformer import SpatialTransformer


class ThinPlateTransformer(SpatialTransformer):
    """Read images at places that a thin plate spline gives, which is bent at points of a grid.

    The points stand in a square from -1 to 1 in both directions, row by row. What is read there
    lies off by so much as the numbers of each image say: first along x for all points, then along
    y. Zeros are the identity, with which the layer that gives them best begins: ``Dense(2 * points,
    weights=0)``.

    Parameters
    ----------
    points : int
        The square of an integer of at least 2.
    downsample, border, name
        As for `SpatialTransformer`.

    Shapes
    ------
    input   (batch, channels, rows, columns), and (batch, 2 points)
    output  as for `SpatialTransformer`

    Raises
    ------
    TypeError, ValueError, ShapeError
        As `SpatialTransformer`; and if ``points`` is no such square.

    Source: Bookstein, Principal Warps, IEEE PAMI 11 (1989), pages 568 to 569; in networks Jaderberg
    et al., arXiv:1506.02025, section 3.2.
    """

    def __init__(
        self,
        points: int = 16,
        downsample: float = 1,
        border: str = "nearest",
        name: str | None = None,
    ) -> None:
        super().__init__(downsample, border, name)
        self.points = check_integer(self, "points", points, 4)
        if math.isqrt(self.points) ** 2 != self.points:
            raise ValueError(f"{self}: points are a square such as 16, not {points}")

    @property
    def numbers(self) -> int:
        return 2 * self.points

    def _grid(self) -> Any:
        """The points, (points, 2) of x and y."""
        line = np.linspace(-1, 1, math.isqrt(self.points))
        y, x = np.meshgrid(line, line, indexing="ij")
        return np.stack([x.ravel(), y.ravel()], axis=1)

    def _solver(self) -> Any:
        """From what lies at the points to the coefficients of the spline, (points + 3, points)."""
        n, grid = self.points, self._grid()
        system = np.zeros((n + 3, n + 3))
        squares = np.sum((grid[:, None] - grid) ** 2, axis=2)
        system[:n, :n] = squares * np.log(np.where(squares > 0, squares, 1))
        system[:n, n:] = np.column_stack([np.ones(n), grid])
        system[n:, :n] = system[:n, n:].T
        return np.linalg.inv(system)[:, :n]

    def _mapped(self, y: Any, x: Any, numbers: Any) -> tuple[Any, Any]:
        solver = T.constant(self._solver().T, dtype=numbers.dtype)
        # Of one place and all points of the grid: (1, rows, columns, points).
        grid = self._grid()
        px, py = (T.constant(grid[:, k], dtype=numbers.dtype) for k in (0, 1))
        squares: Any = T.sqr(_last(x) - px) + T.sqr(_last(y) - py)
        bends = squares * T.log(T.switch(squares > 0, squares, 1))
        found = []
        for start, place in ((self.points, y), (0, x)):
            c: Any = T.dot(numbers[:, start : start + self.points], solver)
            spline: Any = T.sum(bends * _pixels(c[:, : self.points]), axis=3)
            flat = [c[:, self.points + k].dimshuffle(0, "x", "x") for k in range(3)]
            found.append(place + spline + flat[0] + flat[1] * x + flat[2] * y)
        return found[0], found[1]


def _last(v: Any) -> Any:
    """With one more axis at the end."""
    return v.dimshuffle(0, 1, 2, "x")


def _pixels(c: Any) -> Any:
    """Coefficients (batch, points) along all places: (batch, 1, 1, points)."""
    return c.dimshuffle(0, "x", "x", 1)
