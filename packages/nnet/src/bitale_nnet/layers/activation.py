"""A function applied to every element, or to every row, as a layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bitale_graph import TensorVariable

from ..layer import Layer, Shape


class Activation(Layer):
    """Apply a function that keeps the shape.

    Parameters
    ----------
    function : callable
        From `functional`, such as `relu` or `softmax`, or any other.
    name : str, optional
    """

    def __init__(self, function: Callable[[Any], Any], name: str | None = None) -> None:
        super().__init__(name)
        self.function = function

    def output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def expression(self, x: Any) -> TensorVariable:
        result: TensorVariable = self.function(x)
        return result
