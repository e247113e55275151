"""Rows of a table, looked up by number."""

from __future__ import annotations

from typing import Any

from bitale_graph.extend import TensorVariable, as_tensor, describe
from bitale_graph.extend import dtype as dtypes

from ..initializers import Initial, Normal, first_values
from .arguments import check_integer
from .layer import WEIGHTS, Layer, Parameter, Shape
from .passes import Training


class Embedding(Layer):
    """A vector for each symbol, such as the words of a vocabulary.

    Only the rows looked up are read, and only they have a gradient.

    Parameters
    ----------
    vocabulary : int
        Rows of the table: symbols are numbers from 0 to ``vocabulary - 1``.
    size : int
        Length of a vector.
    weights : Initializer, optional
        First values; by default normal, with a standard deviation of 0.1.
    name : str, optional

    Shapes
    ------
    input   integers of any shape, such as (batch, steps)
    output  the same with ``size`` as one more axis
    W       (vocabulary, size), tagged trainable and regularizable

    Raises
    ------
    ValueError
        If ``vocabulary`` or ``size`` is less than 1.
    TypeError
        If the input does not hold integers.
    IndexError
        When computing, for a symbol outside the vocabulary.
    """

    def __init__(
        self,
        vocabulary: int,
        size: int,
        weights: Initial | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        self.vocabulary = check_integer(self, "vocabulary", vocabulary)
        self.size = check_integer(self, "size", size)
        self.weights = first_values("weights", weights, Normal(0.1))

    def declare(self, input_shape: Shape) -> list[Parameter]:
        return [Parameter("W", (self.vocabulary, self.size), self.weights, WEIGHTS)]

    def output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape, self.size)

    @property
    def input_dtype(self) -> str:
        return "int"

    def expression(self, x: Any, training: Training | None = None) -> TensorVariable:
        x = as_tensor(x)
        if not dtypes.is_discrete(x.dtype) or x.dtype == "bool":
            raise TypeError(f"{self} looks rows up by integers, and got {describe(x)}")
        rows: TensorVariable = self.variable("W")[x]
        return rows
