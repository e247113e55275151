"""Attention: each step of a sequence reads a weighted mean of steps, of its own or another one."""

from __future__ import annotations

import math
from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import ShapeError, Softmax, TensorVariable, as_tensor, describe
from bitale_graph.extend import dtype as dtypes

from ..initializers import Constant, GlorotUniform, Initial, as_initializer, first_values
from ..noise import dropout
from .arguments import check_integer, check_number
from .layer import WEIGHTS, Layer, Parameter, Shape, product_of_lengths
from .masks import steps_that_count, without_padding
from .passes import Training

ZERO = Constant(0.0)
# Finite, so that what may not be read has a weight of 0 and never NaN, and below what float32 has
# for any score that is not huge itself.
LOWEST = -1e30


class Attention(Layer):
    """Attention of several heads: ``softmax(q k' / sqrt(size)) v`` for each, and a mix of them all.

    With one input each step reads the steps of the same sequence. With a tuple (queries, source)
    the steps of the first read those of the second; with (queries, keys, values) the weights come
    from the keys, and what is read are values.

    Parameters
    ----------
    heads : int
    size : int, optional
        Of the vectors of one head; by default the features of the queries over ``heads``.
    units : int, optional
        Features of the output; by default those of the queries.
    causal : bool
        Let each step read itself and those before it alone; for one input.
    dropout : float
        The share of weights that are made zero in training.
    weights, bias : Initializer
        First values; ``bias=None`` leaves biases out.
    name : str, optional

    Shapes
    ------
    input   (batch, steps, features), or a tuple of two or three such; ``features`` must be known
    mask    (batch, steps), of the source: where it is 0 (or False) steps are not read, and NaN and
            infinity in them are 0; where there is nothing to read, zeros are
    output  (batch, steps of the queries, units)
    W_q, W_k, W_v  (features, heads * size), W_o  (heads * size, units): trainable, regularizable
    b_q, b_k, b_v  (heads * size,), b_o  (units,): tagged trainable

    Raises
    ------
    TypeError, ValueError
        If a number is none, or out of its range; if ``causal`` is said for several inputs.
    ShapeError
        If an input has another rank, or unknown features; if features are not so many equal heads.

    Source: Vaswani et al., Attention Is All You Need, arXiv:1706.03762, section 3.2.
    """

    def __init__(
        self,
        heads: int,
        size: int | None = None,
        units: int | None = None,
        causal: bool = False,
        dropout: float = 0.0,
        weights: Initial | None = None,
        bias: Initial | None = ZERO,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        self.heads = check_integer(self, "heads", heads)
        self.size = None if size is None else check_integer(self, "size", size)
        self.units = None if units is None else check_integer(self, "units", units)
        self.causal = bool(causal)
        self.dropout = check_number(self, "dropout (a probability)", dropout, 0, 1)
        self.weights = first_values("weights", weights, GlorotUniform())
        self.bias = None if bias is None else as_initializer("bias", bias)

    # Shapes
    def _inputs(self, given: Any, is_several: bool) -> list[Any]:
        """Queries, keys and values."""
        parts = list(given) if is_several else [given] * 3
        if is_several and self.causal:
            raise ValueError(f"{self} is causal, which is said of one input, and got {len(parts)}")
        if len(parts) not in (2, 3):
            raise ShapeError(f"{self} takes one input, or a tuple of two or three, not {given!r}")
        return [*parts, parts[1]] if len(parts) == 2 else parts

    def _features(self, input_shape: Any) -> list[int]:
        """Of queries, keys and values."""
        is_several = bool(input_shape) and isinstance(input_shape[0], tuple)
        features: list[int] = []
        for shape in self._inputs(input_shape, is_several):
            if len(shape) != _RANK or shape[2] is None:
                raise ShapeError(
                    f"{self} takes inputs (batch, steps, features) with a known number of "
                    f"features, and got the shape {shape}"
                )
            features.append(shape[2])
        return features

    def _head_size(self, features: int) -> int:
        if self.size is not None:
            return self.size
        if features % self.heads:
            raise ShapeError(
                f"{self}: {features} features are not {self.heads} equal heads; size tells another"
            )
        return features // self.heads

    def declare(self, input_shape: Any) -> list[Parameter]:
        features = self._features(input_shape)
        joined, units = self.heads * self._head_size(features[0]), self.units or features[0]
        shapes = {f"W_{s}": (n, joined) for s, n in zip("qkv", features, strict=True)}
        shapes["W_o"] = (joined, units)
        declared = [Parameter(name, s, self.weights, WEIGHTS) for name, s in shapes.items()]
        if self.bias is not None:
            declared += [Parameter(f"b_{s}", (joined,), self.bias) for s in "qkv"]
            declared.append(Parameter("b_o", (units,), self.bias))
        return declared

    def output_shape(self, input_shape: Any) -> Shape:
        features = self._features(input_shape)
        self._head_size(features[0])
        queries = input_shape[0] if isinstance(input_shape[0], tuple) else input_shape
        return (*queries[:2], self.units or features[0])

    def multiplications(self, input_shape: Any) -> int | None:
        is_several = isinstance(input_shape[0], tuple)
        queries, keys, values = (s[1] for s in self._inputs(input_shape, is_several))
        steps = [queries, keys, values, queries]
        matrices = [p.shape for p in self.declare(input_shape) if len(p.shape) > 1]
        joined = matrices[0][1]
        counts = [product_of_lengths([n, *m]) for n, m in zip(steps, matrices, strict=True)]
        counts += [product_of_lengths([queries, keys, joined])] * 2
        return None if None in counts else sum(n for n in counts if n is not None)

    # Values
    def expression(
        self, x: Any, training: Training | None = None, mask: Any = None
    ) -> TensorVariable:
        is_several = isinstance(x, (tuple, list))
        inputs = [as_tensor(one) for one in self._inputs(x, is_several)]
        for one in inputs:
            if one.ndim != _RANK:
                raise ShapeError(f"{self} takes (batch, steps, features), and got {describe(one)}")
        counting = None if mask is None else steps_that_count(self, inputs[1], mask)
        if counting is not None:
            read = [without_padding(one, counting) for one in inputs[1:]]
            inputs = [inputs[0] if is_several else read[0], *read]
        q, k, v = (
            self._in_heads(self._mapped(one, s)) for one, s in zip(inputs, "qkv", strict=True)
        )
        allowed = self._allowed(inputs, counting)
        weights = self._weights_of(q, k, allowed, mask is not None)
        if training is not None and self.dropout:
            weights = dropout(weights, training.streams, self.dropout)
        mixed: Any = T.matmul(weights, v).dimshuffle(0, 2, 1, 3)
        joined = mixed.reshape((mixed.shape[0], mixed.shape[1], self.shape_of("W_o")[0]))
        result: TensorVariable = self._mapped(joined, "o")
        return result

    def _mapped(self, x: Any, which: str) -> Any:
        z: Any = T.dot(x, self.variable(f"W_{which}"))
        return z if self.bias is None else z + self.variable(f"b_{which}")

    def _in_heads(self, x: Any) -> Any:
        """(batch, heads, steps, size)."""
        size = self.shape_of("W_q")[1] // self.heads
        return x.reshape((x.shape[0], x.shape[1], self.heads, size)).dimshuffle(0, 2, 1, 3)

    def _weights_of(self, q: Any, k: Any, allowed: Any, may_be_none: bool) -> Any:
        """What each query reads of each key, (batch, heads, queries, keys)."""
        size = self.shape_of("W_q")[1] // self.heads
        dtype = dtypes.upcast(q.dtype, k.dtype)
        of_keys = Softmax()  # which, unlike the function, has nothing to say where there is one
        if dtype == "float16":  # whose largest number a product of vectors of length 256 reaches
            q, k = T.cast(q, "float32"), T.cast(k, "float32")
        scores: Any = T.matmul(q * (1 / math.sqrt(size)), k.dimshuffle(0, 1, 3, 2))
        if allowed is None:
            return T.cast(of_keys(scores), dtype)
        weights: Any = of_keys(T.switch(allowed, scores, LOWEST))
        return T.cast(T.switch(allowed, weights, 0) if may_be_none else weights, dtype)

    def _allowed(self, inputs: list[Any], counting: Any) -> Any:
        """Which keys each query may read, or None for all."""
        allowed = None if counting is None else counting.dimshuffle(0, "x", "x", 1)
        if self.causal:
            steps: Any = T.arange(inputs[0].shape[1])
            earlier = T.ge(steps.dimshuffle(0, "x"), steps.dimshuffle("x", 0))
            earlier = earlier.dimshuffle("x", "x", 0, 1)
            allowed = earlier if allowed is None else T.and_(allowed, earlier)
        return allowed


_RANK = 3
