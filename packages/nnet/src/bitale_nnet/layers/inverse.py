"""The way back through a layer: what its derivative by the input makes of an output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bitale_autodiff import Lop
from bitale_graph.extend import ShapeError, TensorVariable, as_tensor

from .layer import Layer, Shape
from .passes import Training


class Inverse(Layer):
    """The transpose of the Jacobian of another layer, times the first of two inputs.

    Of a `Dense` layer or a convolution it is the product with the transposed weights, without a
    bias: decoders of autoencoders share them so. Of a `MaxPool2D` it puts each number where the
    maximum was.

    Parameters
    ----------
    layer : Layer
        Its parameters stay its own: it is built, and called, elsewhere in the same network.
    name : str, optional

    Shapes
    ------
    input   that of an output of ``layer``, and that of the input it is the derivative by
    output  the second of these

    Raises
    ------
    TypeError
        If ``layer`` is none.
    ShapeError
        If the first input has not the shape of an output of ``layer``.

    Examples
    --------
    >>> from bitale_nnet import Dense, Input, Inverse, Network
    >>> x = Input("x")
    >>> encoder = Dense(2)
    >>> hidden = encoder(x)
    >>> network = Network(x, Inverse(encoder)((hidden, x)))
    >>> network.build((None, 5))
    (None, 5)

    Source: Zeiler and Fergus, Visualizing and Understanding Convolutional Networks,
    arXiv:1311.2901, section 2.1, where unpooling and transposed filters are this.
    """

    def __init__(self, layer: Layer, name: str | None = None) -> None:
        super().__init__(name)
        if not isinstance(layer, Layer):
            raise TypeError(f"{self} takes a layer, not {layer!r}")
        self._of = layer

    def relinked(self, twins: Mapping[int, Layer]) -> None:
        self._of = twins.get(id(self._of), self._of)

    def output_shape(self, input_shape: Any) -> Shape:
        if len(input_shape) != 2 or not all(isinstance(s, tuple) for s in input_shape):
            raise ShapeError(f"{self} takes a tuple of two shapes, and got {input_shape}")
        given, source = input_shape
        expected = self._of.output_shape(source)
        if len(given) != len(expected) or any(
            n != m and None not in (n, m) for n, m in zip(given, expected, strict=True)
        ):
            raise ShapeError(
                f"{self} takes what {self._of} gives for {source}, of the shape {expected}, and "
                f"got the shape {given}"
            )
        result: Shape = source
        return result

    def expression(self, x: Any, training: Training | None = None) -> TensorVariable:
        if not isinstance(x, (tuple, list)) or len(x) != 2:
            raise TypeError(f"{self} is called with (an output, an input of the layer), not {x!r}")
        given, source = map(as_tensor, x)
        # A variable of its own, so that the derivative is by this use of it alone.
        point = source.copy()
        result: TensorVariable = Lop(self._of(point), point, given)
        return result

    def __str__(self) -> str:
        return f"{super().__str__()} of {self._of}" if "_of" in vars(self) else super().__str__()
