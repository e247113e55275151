"""Filters that go over one, two or three spatial axes, and their adjoints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from bitale_graph import language as T
from bitale_graph.extend import ShapeError, TensorVariable
from bitale_graph.extend import dtype as dtypes

from ..functional import ACTIVATIONS, identity
from ..initializers import Constant, GlorotUniform, Initial, as_initializer, first_values
from .arguments import check_channels, check_integer, check_integers, of_rank
from .layer import WEIGHTS, Layer, Parameter, Shape, product_of_lengths
from .naming import by_name
from .passes import Training

ZERO = Constant(0.0)
PADDINGS = ("valid", "same", "full")


class _Filters(Layer):
    """What convolutions and their adjoints have in common; a subclass says over how many axes."""

    spatial: ClassVar[int] = 2

    def __init__(
        self,
        filters: int,
        size: int | Sequence[int],
        stride: int | Sequence[int] = 1,
        padding: Any = "valid",
        activation: Callable[[Any], Any] | str = identity,
        *,
        dilation: int | Sequence[int] = 1,
        groups: int = 1,
        weights: Initial | None = None,
        bias: Initial | None = ZERO,
        untie_biases: bool = False,
        flip_filters: bool = False,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        n = self.spatial
        self.filters = check_integer(self, "filters", filters)
        self.size = check_integers(self, "size", size, n)
        self.stride = check_integers(self, "stride", stride, n)
        self.dilation = check_integers(self, "dilation", dilation, n)
        self.groups = check_integer(self, "groups", groups)
        if self.filters % self.groups:
            raise ValueError(f"{self}: {filters} filters are not {groups} groups of one size")
        self.padding = check_padding(self, padding, n)
        self.activation = by_name("activation", activation, ACTIVATIONS)
        self.weights = first_values("weights", weights, GlorotUniform())
        self.bias = None if bias is None else as_initializer("bias", bias)
        self.untie_biases = untie_biases
        self.flip_filters = flip_filters

    @property
    def spans(self) -> list[int]:
        """How far a filter reaches along each axis."""
        return [(k - 1) * d + 1 for k, d in zip(self.size, self.dilation, strict=True)]

    def _pads(self) -> list[tuple[int, int]]:
        """Zeros before and after; cut off by the adjoint."""
        return pads_of(self.padding, self.spans)

    def _channels(self, input_shape: Shape) -> int:
        channels = check_channels(self, input_shape, self.spatial)
        if channels % self.groups:
            raise ShapeError(
                f"{self}: {channels} channels are not {self.groups} groups of one size"
            )
        return channels

    def _filter_shape(self, channels: int) -> tuple[int, ...]:
        raise TypeError(f"{type(self).__name__} does not define _filter_shape")

    def declare(self, input_shape: Shape) -> list[Parameter]:
        shape = self._filter_shape(self._channels(input_shape))
        declared = [Parameter("W", shape, self.weights, WEIGHTS)]
        if self.bias is None:
            return declared
        lengths = self.output_shape(input_shape)[2:] if self.untie_biases else ()
        known = tuple(n for n in lengths if n is not None)
        if len(known) < len(lengths):
            raise ShapeError(
                f"{self} has a bias for each place, and so needs known lengths; it got the shape "
                f"{input_shape}"
            )
        return [*declared, Parameter("b", (self.filters, *known), self.bias)]

    def _weights(self) -> Any:
        W = self.variable("W")
        backwards = (slice(None),) * 2 + (slice(None, None, -1),) * self.spatial
        return W[backwards] if self.flip_filters else W

    def _computed(self, op: Any, x: Any, *lengths: Any) -> Any:
        """What an op makes of an input and the filters; float16 is computed in float32."""
        W = self._weights()
        dtype = dtypes.upcast(x.dtype, W.dtype)
        wide = dtypes.upcast(dtype, "float32")
        return T.cast(op(T.cast(x, wide), T.cast(W, wide), *lengths), dtype)

    def _finished(self, z: Any) -> TensorVariable:
        """Bias and activation."""
        if self.bias is not None:
            b = self.variable("b")
            places = range(b.ndim) if self.untie_biases else [0, *["x"] * self.spatial]
            z = z + b.dimshuffle("x", *places)
        result: TensorVariable = self.activation(z)
        return result


class _Conv(_Filters):
    """A convolution; see `Conv2D`."""

    def _filter_shape(self, channels: int) -> tuple[int, ...]:
        return (self.filters, channels // self.groups, *self.size)

    def output_shape(self, input_shape: Shape) -> Shape:
        self._channels(input_shape)
        lengths: list[int | None] = []
        steps = zip(input_shape[2:], self._pads(), self.spans, self.stride, strict=True)
        for n, pads, span, stride in steps:
            if n is not None and n + sum(pads) < span:
                raise ShapeError(
                    f"{self}: filters of size {self.size} (dilation {self.dilation}) do not fit "
                    f"into inputs of the shape {input_shape} with padding {self.padding}"
                )
            lengths.append(None if n is None else (n + sum(pads) - span) // stride + 1)
        return (input_shape[0], self.filters, *lengths)

    def multiplications(self, input_shape: Shape) -> int | None:
        one = self._filter_shape(self._channels(input_shape))
        return product_of_lengths([*self.output_shape(input_shape)[2:], *one])

    def expression(self, x: Any, training: Training | None = None) -> TensorVariable:
        # Not at the top: what has no convolution does without them.
        from bitale_graph.convolution import Conv, Geometry

        x = of_rank(self, x, self.spatial + 2)
        geometry = Geometry(self.stride, tuple(self._pads()), self.dilation, self.groups)
        return self._finished(self._computed(Conv(geometry), x))


class Conv1D(_Conv):
    """Filters that go over sequences (batch, channels, length); see `Conv2D`."""

    spatial = 1


class Conv2D(_Conv):
    """Filters that go over images: ``activation(correlation of x with W + b)``.

    Parameters
    ----------
    filters : int
        Channels of the output.
    size : int or pair of int
        Rows and columns of a filter; here and below one number stands for all axes.
    stride : int or pair of int
        The distance of two places where filters are applied.
    padding : "valid", "same", "full", int, or sequence
        Zeros around the input. "valid": none; "full": one less than filters reach over, on both
        sides; "same": one less in all, half of it before, so that the length is ``ceil(n /
        stride)``; or numbers of them, for each axis one or a pair (before, after).
    activation : callable or str
        A function, or the name of one in `functional`; by default none.
    dilation : int or pair of int
        The distance in the input of two elements of a filter.
    groups : int
        In how many parts the channels are cut, each with filters of its own. As many as channels:
        each channel by itself (depthwise).
    weights, bias : Initializer
        First values, the weights' by default `GlorotUniform`; ``bias=None`` leaves the bias out.
    untie_biases : bool
        A bias for each place rather than one for all.
    flip_filters : bool
        Turn filters around along all spatial axes: a convolution in the sense of mathematics.
    name : str, optional

    Shapes
    ------
    input   (batch, channels, rows, columns); ``channels`` must be known
    output  (batch, filters, rows, columns): ``(n + before + after - ((k - 1) dilation + 1)) //
            stride + 1`` along each spatial axis
    W       (filters, channels / groups, *size), tagged trainable and regularizable
    b       (filters,), untied (filters, rows, columns), tagged trainable

    Raises
    ------
    TypeError, ValueError
        If a number is none, or out of its range; if filters or channels are no equal groups.
    ShapeError
        If the input has another rank, ``channels`` are unknown, or filters do not fit.
    """

    spatial = 2


class Conv3D(_Conv):
    """Filters that go over volumes (batch, channels, depth, rows, columns); see `Conv2D`."""

    spatial = 3


class _ConvTranspose(_Filters):
    """The adjoint of a convolution; see `ConvTranspose2D`."""

    def __init__(
        self,
        filters: int,
        size: int | Sequence[int],
        stride: int | Sequence[int] = 1,
        padding: Any = "valid",
        activation: Callable[[Any], Any] | str = identity,
        *,
        extra: int | Sequence[int] = 0,
        **described: Any,
    ) -> None:
        super().__init__(filters, size, stride, padding, activation, **described)
        self.extra = check_integers(self, "extra", extra, self.spatial, 0)
        for more, step in zip(self.extra, self.stride, strict=True):
            if more and (more >= step or self.padding == "same"):
                raise ValueError(
                    f"{self}: extra is less than the stride, and 0 with padding='same'; it is "
                    f"{extra}"
                )

    def _filter_shape(self, channels: int) -> tuple[int, ...]:
        return (channels, self.filters // self.groups, *self.size)

    def _more(self) -> list[int]:
        """What is added to the lengths."""
        if self.padding != "same":
            return list(self.extra)
        return [step - 1 for step in self.stride]

    def _lengths(self, lengths: Sequence[Any]) -> list[Any]:
        steps = zip(lengths, self.stride, self.spans, self._pads(), self._more(), strict=True)
        return [
            None if n is None else (n - 1) * step + span - sum(crops) + more
            for n, step, span, crops, more in steps
        ]

    def output_shape(self, input_shape: Shape) -> Shape:
        self._channels(input_shape)
        lengths = self._lengths(input_shape[2:])
        if any(n is not None and n < 1 for n in lengths):
            raise ShapeError(
                f"{self}: padding {self.padding} cuts all off of what inputs of the shape "
                f"{input_shape} give"
            )
        return (input_shape[0], self.filters, *lengths)

    def multiplications(self, input_shape: Shape) -> int | None:
        one = self._filter_shape(self._channels(input_shape))
        return product_of_lengths([*input_shape[2:], *one])

    def expression(self, x: Any, training: Training | None = None) -> TensorVariable:
        # Not at the top: what has no convolution does without them.
        from bitale_graph.convolution import ConvGradInputs, Geometry

        x = of_rank(self, x, self.spatial + 2)
        geometry = Geometry(self.stride, tuple(self._pads()), self.dilation, self.groups)
        lengths = self._lengths([x.shape[a] for a in range(2, x.ndim)])
        return self._finished(self._computed(ConvGradInputs(geometry), x, *lengths))


class ConvTranspose1D(_ConvTranspose):
    """The adjoint of `Conv1D`; see `ConvTranspose2D`."""

    spatial = 1


class ConvTranspose2D(_ConvTranspose):
    """The adjoint of `Conv2D`: each element of the input puts a filter, times it, into the output.

    Parameters
    ----------
    filters, size, stride, padding, activation
        As for `Conv2D`, of the convolution that this is the adjoint of: stride is the distance in
        the output, and padding what is cut off there. "same": with ``extra`` of ``stride - 1``, so
        that the output is ``n * stride`` long.
    extra : int or pair of int
        So many more elements at the end of the output, less than the stride: convolutions with a
        stride give one length for several.
    described
        All other parameters of `Conv2D`.

    Shapes
    ------
    input   (batch, channels, rows, columns); ``channels`` must be known
    output  (batch, filters, rows, columns): ``(n - 1) stride + (k - 1) dilation + 1 - before -
            after + extra`` along each spatial axis
    W       (channels, filters / groups, *size), tagged trainable and regularizable
    b       as for `Conv2D`

    Raises
    ------
    TypeError, ValueError, ShapeError
        As `Conv2D`; and if padding cuts all off.

    Source: Dumoulin and Visin, A guide to convolution arithmetic, arXiv:1603.07285, section 4.
    """

    spatial = 2


class ConvTranspose3D(_ConvTranspose):
    """The adjoint of `Conv3D`; see `ConvTranspose2D`."""

    spatial = 3


def check_padding(layer: Layer, padding: Any, n: int) -> Any:
    """One of the words, or a pair for each axis; raises `TypeError` or `ValueError`."""
    if isinstance(padding, str):
        if padding not in PADDINGS:
            raise ValueError(
                f"{layer}: padding is one of {', '.join(PADDINGS)}, or numbers, not {padding!r}"
            )
        return padding
    each = padding if isinstance(padding, (tuple, list)) else (padding,) * n
    if len(each) != n:
        raise ValueError(f"{layer}: padding is one number, or one for each of {n} axes: {padding}")
    pairs = []
    for one in each:
        both = one if isinstance(one, (tuple, list)) else (one, one)
        if len(both) != 2:
            raise ValueError(f"{layer}: padding is a number or (before, after), not {one!r}")
        pairs.append(tuple(check_integer(layer, "padding", p, 0) for p in both))
    return tuple(pairs)


def pads_of(padding: Any, spans: Sequence[int]) -> list[tuple[int, int]]:
    """Zeros before and after, for filters that reach so far."""
    if padding == "valid":
        return [(0, 0)] * len(spans)
    if padding == "full":
        return [(m - 1, m - 1) for m in spans]
    if padding == "same":
        return [((m - 1) // 2, m - 1 - (m - 1) // 2) for m in spans]
    return list(padding)
