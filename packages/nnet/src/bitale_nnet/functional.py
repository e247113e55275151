"""Activations: compositions of graph's elementwise ops, so whatever runs those runs these."""

from __future__ import annotations

from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import TensorVariable, as_tensor
from bitale_graph.language import log_softmax as log_softmax
from bitale_graph.language import sigmoid as sigmoid
from bitale_graph.language import softmax as softmax
from bitale_graph.language import softplus as softplus
from bitale_graph.language import tanh as tanh

logsoftmax = log_softmax


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


ACTIVATIONS: dict[str, Any] = {
    **{f.__name__: f for f in (identity, relu, leaky_relu, elu, selu, softsign, hard_sigmoid)},
    "sigmoid": sigmoid,
    "softplus": softplus,
    "tanh": tanh,
    "softmax": softmax,
    "log_softmax": log_softmax,
}
