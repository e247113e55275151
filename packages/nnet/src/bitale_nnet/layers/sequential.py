"""Layers one after another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bitale_graph.extend import TensorVariable

from .activation import Activation
from .container import Container
from .layer import Layer, Shape


class Sequential(Container):
    """Feed each layer with the output of the one before it.

    Parameters
    ----------
    layers : sequence of Layer or callable
        A callable stands for an `Activation` with it. Layers without a name get one: "dense0" for a
        `Dense` at the first place. Parameters are then called "dense0.W" and so on.
    name : str, optional

    Raises
    ------
    ValueError
        If two layers have one name.
    TypeError
        If something is neither a layer nor callable.
    """

    def __init__(
        self, layers: Sequence[Layer | Callable[[Any], Any]], name: str | None = None
    ) -> None:
        super().__init__([_as_layer(layer) for layer in layers], name)

    def input_shapes(self, input_shape: Shape) -> list[Shape]:
        shapes = [input_shape]
        for layer in self.layers[:-1]:
            shapes.append(layer.output_shape(shapes[-1]))
        return shapes[: len(self.layers)]

    def output_shape(self, input_shape: Shape) -> Shape:
        for layer in self.layers:
            input_shape = layer.output_shape(input_shape)
        return input_shape

    def expression(self, x: Any, mask: Any = None) -> TensorVariable:
        layers: list[Any] = self.layers
        for layer in layers:
            x = layer(x) if mask is None or not layer.takes_mask else layer(x, mask)
        result: TensorVariable = x
        return result


def _as_layer(layer: Any) -> Layer:
    if isinstance(layer, Layer):
        return layer
    if callable(layer):
        return Activation(layer)
    raise TypeError(f"Sequential takes layers and functions, not {layer!r}")
