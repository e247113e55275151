"""Filters that differ from place to place."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from bitale_graph.extend import ShapeError, TensorVariable

from ..initializers import Initializer
from .arguments import of_rank
from .convolution import Conv2D
from .layer import Parameter, Shape
from .passes import Training


class LocallyConnected2D(Conv2D):
    """Like `Conv2D`, with filters of its own at every place.

    Parameters
    ----------
    described
        The parameters of `Conv2D`. Initialisers see the weights of one place.

    Shapes
    ------
    input   (batch, channels, rows, columns); all but ``batch`` must be known
    output  as for `Conv2D`
    W       (filters, out rows, out columns, channels / groups, *size), tagged trainable and
            regularizable
    b       (filters,), untied (filters, out rows, out columns), tagged trainable

    Raises
    ------
    TypeError, ValueError, ShapeError
        As `Conv2D`; and if a length is unknown.
    """

    def declare(self, input_shape: Shape) -> list[Parameter]:
        W, *others = super().declare(input_shape)
        rows, columns = self.output_shape(input_shape)[2:]
        if rows is None or columns is None:
            raise ShapeError(
                f"{self} has filters for each place, and so needs known lengths; it got the shape "
                f"{input_shape}"
            )
        shape = (W.shape[0], rows, columns, *W.shape[1:])
        return [replace(W, shape=shape, initializer=_EachPlace(W.initializer)), *others]

    def expression(self, x: Any, training: Training | None = None) -> TensorVariable:
        # Not at the top: what has no convolution does without them.
        from bitale_graph.convolution import conv2d

        z = conv2d(
            of_rank(self, x, 4),
            self.variable("W"),
            border_mode=tuple(self._pads()),
            subsample=self.stride,
            filter_flip=self.flip_filters,
            filter_dilation=self.dilation,
            num_groups=self.groups,
            unshared=True,
        )
        return self._finished(z)


class _EachPlace(Initializer):
    """The weights of each place drawn as if they were alone."""

    def __init__(self, each: Initializer) -> None:
        self.each = each

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Any:
        filters, rows, columns, *one = shape
        drawn = [self.each.draw((filters, *one), rng) for _ in range(rows * columns)]
        stacked = np.stack(drawn, axis=1) if drawn else np.zeros((filters, 0, *one))
        return stacked.reshape(shape)
