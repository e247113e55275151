"""Activations: compositions of graph's elementwise ops, so whatever runs those runs these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import ShapeError, TensorVariable, as_tensor, describe
from bitale_graph.language import log_softmax as log_softmax
from bitale_graph.language import sigmoid as sigmoid
from bitale_graph.language import softmax as softmax
from bitale_graph.language import softplus as softplus
from bitale_graph.language import tanh as tanh

logsoftmax = log_softmax
# Theano's name of an op that writes into its input; here compilation decides what is in place.
sigmoid_inplace = sigmoid


def identity(x: Any) -> TensorVariable:
    """``x`` itself."""
    return as_tensor(x)


def relu(x: Any, alpha: Any = 0) -> TensorVariable:
    """``x`` where it is positive, else ``alpha * x``; NaN stays NaN.

    The derivative at 0 is the mean of both sides, ``(1 + alpha) / 2``.

    Parameters
    ----------
    x : tensor_like
    alpha : number or tensor_like
        Slope of the negative side.

    Source: Nair and Hinton, Rectified Linear Units Improve Restricted Boltzmann Machines, ICML
    2010.
    """
    x = as_tensor(x)
    if isinstance(alpha, (int, float)) and alpha == 0:
        return T.maximum(x, 0)
    # Not a switch, which has the derivative of one side at 0.
    return T.add(T.maximum(x, 0), T.minimum(x, 0) * alpha)


def leaky_relu(x: Any, alpha: Any = 0.01) -> TensorVariable:
    """`relu` with a small slope on the negative side.

    Source: Maas, Hannun and Ng, Rectifier Nonlinearities Improve Neural Network Acoustic Models,
    ICML 2013.
    """
    return relu(x, alpha)


def elu(x: Any, alpha: Any = 1) -> TensorVariable:
    """``x`` where it is positive, else ``alpha * (exp(x) - 1)``.

    Source: arXiv:1511.07289, equation 15.
    """
    x = as_tensor(x)
    # Large x must not reach exp: its infinity times the zero cotangent of that branch is NaN.
    return T.switch(x > 0, x, alpha * T.expm1(T.minimum(x, 0)))


def selu(x: Any) -> TensorVariable:
    """`elu` scaled so that mean 0 and variance 1 are a fixed point of a layer.

    Source: arXiv:1706.02515, equation 2; the two constants are solved for in its appendix.
    """
    return 1.0507009873554805 * elu(x, 1.6732632423543772)


def softsign(x: Any) -> TensorVariable:
    """``x / (1 + |x|)``.

    Source: Glorot and Bengio, Understanding the difficulty of training deep feedforward neural
    networks, AISTATS 2010.
    """
    v = as_tensor(x)
    return v / (1 + abs(v))


def hard_sigmoid(x: Any) -> TensorVariable:
    """``0.2 x + 0.5`` held between 0 and 1: a sigmoid without exp."""
    result: TensorVariable = T.clip(0.2 * as_tensor(x) + 0.5, 0, 1)
    return result


def ultra_fast_sigmoid(x: Any) -> TensorVariable:
    """A sigmoid from rational and linear pieces, off by up to 0.0277.

    With ``v = |x| / 2``: ``1.5 v / (1 + v)`` below 1.7, a line up to 3, and constant from there, in
    the place of ``tanh(v)``. The exact `sigmoid` is vectorised here, and hardly slower.
    """
    x = as_tensor(x)
    v = abs(x) / 2
    line = 0.935409070603099 + 0.0458812946797165 * (v - 1.7)
    # Infinite v must not reach the quotient, which would be NaN there.
    near = T.minimum(v, 1.7)
    height = T.switch(v < 1.7, 1.5 * near / (1 + near), T.switch(v < 3, line, 0.99505475368673))
    bent = T.switch(T.isnan(x), x, T.sgn(x) * height)
    return 0.5 * bent + 0.5


def scaled_tanh(x: Any, scale_in: Any = 1, scale_out: Any = 1) -> TensorVariable:
    """``scale_out * tanh(scale_in * x)``; 2/3 and 1.7159 keep the variance of inputs of variance 1.

    Source: LeCun et al., Efficient BackProp, Neural Networks: Tricks of the Trade (1998), section
    4.4.
    """
    return T.mul(T.tanh(as_tensor(x) * scale_in), scale_out)


def gelu(x: Any) -> TensorVariable:
    """``x`` times the normal distribution function of ``x``: exact, by erfc.

    Source: arXiv:1606.08415, section 2.
    """
    x = as_tensor(x)
    # erfc and not 1 + erf, which cancels for x below -3.
    return T.mul(0.5 * x, T.erfc(x * -0.7071067811865476))


def silu(x: Any) -> TensorVariable:
    """``x * sigmoid(x)``.

    Source: arXiv:1606.08415, section 4; as "swish" arXiv:1710.05941.
    """
    return as_tensor(x) * T.sigmoid(x)


def softmax_graph(c: Any) -> TensorVariable:
    """Softmax along the last axis written out in `exp` and `sum`, without the op.

    Of an expression that is to be taken apart. Compiled, it is the op all the same where rewriting
    finds it; as written it overflows for large ``c``.
    """
    e = T.exp(as_tensor(c))
    return e / T.sum(e, axis=-1, keepdims=True)


def prepend_scalar_to_each_row(value: Any, matrix: Any) -> TensorVariable:
    """``matrix`` with a column of ``value`` put before it, in the dtype of the matrix."""
    matrix, value = as_tensor(matrix), as_tensor(value)
    if matrix.ndim != 2 or value.ndim != 0:
        raise ShapeError(
            "prepend_scalar_to_each_row takes a scalar and a matrix, and got\n"
            f"  {describe(value)}\n  {describe(matrix)}"
        )
    column = T.alloc(T.cast(value, matrix.dtype), matrix.shape[0], 1)
    return T.join(1, column, matrix)


def prepend_0_to_each_row(matrix: Any) -> TensorVariable:
    """``matrix`` with a column of zeros put before it."""
    return prepend_scalar_to_each_row(0, matrix)


def prepend_1_to_each_row(matrix: Any) -> TensorVariable:
    """``matrix`` with a column of ones put before it, which meets the bias in a product."""
    return prepend_scalar_to_each_row(1, matrix)


# Other libraries' names, for `activation="rectify"`.
rectify = relu
linear = identity
leaky_rectify = leaky_relu


def very_leaky_rectify(x: Any) -> TensorVariable:
    """`relu` with the slope 1/3 on the negative side."""
    return relu(x, 1 / 3)


@dataclass(frozen=True)
class ScaledTanH:
    """`scaled_tanh` with its scales, as an activation."""

    scale_in: float = 1
    scale_out: float = 1

    def __call__(self, x: Any) -> TensorVariable:
        """``scale_out * tanh(scale_in * x)``."""
        return scaled_tanh(x, self.scale_in, self.scale_out)


@dataclass(frozen=True)
class LeakyRectify:
    """`leaky_relu` with its slope, as an activation."""

    leakiness: float = 0.01

    def __call__(self, x: Any) -> TensorVariable:
        """``x`` where it is positive, else ``leakiness * x``."""
        return relu(x, self.leakiness)


@dataclass(frozen=True)
class SELU:
    """`elu` with scales, as an activation; `selu` has those that keep mean and variance."""

    scale: float = 1
    scale_neg: float = 1

    def __call__(self, x: Any) -> TensorVariable:
        """``scale * elu(x, scale_neg)``."""
        return self.scale * elu(x, self.scale_neg)


ACTIVATIONS: dict[str, Any] = {
    **{
        f.__name__: f
        for f in (
            *(identity, relu, leaky_relu, very_leaky_rectify, elu, selu, gelu, silu),
            *(softsign, hard_sigmoid, ultra_fast_sigmoid, scaled_tanh),
        )
    },
    "rectify": relu,
    "leaky_rectify": leaky_relu,
    "linear": identity,
    "sigmoid": sigmoid,
    "softplus": softplus,
    "tanh": tanh,
    "softmax": softmax,
    "log_softmax": log_softmax,
}
