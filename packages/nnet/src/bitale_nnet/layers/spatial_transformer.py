"""Images turned, moved and scaled as a part of the network says."""

from __future__ import annotations

from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import ShapeError, TensorVariable, as_tensor, describe
from bitale_graph.extend import dtype as dtypes

from .arguments import check_channels, check_number
from .layer import Layer, Shape
from .passes import Training

BORDERS = ("nearest", "mirror", "wrap")
_NUMBERS = 6


class SpatialTransformer(Layer):
    """Read images at places that an affine map gives, between pixels by bilinear interpolation.

    A place (x, y) of the output, from -1 at the left and top to 1, reads the input at ``(a x + b y
    + c, d x + e y + f)``, of the numbers (a, b, c, d, e, f) of each image. (1, 0, 0, 0, 1, 0) is
    the identity, with which the layer that gives them best begins: ``Dense(6, weights=0,
    bias=[1, 0, 0, 0, 1, 0])``.

    Parameters
    ----------
    downsample : float
        How many times fewer rows and columns the output has: 1 or more.
    border : "nearest", "mirror" or "wrap"
        What is read beyond the input.
    name : str, optional

    Shapes
    ------
    input   (batch, channels, rows, columns), and (batch, 6)
    output  (batch, channels, rows / downsample, columns / downsample), rounded down

    Raises
    ------
    TypeError, ValueError
        If ``downsample`` is no such number, or the border another word.
    ShapeError
        If the inputs have other shapes.

    Source: Jaderberg et al., Spatial Transformer Networks, arXiv:1506.02025, equations 1 and 5.
    """

    def __init__(
        self, downsample: float = 1, border: str = "nearest", name: str | None = None
    ) -> None:
        super().__init__(name)
        self.downsample = check_number(self, "downsample", downsample, 1)
        if border not in BORDERS:
            raise ValueError(f"{self}: the border is one of {', '.join(BORDERS)}, not {border!r}")
        self.border = border

    @property
    def numbers(self) -> int:
        """How many numbers tell what is read."""
        return _NUMBERS

    def output_shape(self, input_shape: Any) -> Shape:
        if len(input_shape) != 2 or not all(isinstance(s, tuple) for s in input_shape):
            raise ShapeError(f"{self} takes a tuple of two shapes, and got {input_shape}")
        images, numbers = input_shape
        check_channels(self, images, 2)
        if len(numbers) != 2 or numbers[1] not in (self.numbers, None):
            raise ShapeError(
                f"{self} takes {self.numbers} numbers for each image, and got {numbers}"
            )
        lengths = (None if n is None else int(n / self.downsample) for n in images[2:])
        return (*images[:2], *lengths)

    def expression(self, x: Any, training: Training | None = None) -> TensorVariable:
        if not isinstance(x, (tuple, list)) or len(x) != 2:
            raise TypeError(f"{self} is called with (images, numbers), not {x!r}")
        images, numbers = map(as_tensor, x)
        if images.ndim != 4 or numbers.ndim != 2:
            raise ShapeError(
                f"{self} takes images and a matrix (batch, {self.numbers}), and got\n"
                f"  {describe(images)}\n  {describe(numbers)}"
            )
        numbers = T.cast(numbers, dtypes.at_least_float(numbers.dtype))
        return self._read(images, *self._places(images, numbers))

    def _places(self, images: Any, numbers: Any) -> tuple[Any, Any]:
        """Rows and columns that are read, counted in pixels, (batch, rows, columns)."""
        y, x = (self._along(images.shape[axis], numbers.dtype) for axis in (2, 3))
        found = self._mapped(y.dimshuffle("x", 0, "x"), x.dimshuffle("x", "x", 0), numbers)
        rows, columns = (
            (place + 1) / 2 * T.cast(images.shape[axis] - 1, numbers.dtype)
            for axis, place in zip((2, 3), found, strict=True)
        )
        return rows, columns

    def _mapped(self, y: Any, x: Any, numbers: Any) -> tuple[Any, Any]:
        """Where the places (x, y) of the output read, from -1 to 1 within the image: y and x."""
        a, b, c, d, e, f = (numbers[:, k].dimshuffle(0, "x", "x") for k in range(_NUMBERS))
        return d * x + e * y + f, a * x + b * y + c

    def _along(self, n: Any, dtype: str) -> Any:
        """Places from -1 to 1 along an axis of the output."""
        count: Any = T.cast(T.floor(T.cast(n, "float64") / self.downsample), "int64")
        step = 2 / T.cast(T.maximum(count - 1, 1), dtype)
        return T.cast(T.arange(count), dtype) * step - 1

    def _read(self, images: Any, rows: Any, columns: Any) -> TensorVariable:
        which: Any = T.arange(images.shape[0]).dimshuffle(0, "x", "x")
        channels_last = images.dimshuffle(0, 2, 3, 1)
        top, left = T.floor(rows), T.floor(columns)
        below, right = rows - top, columns - left
        result: Any = 0
        for down, down_weight in ((0, 1 - below), (1, below)):
            for over, over_weight in ((0, 1 - right), (1, right)):
                i = self._inside(top + down, images.shape[2])
                j = self._inside(left + over, images.shape[3])
                weight = (down_weight * over_weight).dimshuffle(0, 1, 2, "x")
                result = result + weight * channels_last[which, i, j]
        read: TensorVariable = result.dimshuffle(0, 3, 1, 2)
        return read

    def _inside(self, place: Any, n: Any) -> Any:
        """Whole places as indices of what is there."""
        i: Any = T.cast(place, "int64")
        if self.border == "wrap":
            return i % n
        if self.border == "mirror":
            # There and back: the pixels at both ends are not repeated.
            period = T.maximum(2 * (n - 1), 1)
            i = i % period
            return T.minimum(i, period - i) % n
        return T.clip(i, 0, n - 1)
