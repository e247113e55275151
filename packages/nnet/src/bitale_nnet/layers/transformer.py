"""What transformers are stacked of: attention and two dense layers, each beside a shortcut."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from bitale_graph.extend import ShapeError, TensorVariable, as_tensor

from ..functional import ACTIVATIONS, gelu
from ..initializers import Constant, GlorotUniform, Initial, as_initializer, first_values
from ..noise import dropout as dropped
from .arguments import check_integer, check_number
from .attention import Attention
from .container import Container
from .dense import rows_times
from .layer import WEIGHTS, Layer, Parameter, Shape, product_of_lengths
from .masks import steps_that_count, without_padding
from .naming import by_name
from .normalization import LayerNorm
from .passes import Training

ZERO = Constant(0.0)


class FeedForward(Layer):
    """``activation(x W_1 + b_1) W_2 + b_2``, which gives as many features as it takes.

    Parameters
    ----------
    hidden : int, optional
        By default four times the features.
    activation : callable or str
        A function, or the name of one in `functional`; by default `gelu`.
    dropout : float
        The share of hidden elements that are made zero in training.
    weights, bias : Initializer
        First values; ``bias=None`` leaves biases out.
    name : str, optional

    Shapes
    ------
    input   (batch, ..., features); ``features`` must be known
    output  the same
    W_1     (features, hidden), W_2  (hidden, features): tagged trainable and regularizable
    b_1     (hidden,), b_2  (features,): tagged trainable

    Raises
    ------
    TypeError, ValueError
        If a number is none, or out of its range.
    ShapeError
        If ``features`` is unknown, or there is no other axis.

    Source: Vaswani et al., Attention Is All You Need, arXiv:1706.03762, section 3.3.
    """

    def __init__(
        self,
        hidden: int | None = None,
        activation: Callable[[Any], Any] | str = gelu,
        dropout: float = 0.0,
        weights: Initial | None = None,
        bias: Initial | None = ZERO,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        self.hidden = None if hidden is None else check_integer(self, "hidden", hidden)
        self.activation = by_name("activation", activation, ACTIVATIONS)
        self.dropout = check_number(self, "dropout (a probability)", dropout, 0, 1)
        self.weights = first_values("weights", weights, GlorotUniform())
        self.bias = None if bias is None else as_initializer("bias", bias)

    def declare(self, input_shape: Shape) -> list[Parameter]:
        *_, features = self.output_shape(input_shape)
        assert features is not None
        hidden = self.hidden or 4 * features
        declared = [
            Parameter("W_1", (features, hidden), self.weights, WEIGHTS),
            Parameter("W_2", (hidden, features), self.weights, WEIGHTS),
        ]
        if self.bias is not None:
            declared.append(Parameter("b_1", (hidden,), self.bias))
            declared.append(Parameter("b_2", (features,), self.bias))
        return declared

    def output_shape(self, input_shape: Shape) -> Shape:
        if len(input_shape) < 2 or input_shape[-1] is None:
            raise ShapeError(
                f"{self} takes inputs (batch, ..., features) with a known number of features, and "
                f"got the shape {input_shape}"
            )
        return input_shape

    def multiplications(self, input_shape: Shape) -> int | None:
        matrices = [p.shape for p in self.declare(input_shape) if len(p.shape) > 1]
        return product_of_lengths([*input_shape[1:-1], sum(map(math.prod, matrices))])

    def expression(self, x: Any, training: Training | None = None) -> TensorVariable:
        b_1, b_2 = (None if self.bias is None else self.variable(b) for b in ("b_1", "b_2"))
        hidden = self.activation(rows_times(self, x, self.variable("W_1"), b_1))
        if training is not None and self.dropout:
            hidden = dropped(hidden, training.streams, self.dropout)
        result: TensorVariable = rows_times(self, hidden, self.variable("W_2"), b_2)
        return result


class TransformerBlock(Container):
    """Attention and two dense layers, each of what a `LayerNorm` gives, and added to its input.

    ``h = x + attention(norm(x))``, then ``h + feed_forward(norm(h))``. Stacks of it end with one
    more `LayerNorm`.

    Parameters
    ----------
    heads : int
    hidden : int, optional
        Of the dense layers; by default four times the features.
    causal : bool
        Let each step read itself and those before it alone.
    dropout : float
        The share of what is made zero in training: of weights of the attention, of hidden elements,
        and of what both give.
    activation : callable or str
        Of the hidden elements: a function, or the name of one in `functional`; by default `gelu`.
    name : str, optional

    Shapes
    ------
    input   (batch, steps, features); ``features`` must be known
    mask    (batch, steps): where it is 0 (or False) steps are not read, and NaN and infinity in
            them are 0
    output  the same

    Parameters are called "norm.gamma", "attention.W_q", "feed_norm.gamma", "feed.W_1" and so on.

    Raises
    ------
    TypeError, ValueError, ShapeError
        As `Attention` and `FeedForward`.

    Source: Vaswani et al., arXiv:1706.03762, section 3.1; with the normalisation first: Xiong et
    al., arXiv:2002.04745, section 3.1.
    """

    def __init__(
        self,
        heads: int,
        hidden: int | None = None,
        causal: bool = False,
        dropout: float = 0.0,
        activation: Callable[[Any], Any] | str = gelu,
        name: str | None = None,
    ) -> None:
        layers: list[Layer] = [
            LayerNorm(name="norm"),
            Attention(heads, causal=causal, dropout=dropout, name="attention"),
            LayerNorm(name="feed_norm"),
            FeedForward(hidden, activation, dropout, name="feed"),
        ]
        super().__init__(layers, name)
        self.dropout = check_number(self, "dropout (a probability)", dropout, 0, 1)

    def input_shapes(self, input_shape: Shape) -> list[Shape]:
        return [input_shape] * len(self.layers)

    def output_shape(self, input_shape: Shape) -> Shape:
        for layer in self.layers:
            layer.output_shape(input_shape)
        return input_shape

    def expression(
        self, x: Any, training: Training | None = None, mask: Any = None
    ) -> TensorVariable:
        norm, attention, feed_norm, feed = self.layers
        x = as_tensor(x)
        if mask is not None:
            x = without_padding(x, steps_that_count(self, x, mask))
        read = attention(norm(x, training=training), mask, training=training)
        x = x + self._thinned(read, training)
        mapped = feed(feed_norm(x, training=training), training=training)
        result: TensorVariable = x + self._thinned(mapped, training)
        return result

    def _thinned(self, x: Any, training: Training | None) -> Any:
        if training is None or not self.dropout:
            return x
        return dropped(x, training.streams, self.dropout)
