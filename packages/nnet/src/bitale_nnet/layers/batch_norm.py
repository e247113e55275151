"""Normalisation by the statistics of a batch, and by running ones in predictions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import ShapeError, TensorVariable, as_tensor, describe

from ..initializers import Constant, Initial, as_initializer
from ..normalization import batch_normalization_test, batch_normalization_train
from .arguments import check_axes, check_axis_numbers, check_number
from .layer import STATE, Layer, Parameter, Shape
from .passes import Training

ZERO, ONE = Constant(0.0), Constant(1.0)


class BatchNorm(Layer):
    """``gamma (x - mean) / sqrt(variance + epsilon) + beta``.

    In training mean and variance are those of the batch, and running ones follow them: ``(1 - rate)
    running + rate now``, of which ``training.updates`` tells. Predictions use the running ones.
    Several processes normalise each by its own rows, or all by those of all: ``Training(seed,
    world)``.

    Parameters
    ----------
    axes : "auto", int or sequence of int
        What means are over; "auto": all axes but axis 1, that of features or channels.
    rate : float
        How fast running statistics follow: from 0 to 1.
    epsilon : float
        Keeps the root of a variance of zero away from zero.
    gamma, beta : Initializer or None
        First values; None leaves the factor, or what is added, out.
    name : str, optional

    Shapes
    ------
    input   of two axes or more; lengths of axes that no mean is over must be known
    output  the same
    gamma, beta     the lengths of the axes that no mean is over, tagged trainable
    mean, variance  likewise, tagged state; at first 0 and 1

    Raises
    ------
    TypeError, ValueError
        If a number is none, or out of its range.
    ShapeError
        If a needed length is unknown, or there is no such axis.

    Source: Ioffe and Szegedy, Batch Normalization, arXiv:1502.03167, algorithms 1 and 2.
    """

    def __init__(
        self,
        axes: int | Sequence[int] | str = "auto",
        rate: float = 0.1,
        epsilon: float = 1e-4,
        gamma: Initial | None = ONE,
        beta: Initial | None = ZERO,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        if not isinstance(axes, str):
            axes = check_axis_numbers(self, "axes", axes)
            if not axes:
                raise ValueError(f"{self}: means need an axis at least to be over")
        elif axes != "auto":
            raise ValueError(f"{self}: axes are 'auto' (all but axis 1) or numbers, not {axes!r}")
        self.axes = axes
        self.rate = check_number(self, "rate", rate, 0, 1 + 1e-12)
        self.epsilon = check_number(self, "epsilon", epsilon, 0)
        self.gamma = None if gamma is None else as_initializer("gamma", gamma)
        self.beta = None if beta is None else as_initializer("beta", beta)

    def _means_over(self, ndim: int) -> tuple[int, ...]:
        if not isinstance(self.axes, str):
            return check_axes(self, self.axes, ndim)
        if ndim < 2:
            raise ShapeError(f"{self} takes inputs (batch, channels, ...), not of {ndim} axes")
        return (0, *range(2, ndim))

    def declare(self, input_shape: Shape) -> list[Parameter]:
        over = self._means_over(len(input_shape))
        kept = [n for a, n in enumerate(input_shape) if a not in over]
        known = tuple(n for n in kept if n is not None)
        if len(known) < len(kept):
            raise ShapeError(
                f"{self} needs known lengths of the axes that no mean is over, all but {over}, "
                f"and got the shape {input_shape}"
            )
        scales = [("gamma", self.gamma), ("beta", self.beta)]
        declared = [Parameter(n, known, initial) for n, initial in scales if initial is not None]
        declared.append(Parameter("mean", known, ZERO, STATE))
        return [*declared, Parameter("variance", known, ONE, STATE)]

    def output_shape(self, input_shape: Shape) -> Shape:
        self._means_over(len(input_shape))
        return input_shape

    def expression(self, x: Any, training: Training | None = None) -> TensorVariable:
        x = as_tensor(x)
        over = self._means_over(x.ndim)
        mean, variance = self.variable("mean"), self.variable("variance")
        if x.ndim - len(over) != mean.ndim:
            raise ShapeError(f"{self} was built for inputs of another rank than {describe(x)}")
        gamma = T.ones_like(mean) if self.gamma is None else self.variable("gamma")
        beta = T.zeros_like(mean) if self.beta is None else self.variable("beta")
        if training is None:
            return batch_normalization_test(x, gamma, beta, mean, variance, over, self.epsilon)
        running = (training.latest(mean), training.latest(variance))
        output, _, _, *after = batch_normalization_train(
            *(x, gamma, beta, over, self.epsilon, self.rate, *running), training.world
        )
        training.updates[mean], training.updates[variance] = after
        result: TensorVariable = output
        return result
