"""Normalisation of each element of a batch by itself: of rows, groups, channels, neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bitale_graph.extend import ShapeError, TensorVariable, as_tensor

from .. import normalization
from ..initializers import Constant, Initial, as_initializer
from .arguments import (
    check_axes,
    check_axis_numbers,
    check_integer,
    check_number,
    check_shape_rank,
    of_least_rank,
)
from .layer import Layer, Parameter, Shape
from .passes import Training

ZERO, ONE = Constant(0.0), Constant(1.0)


class _Scaled(Layer):
    """A layer with a factor gamma and a term beta, each of which may be left out."""

    def __init__(
        self, epsilon: float, gamma: Initial | None, beta: Initial | None, name: str | None
    ) -> None:
        super().__init__(name)
        self.epsilon = check_number(self, "epsilon", epsilon, 0)
        self.gamma = None if gamma is None else as_initializer("gamma", gamma)
        self.beta = None if beta is None else as_initializer("beta", beta)

    def _lengths(self, input_shape: Shape) -> Sequence[int | None]:
        raise TypeError(f"{type(self).__name__} does not define _lengths")

    def declare(self, input_shape: Shape) -> list[Parameter]:
        lengths = self._lengths(input_shape)
        known = tuple(n for n in lengths if n is not None)
        if len(known) < len(lengths):
            raise ShapeError(
                f"{self} has gamma and beta, whose lengths must be known, and got the shape "
                f"{input_shape}"
            )
        scales = [("gamma", self.gamma), ("beta", self.beta)]
        return [Parameter(n, known, initial) for n, initial in scales if initial is not None]

    def output_shape(self, input_shape: Shape) -> Shape:
        self._lengths(input_shape)
        return input_shape

    def _scales(self) -> tuple[Any, Any]:
        return (
            None if self.gamma is None else self.variable("gamma"),
            None if self.beta is None else self.variable("beta"),
        )


class LayerNorm(_Scaled):
    """``gamma (x - mean) / sqrt(variance + epsilon) + beta``, with the statistics of each row.

    Parameters
    ----------
    axes : int or sequence of int
        What means are over; by default the last axis.
    epsilon : float
    gamma, beta : Initializer or None
        First values; None leaves the factor, or what is added, out.
    name : str, optional

    Shapes
    ------
    input   any; lengths of ``axes`` must be known
    output  the same
    gamma, beta  the lengths of ``axes``, tagged trainable

    Raises
    ------
    ShapeError
        If there is no such axis, or its length is unknown.

    Source: Ba, Kiros and Hinton, Layer Normalization, arXiv:1607.06450, equations 3 and 4.
    """

    def __init__(
        self,
        axes: int | Sequence[int] = -1,
        epsilon: float = 1e-5,
        gamma: Initial | None = ONE,
        beta: Initial | None = ZERO,
        name: str | None = None,
    ) -> None:
        super().__init__(epsilon, gamma, beta, name)
        self.axes = check_axis_numbers(self, "axes", axes)
        if not self.axes:
            raise ValueError(f"{self}: means need an axis at least to be over")

    def _lengths(self, input_shape: Shape) -> Sequence[int | None]:
        return [input_shape[a] for a in check_axes(self, self.axes, len(input_shape))]

    def expression(self, x: Any, training: Training | None = None) -> TensorVariable:
        x = as_tensor(x)
        axes = check_axes(self, self.axes, x.ndim)
        along = [axes.index(a) if a in axes else "x" for a in range(x.ndim)]
        gamma, beta = (None if p is None else p.dimshuffle(*along) for p in self._scales())
        return normalization.layer_norm(x, gamma, beta, axes, self.epsilon)


class GroupNorm(_Scaled):
    """Each group of channels normalised by its own mean and variance, in each of the batch.

    Parameters
    ----------
    groups : int
        It divides the number of channels.
    epsilon, gamma, beta, name
        As for `LayerNorm`.

    Shapes
    ------
    input   (batch, channels, ...); ``channels`` must be known
    output  the same
    gamma, beta  (channels,), tagged trainable

    Raises
    ------
    ShapeError
        If the channels are unknown, or not so many equal groups.

    Source: Wu and He, Group Normalization, arXiv:1803.08494, equations 1 to 7.
    """

    def __init__(
        self,
        groups: int,
        epsilon: float = 1e-5,
        gamma: Initial | None = ONE,
        beta: Initial | None = ZERO,
        name: str | None = None,
    ) -> None:
        super().__init__(epsilon, gamma, beta, name)
        self.groups = check_integer(self, "groups", groups)

    def _lengths(self, input_shape: Shape) -> Sequence[int | None]:
        check_shape_rank(self, input_shape, 2, "(batch, channels, ...)")
        channels = input_shape[1]
        if channels is not None and channels % self.groups:
            raise ShapeError(f"{self}: {channels} channels are not {self.groups} equal groups")
        return [channels]

    def expression(self, x: Any, training: Training | None = None) -> TensorVariable:
        x = of_least_rank(self, x, 2)
        return normalization.group_norm(x, self.groups, *self._scales(), self.epsilon)


class InstanceNorm(_Scaled):
    """Each channel normalised by its own mean and variance, in each of the batch.

    Parameters
    ----------
    epsilon, gamma, beta, name
        As for `LayerNorm`.

    Shapes
    ------
    input   (batch, channels, ...) with spatial axes; ``channels`` must be known
    output  the same
    gamma, beta  (channels,), tagged trainable

    Raises
    ------
    ShapeError
        If the channels are unknown, or there is no spatial axis.

    Source: Ulyanov, Vedaldi and Lempitsky, Instance Normalization, arXiv:1607.08022, equation 2.
    """

    def __init__(
        self,
        epsilon: float = 1e-5,
        gamma: Initial | None = ONE,
        beta: Initial | None = ZERO,
        name: str | None = None,
    ) -> None:
        super().__init__(epsilon, gamma, beta, name)

    def _lengths(self, input_shape: Shape) -> Sequence[int | None]:
        check_shape_rank(self, input_shape, 3, "(batch, channels, ...) with spatial axes")
        return [input_shape[1]]

    def expression(self, x: Any, training: Training | None = None) -> TensorVariable:
        x = of_least_rank(self, x, 3)
        return normalization.instance_norm(x, *self._scales(), self.epsilon)


class Standardization(Layer):
    """``(x - mean) / sqrt(variance + epsilon)`` with the statistics of each of the batch.

    Parameters
    ----------
    axes : "all", "spatial", "features", int or sequence of int
        What means are over: all axes but that of the batch; those from the third on; axis 1; or
        those told.
    epsilon : float
    name : str, optional

    Raises
    ------
    ValueError
        For other words.
    ShapeError
        If there is no such axis.
    """

    def __init__(
        self,
        axes: int | Sequence[int] | str = "all",
        epsilon: float = 1e-4,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        if not isinstance(axes, str):
            axes = check_axis_numbers(self, "axes", axes)
        elif axes not in ("all", "spatial", "features"):
            raise ValueError(
                f"{self}: axes are 'all', 'spatial', 'features' or numbers, not {axes!r}"
            )
        self.axes = axes
        self.epsilon = check_number(self, "epsilon", epsilon, 0)

    def _means_over(self, ndim: int) -> tuple[int, ...]:
        if not isinstance(self.axes, str):
            return check_axes(self, self.axes, ndim)
        over = {"all": range(1, ndim), "spatial": range(2, ndim), "features": range(1, 2)}
        axes = tuple(over[self.axes])
        if not axes or max(axes) >= ndim:
            raise ShapeError(f"{self}: there are no axes for {self.axes!r} among {ndim}")
        return axes

    def output_shape(self, input_shape: Shape) -> Shape:
        self._means_over(len(input_shape))
        return input_shape

    def expression(self, x: Any, training: Training | None = None) -> TensorVariable:
        x = as_tensor(x)
        axes = self._means_over(x.ndim)
        return normalization.layer_norm(x, None, None, axes, self.epsilon)


class LocalResponseNorm(Layer):
    """``x / (k + alpha s)^beta``, where s is the sum of squares over n neighbouring channels.

    Parameters
    ----------
    alpha, k, beta : float
    n : int
        Odd: a channel and (n - 1) / 2 on either side, as far as there are.
    name : str, optional

    Shapes
    ------
    input   (batch, channels, ...)
    output  the same

    Raises
    ------
    ValueError
        If ``n`` is even or not positive.

    Source: Krizhevsky, Sutskever and Hinton, ImageNet Classification with Deep Convolutional Neural
    Networks, NeurIPS 2012, section 3.3.
    """

    def __init__(
        self,
        alpha: float = 1e-4,
        k: float = 2.0,
        beta: float = 0.75,
        n: int = 5,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        self.alpha = check_number(self, "alpha", alpha)
        self.k = check_number(self, "k", k)
        self.beta = check_number(self, "beta", beta)
        self.n = check_integer(self, "n", n)
        if self.n % 2 == 0:
            raise ValueError(f"{self}: n must be odd, and is {n}")

    def output_shape(self, input_shape: Shape) -> Shape:
        check_shape_rank(self, input_shape, 2, "(batch, channels, ...)")
        return input_shape

    def expression(self, x: Any, training: Training | None = None) -> TensorVariable:
        x = of_least_rank(self, x, 2)
        return normalization.local_response_norm(x, self.alpha, self.k, self.beta, self.n)
