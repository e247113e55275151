"""Any function of tensors, as a layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bitale_graph.extend import TensorVariable

from .layer import Layer, Shape
from .passes import Training


class Expression(Layer):
    """Apply any function of tensors.

    Parameters
    ----------
    function : callable
        From the input, or a tuple of inputs, to the output.
    output_shape : callable, tuple or None
        From the shape of the input to that of the output; or the shape itself; None, the default,
        where the shape stays as it is.
    name : str, optional

    Raises
    ------
    TypeError
        If ``function`` is not callable.

    A network with an anonymous function in it is not pickled.

    Examples
    --------
    >>> from bitale_nnet import Expression
    >>> mean = Expression(lambda x: x.mean(axis=1), lambda shape: (shape[0], *shape[2:]))
    >>> mean.build((None, 5, 3))
    (None, 3)
    """

    def __init__(
        self,
        function: Callable[[Any], Any],
        output_shape: Callable[[Any], Any] | tuple[int | None, ...] | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        if not callable(function):
            raise TypeError(f"{self} takes a function, not {function!r}")
        self.function = function
        self.shape_rule = output_shape

    def output_shape(self, input_shape: Shape) -> Shape:
        if self.shape_rule is None:
            return input_shape
        if callable(self.shape_rule):
            return tuple(self.shape_rule(input_shape))
        return tuple(self.shape_rule)

    def expression(self, x: Any, training: Training | None = None) -> TensorVariable:
        result: TensorVariable = self.function(x)
        return result
