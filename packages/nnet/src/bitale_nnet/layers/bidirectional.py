"""A sequence read in both directions."""

from __future__ import annotations

import copy
from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import TensorVariable

from .container import Container
from .layer import Shape
from .passes import Training
from .recurrent import Recurrent


class Bidirectional(Container):
    """A recurrent layer and its mirror image, which reads backwards; their outputs side by side.

    Parameters
    ----------
    layer : Recurrent
        Described, and not `backwards`; the mirror image has parameters of its own.
    name : str, optional

    Shapes
    ------
    output  like that of ``layer``, with ``2 units`` in place of ``units``: forwards, then backwards

    Parameters are called "forwards.W_x", "backwards.W_x" and so on.

    Raises
    ------
    TypeError, ValueError
        If ``layer`` is no recurrent layer, or reads backwards already.
    """

    def __init__(self, layer: Recurrent, name: str | None = None) -> None:
        if not isinstance(layer, Recurrent):
            raise TypeError(f"Bidirectional takes a recurrent layer, not {layer!r}")
        if layer.backwards:
            raise ValueError(f"Bidirectional takes a layer that reads forwards, unlike {layer}")
        both = [copy.copy(layer), copy.copy(layer)]
        for one, title in zip(both, ("forwards", "backwards"), strict=True):
            one.name, one.backwards = title, title == "backwards"
        super().__init__([one.unbuilt() for one in both], name)

    def input_shapes(self, input_shape: Shape) -> list[Shape]:
        return [input_shape, input_shape]

    def output_shape(self, input_shape: Shape) -> Shape:
        *kept, units = self.layers[0].output_shape(input_shape)
        return (*kept, 2 * units if units else None)

    def expression(
        self, x: Any, training: Training | None = None, mask: Any = None
    ) -> TensorVariable:
        outputs = [layer(x, mask, training=training) for layer in self.layers]
        result: TensorVariable = T.concatenate(outputs, axis=-1)
        return result
