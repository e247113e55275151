"""Layers beside which the input is carried on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bitale_graph.extend import ShapeError, TensorVariable, as_tensor

from ..functional import ACTIVATIONS, identity
from .container import Container
from .layer import Layer, Shape
from .naming import by_name
from .passes import Training
from .sequential import as_layers, first_dtype, through


class Residual(Container):
    """``x + f(x)``, with layers one after another as ``f``.

    Parameters
    ----------
    layers : sequence of Layer, callable or str
        As for `Sequential`; their parameters are called "dense0.W" and so on.
    shortcut : Layer, optional
        What carries the input on, in place of the input itself, where the layers change the shape:
        ``shortcut(x) + f(x)``. Its name is "shortcut", unless it has one.
    activation : callable or str, optional
        Of the sum, or its name in `functional`; by default none.
    name : str, optional

    Shapes
    ------
    input   what the layers take
    output  what they give, and so the shape of the input where there is no shortcut

    Raises
    ------
    ShapeError
        If the shapes of both terms differ.
    TypeError
        If something is no layer.

    Source: He et al., arXiv:1512.03385, equations 1 and 2.
    """

    def __init__(
        self,
        layers: Sequence[Layer | Callable[[Any], Any] | str],
        shortcut: Layer | None = None,
        activation: Callable[[Any], Any] | str = identity,
        name: str | None = None,
    ) -> None:
        described = as_layers(self, layers)
        self.activation = by_name("activation", activation, ACTIVATIONS)
        self._length = len(described)
        if shortcut is not None:
            if not isinstance(shortcut, Layer):
                raise TypeError(f"the shortcut of a Residual is a layer, not {shortcut!r}")
            shortcut.name = shortcut.name or "shortcut"
            described.append(shortcut)
        super().__init__(described, name)

    def input_shapes(self, input_shape: Shape) -> list[Shape]:
        shapes = [input_shape]
        for layer in self.layers[: self._length]:
            shapes.append(layer.output_shape(shapes[-1]))
        shapes = shapes[:-1]
        return shapes + [input_shape] * (len(self.layers) - self._length)

    def output_shape(self, input_shape: Shape) -> Shape:
        given = carried = input_shape
        for layer in self.layers[: self._length]:
            given = layer.output_shape(given)
        for shortcut in self.layers[self._length :]:
            carried = shortcut.output_shape(carried)
        if len(given) != len(carried) or any(
            n != m and None not in (n, m) for n, m in zip(given, carried, strict=True)
        ):
            hint = "" if len(self.layers) > self._length else "; shortcut=layer makes them equal"
            raise ShapeError(
                f"{self} adds what its layers give, {given}, to what it carries on, {carried}, "
                f"whose shapes differ{hint}"
            )
        return tuple(m if n is None else n for n, m in zip(given, carried, strict=True))

    @property
    def input_dtype(self) -> Any:
        return first_dtype(self.layers[: self._length])

    def expression(
        self, x: Any, training: Training | None = None, mask: Any = None
    ) -> TensorVariable:
        x = as_tensor(x)
        changed = through(self.layers[: self._length], x, training, mask)
        carried = through(self.layers[self._length :], x, training, mask)
        result: TensorVariable = self.activation(carried + changed)
        return result
