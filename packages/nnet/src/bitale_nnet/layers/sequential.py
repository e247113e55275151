"""Layers one after another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from bitale_graph.extend import TensorVariable

from .activation import Activation
from .container import Container
from .layer import Layer, Shape
from .passes import Training


class Sequential(Container):
    """Feed each layer with the output of the one before it.

    Parameters
    ----------
    layers : sequence of Layer, callable or str
        A callable, or the name of one, stands for an `Activation` with it. Layers without a name
        get one: "dense0" for a `Dense` at the first place. Parameters are then called "dense0.W"
        and so on.
    name : str, optional

    Raises
    ------
    ValueError
        If two layers have one name.
    TypeError
        If something is neither a layer nor callable.
    """

    def __init__(
        self, layers: Sequence[Layer | Callable[[Any], Any] | str], name: str | None = None
    ) -> None:
        super().__init__(as_layers(self, layers), name)

    def input_shapes(self, input_shape: Shape) -> list[Shape]:
        shapes = [input_shape]
        for layer in self.layers[:-1]:
            shapes.append(layer.output_shape(shapes[-1]))
        return shapes[: len(self.layers)]

    def output_shape(self, input_shape: Shape) -> Shape:
        for layer in self.layers:
            input_shape = layer.output_shape(input_shape)
        return input_shape

    @property
    def input_dtype(self) -> Any:
        return first_dtype(self.layers)

    def expression(
        self, x: Any, training: Training | None = None, mask: Any = None
    ) -> TensorVariable:
        result: TensorVariable = through(self.layers, x, training, mask)
        return result


def through(layers: Sequence[Layer], x: Any, training: Training | None, mask: Any) -> Any:
    """What the last layer gives; a mask goes to those that take one."""
    for layer in layers:
        x = layer(x, mask if layer.takes_mask else None, training=training)
    return x


def first_dtype(layers: Sequence[Layer]) -> Any:
    """What layers, one after another, take: what the first does that cares."""
    kinds = (layer.input_dtype for layer in layers)
    return next((kind for kind in kinds if kind != "any"), "any")


def as_layer(container: Layer, layer: Any) -> Layer:
    """A layer, made of a function or its name; raises `TypeError` for what is none of these."""
    if isinstance(layer, Layer):
        return layer
    if isinstance(layer, type):
        raise TypeError(
            f"{type(container).__name__} takes layers: {layer.__name__}(...), not its class"
        )
    if callable(layer) or isinstance(layer, str):
        return Activation(layer)
    raise TypeError(f"{type(container).__name__} takes layers and functions, not {layer!r}")


def as_layers(container: Layer, layers: Any) -> list[Layer]:
    """Each of a sequence `as_layer`; raises `TypeError` if it is no sequence."""
    if isinstance(layers, (str, Layer)) or not isinstance(layers, Iterable):
        raise TypeError(f"{type(container).__name__} takes a list of layers, not {layers!r}")
    return [as_layer(container, layer) for layer in layers]
