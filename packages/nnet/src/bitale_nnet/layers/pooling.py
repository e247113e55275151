"""What windows hold, and whole images: maxima and averages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from bitale_graph import language as T
from bitale_graph.extend import ShapeError, TensorVariable

from .arguments import check_channels, check_integer, check_integers, of_least_rank, of_rank
from .layer import Layer, Shape
from .passes import Training


class _Windows(Layer):
    """A number for each window; a subclass says over how many axes, and which number."""

    spatial: ClassVar[int] = 2

    def __init__(
        self,
        size: int | Sequence[int] = 2,
        stride: int | Sequence[int] | None = None,
        padding: int | Sequence[int] = 0,
        ignore_border: bool = True,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        n = self.spatial
        self.size = check_integers(self, "size", size, n)
        self.stride = self.size if stride is None else check_integers(self, "stride", stride, n)
        self.padding = check_integers(self, "padding", padding, n, 0)
        if any(p >= w for p, w in zip(self.padding, self.size, strict=True)):
            raise ValueError(f"{self}: padding must be less than the size of windows, {self.size}")
        self.ignore_border = bool(ignore_border)
        if not self.ignore_border and any(self.padding):
            raise ValueError(f"{self}: padding needs ignore_border=True")

    @property
    def mode(self) -> str:
        """What is taken of a window."""
        return "max"

    def output_shape(self, input_shape: Shape) -> Shape:
        # Not at the top: what has no pooling does without it.
        from bitale_graph.pooling import pooled_length

        check_channels(self, input_shape, self.spatial)
        steps = zip(input_shape[2:], self.size, self.stride, self.padding, strict=True)
        lengths = [
            None if i is None else int(pooled_length(i, w, s, p, self.ignore_border))
            for i, w, s, p in steps
        ]
        if 0 in lengths and 0 not in input_shape[2:]:
            raise ShapeError(
                f"{self}: windows of {self.size} do not fit into inputs of the shape {input_shape}"
            )
        return (*input_shape[:2], *lengths)

    def expression(self, x: Any, training: Training | None = None) -> TensorVariable:
        from bitale_graph import pooling

        x = of_rank(self, x, self.spatial + 2)
        pool: Any = {1: pooling.pool_1d, 2: pooling.pool_2d, 3: pooling.pool_3d}[self.spatial]
        sizes = {"stride": self.stride, "pad": self.padding, "mode": self.mode}
        result: TensorVariable = pool(x, self.size, self.ignore_border, **sizes)
        return result


class MaxPool1D(_Windows):
    """The maxima of windows along sequences (batch, channels, length); see `MaxPool2D`."""

    spatial = 1


class MaxPool2D(_Windows):
    """The maxima of windows over images.

    Parameters
    ----------
    size : int or pair of int
        Rows and columns of a window; here and below one number stands for all axes.
    stride : int or pair of int, optional
        The steps from one window to the next; by default there is no gap and no overlap.
    padding : int or pair of int
        How much is added at both ends, less than the window. A maximum does not look at it.
    ignore_border : bool
        Whether windows that go beyond the end are left out, rather than hold what is there.
    name : str, optional

    Shapes
    ------
    input   (batch, channels, rows, columns)
    output  the same with ``(n + 2 padding - size) // stride + 1`` along each spatial axis; without
            ``ignore_border`` as many windows as begin before the end, see `pool_2d`

    Raises
    ------
    TypeError, ValueError
        If a number is none, or out of its range.
    ShapeError
        If the input has another rank, or windows do not fit.
    """

    spatial = 2


class MaxPool3D(_Windows):
    """The maxima of windows in volumes (batch, channels, depth, rows, columns); see `MaxPool2D`."""

    spatial = 3


class _Averages(_Windows):
    """The averages of windows; see `AveragePool2D`."""

    def __init__(
        self,
        size: int | Sequence[int] = 2,
        stride: int | Sequence[int] | None = None,
        padding: int | Sequence[int] = 0,
        ignore_border: bool = True,
        count_padding: bool = False,
        name: str | None = None,
    ) -> None:
        super().__init__(size, stride, padding, ignore_border, name)
        self.count_padding = bool(count_padding)

    @property
    def mode(self) -> str:
        return "average_inc_pad" if self.count_padding else "average_exc_pad"


class AveragePool1D(_Averages):
    """The averages of windows along sequences (batch, channels, length); see `AveragePool2D`."""

    spatial = 1


class AveragePool2D(_Averages):
    """The averages of windows over images.

    Parameters
    ----------
    size, stride, padding, ignore_border
        As for `MaxPool2D`, also for shapes and errors.
    count_padding : bool
        Whether averages count what was added, as zeros.
    name : str, optional
    """

    spatial = 2


class AveragePool3D(_Averages):
    """The averages of windows in volumes; see `AveragePool2D`."""

    spatial = 3


class GlobalPool(Layer):
    """One number for each channel: the mean over all spatial axes, or another function of them.

    Parameters
    ----------
    function : "mean", "max" or callable
        A callable is given the tensor and ``axis``, as `bitale.tensor.sum` is.
    name : str, optional

    Shapes
    ------
    input   (batch, channels, ...)
    output  (batch, channels)

    Raises
    ------
    ValueError, TypeError
        For another function.
    ShapeError
        If there are no spatial axes.
    """

    def __init__(
        self, function: Callable[..., Any] | str = "mean", name: str | None = None
    ) -> None:
        super().__init__(name)
        if isinstance(function, str):
            if function not in ("mean", "max"):
                raise ValueError(f"{self}: the function is 'mean', 'max' or one, not {function!r}")
            function = T.mean if function == "mean" else T.max
        if not callable(function):
            raise TypeError(f"{self}: the function is 'mean', 'max' or callable, not {function!r}")
        self.function = function

    def output_shape(self, input_shape: Shape) -> Shape:
        if len(input_shape) < 3:
            raise ShapeError(
                f"{self} takes inputs (batch, channels, ...) with axes to pool over, and got the "
                f"shape {input_shape}"
            )
        return input_shape[:2]

    def expression(self, x: Any, training: Training | None = None) -> TensorVariable:
        x = of_least_rank(self, x, 3)
        result: TensorVariable = self.function(x, axis=tuple(range(2, x.ndim)))
        return result


class SpatialPyramidPool(Layer):
    """As many numbers from images of every size: each level of n cuts both axes into n parts.

    Parameters
    ----------
    levels : sequence of int
    mode : "max" or "average"
        What is taken of each part.
    name : str, optional

    Shapes
    ------
    input   (batch, channels, rows, columns)
    output  (batch, channels, sum of n * n over the levels): level by level, row by row

    Raises
    ------
    ValueError, TypeError
        If levels are no numbers of at least 1, or the mode is another.
    ShapeError
        If the input has another rank, or no rows or columns.

    Source: He et al., Spatial Pyramid Pooling in Deep Convolutional Networks for Visual
    Recognition, arXiv:1406.4729, section 2.2 and appendix A for where parts begin.
    """

    def __init__(
        self, levels: Sequence[int] = (4, 2, 1), mode: str = "max", name: str | None = None
    ) -> None:
        super().__init__(name)
        if not isinstance(levels, (tuple, list)) or not levels:
            raise TypeError(f"{self}: levels are a sequence such as (4, 2, 1), not {levels!r}")
        self.levels = tuple(check_integer(self, "a level", n) for n in levels)
        if mode not in ("max", "average"):
            raise ValueError(f"{self}: the mode is 'max' or 'average', not {mode!r}")
        self.mode = mode

    def output_shape(self, input_shape: Shape) -> Shape:
        check_channels(self, input_shape, 2)
        if 0 in input_shape[2:]:
            raise ShapeError(f"{self} needs rows and columns, and got the shape {input_shape}")
        return (*input_shape[:2], sum(n * n for n in self.levels))

    def expression(self, x: Any, training: Training | None = None) -> TensorVariable:
        # Not at the top: what has no pooling does without it.
        from bitale_graph.pooling import spatial_pyramid_pool

        return spatial_pyramid_pool(of_rank(self, x, 4), self.levels, self.mode)


class _Upscale(Layer):
    """A larger input; see `Upscale2D`."""

    spatial: ClassVar[int] = 2

    def __init__(
        self, factor: int | Sequence[int], mode: str = "repeat", name: str | None = None
    ) -> None:
        super().__init__(name)
        self.factor = check_integers(self, "factor", factor, self.spatial)
        if mode not in ("repeat", "dilate"):
            raise ValueError(f"{self}: the mode is 'repeat' or 'dilate', not {mode!r}")
        self.mode = mode

    def output_shape(self, input_shape: Shape) -> Shape:
        check_channels(self, input_shape, self.spatial)
        steps = zip(input_shape[2:], self.factor, strict=True)
        return (*input_shape[:2], *(None if n is None else n * f for n, f in steps))

    def expression(self, x: Any, training: Training | None = None) -> TensorVariable:
        # Not at the top: what has no pooling does without it.
        from bitale_graph.pooling import upscale

        x = of_rank(self, x, self.spatial + 2)
        return upscale(x, self.factor, self.mode, self.spatial)


class Upscale1D(_Upscale):
    """Longer sequences (batch, channels, length); see `Upscale2D`."""

    spatial = 1


class Upscale2D(_Upscale):
    """Larger images by whole factors.

    Parameters
    ----------
    factor : int or pair of int
        One number stands for all axes.
    mode : "repeat" or "dilate"
        Whether each element is repeated, or stands before zeros.
    name : str, optional

    Shapes
    ------
    input   (batch, channels, rows, columns)
    output  the same, with ``factor`` times as many rows and columns

    Raises
    ------
    TypeError, ValueError
        If a factor is no integer of at least 1, or the mode is another.
    ShapeError
        If the input has another rank.
    """

    spatial = 2


class Upscale3D(_Upscale):
    """Larger volumes (batch, channels, depth, rows, columns); see `Upscale2D`."""

    spatial = 3
