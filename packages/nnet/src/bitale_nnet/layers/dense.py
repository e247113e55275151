"""The fully connected layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import ShapeError, TensorVariable, as_tensor, describe

from ..functional import ACTIVATIONS, identity
from ..initializers import Constant, GlorotUniform, Initial, as_initializer, first_values
from .layer import WEIGHTS, Layer, Parameter, Shape, check_units, product_of_lengths
from .naming import by_name
from .passes import Training

ZERO = Constant(0.0)


class Dense(Layer):
    """``activation(x W + b)``, of every row: whatever axes stand before the last are kept.

    Parameters
    ----------
    units : int
        Length of the last axis of the output.
    activation : callable or str
        A function, or the name of one in `functional`; by default none.
    weights, bias : Initializer
        First values; ``bias=None`` leaves the bias out.
    name : str, optional

    Shapes
    ------
    input   (batch, features), (batch, steps, features) and so on; ``features`` must be known
    output  the same, with ``units`` in place of ``features``
    W       (features, units), tagged trainable and regularizable
    b       (units,), tagged trainable

    Raises
    ------
    ValueError
        If ``units`` is less than 1.
    ShapeError
        If the input has no axis beside the features, or ``features`` is unknown.
    """

    def __init__(
        self,
        units: int,
        activation: Callable[[Any], Any] | str = identity,
        weights: Initial | None = None,
        bias: Initial | None = ZERO,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        self.units = check_units(self, units)
        self.activation = by_name("activation", activation, ACTIVATIONS)
        self.weights = first_values("weights", weights, GlorotUniform())
        self.bias = None if bias is None else as_initializer("bias", bias)

    def declare(self, input_shape: Shape) -> list[Parameter]:
        features = self._features(input_shape)
        declared = [Parameter("W", (features, self.units), self.weights, WEIGHTS)]
        if self.bias is not None:
            declared.append(Parameter("b", (self.units,), self.bias))
        return declared

    def _features(self, input_shape: Shape) -> int:
        if len(input_shape) < 2 or not isinstance(input_shape[-1], int):
            raise ShapeError(
                f"{self} takes inputs (batch, ..., features) with a known number of features, "
                f"and got the shape {input_shape}"
            )
        return input_shape[-1]

    def output_shape(self, input_shape: Shape) -> Shape:
        self._features(input_shape)
        return (*input_shape[:-1], self.units)

    def multiplications(self, input_shape: Shape) -> int | None:
        return product_of_lengths([*input_shape[1:], self.units])

    def expression(self, x: Any, training: Training | None = None) -> TensorVariable:
        b = None if self.bias is None else self.variable("b")
        result: TensorVariable = self.activation(rows_times(self, x, self.variable("W"), b))
        return result


def rows_times(layer: Layer, x: Any, W: Any, b: Any) -> Any:
    """``x W + b`` for every row of ``x``; raises `ShapeError` if it has no axis beside them."""
    x = as_tensor(x)
    if x.ndim < 2:
        raise ShapeError(f"{layer} takes (batch, ..., features), and got {describe(x)}")
    z: Any = T.dot(x, W)
    return z if b is None else z + b
