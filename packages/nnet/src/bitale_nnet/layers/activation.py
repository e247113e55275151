"""A function applied to every element, or to every row, as a layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bitale_graph.extend import TensorVariable

from ..functional import ACTIVATIONS
from .layer import Layer, Shape
from .naming import by_name
from .passes import Training


class Activation(Layer):
    """Apply a function that keeps the shape.

    Parameters
    ----------
    function : callable or str
        Or its name: from `functional`, such as `relu` or `softmax`, or any other.
    name : str, optional
    """

    def __init__(self, function: Callable[[Any], Any] | str, name: str | None = None) -> None:
        super().__init__(name)
        self.function = by_name("activation", function, ACTIVATIONS)

    def output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def expression(self, x: Any, training: Training | None = None) -> TensorVariable:
        result: TensorVariable = self.function(x)
        return result
