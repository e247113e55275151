"""Where a step stands, added to its features: by sines, or by a vector that is learnt."""

from __future__ import annotations

from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import ShapeError, TensorVariable, as_tensor, describe
from bitale_graph.extend import dtype as dtypes

from ..initializers import Initial, Normal, first_values
from .arguments import check_integer, check_number
from .layer import WEIGHTS, Layer, Parameter, Shape
from .passes import Training

_RANK = 3


class PositionalEncoding(Layer):
    """Add sines and cosines of the place of a step, of wavelengths from 2 pi up to 10000 times it.

    ``sin(t / base^(2 i / features))`` at feature ``2 i``, the cosine of the same at ``2 i + 1``.

    Parameters
    ----------
    base : float
    name : str, optional

    Shapes
    ------
    input   (batch, steps, features)
    output  the same

    Raises
    ------
    ShapeError
        If the input has another rank.

    Source: Vaswani et al., Attention Is All You Need, arXiv:1706.03762, section 3.5.
    """

    def __init__(self, base: float = 10000.0, name: str | None = None) -> None:
        super().__init__(name)
        self.base = check_number(self, "base", base)
        if not self.base > 1:
            raise ValueError(f"{self}: base must be more than 1, not {base!r}")

    def output_shape(self, input_shape: Shape) -> Shape:
        _check_rank(self, input_shape)
        return input_shape

    def expression(self, x: Any, training: Training | None = None) -> TensorVariable:
        x = _of_rank(self, x)
        # In float64: float32 would lose the places of long sequences.
        feature: Any = T.cast(T.arange(x.shape[2]), "float64")
        pair = 2 * T.floor(feature / 2)
        rate: Any = self.base ** (-pair / T.cast(x.shape[2], "float64"))
        steps: Any = T.cast(T.arange(x.shape[1]), "float64")
        angle = steps.dimshuffle(0, "x") * rate.dimshuffle("x", 0)
        is_even = T.eq(feature, pair).dimshuffle("x", 0)
        waves: Any = T.switch(is_even, T.sin(angle), T.cos(angle))
        dtype = dtypes.at_least_float(x.dtype)
        result: TensorVariable = x + T.cast(waves.dimshuffle("x", 0, 1), dtype)
        return result


class PositionalEmbedding(Layer):
    """Add a vector that is learnt for each place of a step.

    Parameters
    ----------
    longest : int
        The length of the longest sequence.
    weights : Initializer
        First values; by default normal, with a standard deviation of 0.02.
    name : str, optional

    Shapes
    ------
    input   (batch, steps, features); ``features`` must be known
    output  the same
    W       (longest, features), tagged trainable and regularizable

    Raises
    ------
    TypeError, ValueError
        If ``longest`` is no integer of at least 1.
    ShapeError
        If the input has another rank, unknown features, or more steps: when computing, where their
        number is not known before.
    """

    def __init__(
        self, longest: int, weights: Initial | None = None, name: str | None = None
    ) -> None:
        super().__init__(name)
        self.longest = check_integer(self, "longest", longest)
        self.weights = first_values("weights", weights, Normal(0.02))

    def declare(self, input_shape: Shape) -> list[Parameter]:
        self.output_shape(input_shape)
        features = input_shape[2]
        if features is None:
            raise ShapeError(f"{self} needs known features, and got the shape {input_shape}")
        return [Parameter("W", (self.longest, features), self.weights, WEIGHTS)]

    def output_shape(self, input_shape: Shape) -> Shape:
        _check_rank(self, input_shape)
        steps = input_shape[1]
        if steps is not None and steps > self.longest:
            raise ShapeError(f"{self} has {self.longest} places, and the shape is {input_shape}")
        return input_shape

    def expression(self, x: Any, training: Training | None = None) -> TensorVariable:
        x = _of_rank(self, x)
        places: Any = self.variable("W")[: x.shape[1]]
        result: TensorVariable = x + places.dimshuffle("x", 0, 1)
        return result


def _check_rank(layer: Layer, input_shape: Shape) -> None:
    if len(input_shape) != _RANK:
        raise ShapeError(f"{layer} takes (batch, steps, features), and got {input_shape}")


def _of_rank(layer: Layer, x: Any) -> Any:
    x = as_tensor(x)
    if x.ndim != _RANK:
        raise ShapeError(f"{layer} takes (batch, steps, features), and got {describe(x)}")
    return x
