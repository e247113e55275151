"""Rules by which parameters are updated.

Each takes ``(loss or gradients, parameters, learning_rate, ...)`` and returns an ordered mapping
from shared variables to their new values, for ``function(updates=...)``. Rates may be numbers or
symbolic scalars. What a rule remembers between steps is kept in shared variables of the shape and
dtype of the parameter; gradients and rates are cast to that dtype.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from bitale_autodiff import grad
from bitale_graph import language as T
from bitale_graph.extend import SharedVariable, Variable, describe, not_shared, shared

Updates = dict[Any, Any]


def get_or_compute_grads(
    loss_or_grads: Any, params: Iterable[SharedVariable]
) -> list[tuple[Any, Any]]:
    """Pair each parameter with its gradient, cast to the parameter's dtype.

    Parameters
    ----------
    loss_or_grads : scalar variable, or sequence of variables
        A loss is differentiated; gradients are taken as they are.
    params : iterable of shared variables

    Raises
    ------
    TypeError
        If a parameter is no shared variable.
    ValueError
        If there are not as many gradients as parameters.
    """
    if isinstance(params, Variable):
        raise TypeError(f"updates take a list of parameters, and got {describe(params)}")
    parameters: list[Any] = list(params)
    for param in parameters:
        if not isinstance(param, SharedVariable):
            raise TypeError(not_shared(param))
    gradients: Sequence[Any]
    if isinstance(loss_or_grads, Variable):
        gradients = grad(loss_or_grads, parameters)
    else:
        gradients = list(loss_or_grads)
    if len(gradients) != len(parameters):
        raise ValueError(f"{len(gradients)} gradients were given for {len(parameters)} parameters")
    return [(p, T.cast(g, p.dtype)) for p, g in zip(parameters, gradients, strict=True)]


def _rate(name: str, rate: Any, param: Any) -> Any:
    """A rate in the dtype of a parameter; a Python number is weak and stays as it is."""
    if isinstance(rate, Variable) and getattr(rate.type, "ndim", None) != 0:
        raise ValueError(f"the {name} must be a scalar, and is {describe(rate)}")
    if isinstance(rate, Variable):
        return T.cast(rate, param.dtype)
    try:
        return float(rate)
    except (TypeError, ValueError):
        raise TypeError(f"the {name} must be a number or a symbolic scalar, not {rate!r}") from None


def _state(param: Any, what: str) -> Any:
    zeros = np.zeros_like(param.get_value(borrow=True))
    return shared(zeros, f"{param.name}.{what}" if param.name else what)


def sgd(loss_or_grads: Any, params: Iterable[SharedVariable], learning_rate: Any = 0.01) -> Updates:
    """Gradient descent: ``p - learning_rate * g``.

    Source: Robbins and Monro, A Stochastic Approximation Method, Ann. Math. Statist. 22 (1951).
    """
    return {
        p: p - _rate("learning rate", learning_rate, p) * g
        for p, g in get_or_compute_grads(loss_or_grads, params)
    }


def momentum(
    loss_or_grads: Any,
    params: Iterable[SharedVariable],
    learning_rate: Any = 0.01,
    momentum: Any = 0.9,
) -> Updates:
    """Gradient descent with a velocity: ``v' = momentum * v - learning_rate * g; p' = p + v'``.

    Source: Polyak, Some methods of speeding up the convergence of iteration methods, USSR Comput.
    Math. Math. Phys. 4 (1964); in this form Sutskever et al., ICML 2013, equations 1 and 2.
    """
    updates: Updates = {}
    for p, g in get_or_compute_grads(loss_or_grads, params):
        velocity = _state(p, "velocity")
        step = (
            _rate("momentum", momentum, p) * velocity - _rate("learning rate", learning_rate, p) * g
        )
        updates[velocity] = step
        updates[p] = p + step
    return updates


def nesterov_momentum(
    loss_or_grads: Any,
    params: Iterable[SharedVariable],
    learning_rate: Any = 0.01,
    momentum: Any = 0.9,
) -> Updates:
    """Gradient descent with a velocity that looks ahead.

    ``v' = momentum * v - learning_rate * g; p' = p + momentum * v' - learning_rate * g``, where
    ``p`` is the point looked ahead to, so that gradients are taken at the parameters themselves.

    Source: Sutskever et al., On the importance of initialization and momentum in deep learning,
    ICML 2013, equations 3 and 4; the change of variables is that of arXiv:1212.0901, section 3.5.
    """
    updates: Updates = {}
    for p, g in get_or_compute_grads(loss_or_grads, params):
        velocity = _state(p, "velocity")
        kept = _rate("momentum", momentum, p)
        descent = _rate("learning rate", learning_rate, p) * g
        step = kept * velocity - descent
        updates[velocity] = step
        updates[p] = p + kept * step - descent
    return updates


def adam(
    loss_or_grads: Any,
    params: Iterable[SharedVariable],
    learning_rate: Any = 0.001,
    beta1: Any = 0.9,
    beta2: Any = 0.999,
    epsilon: Any = 1e-8,
) -> Updates:
    """Steps scaled by running means of the gradient and of its square.

    ``t' = t + 1; m' = beta1 m + (1 - beta1) g; v' = beta2 v + (1 - beta2) g²;``
    ``p' = p - learning_rate (m' / (1 - beta1^t')) / (sqrt(v' / (1 - beta2^t')) + epsilon)``.

    Source: arXiv:1412.6980, algorithm 1.
    """
    # In float32, 1 - beta2^t is off by 5e-5 at the first step; one float64 number costs nothing.
    t = shared(np.float64(0), "adam.t")
    after = t + 1
    updates: Updates = {t: after}
    for p, g in get_or_compute_grads(loss_or_grads, params):
        b1, b2 = _rate("beta1", beta1, p), _rate("beta2", beta2, p)
        mean, square = _state(p, "mean"), _state(p, "square")
        new_mean = b1 * mean + (1 - b1) * g
        new_square = b2 * square + (1 - b2) * T.sqr(g)
        unbiased_mean = new_mean / T.cast(1 - beta1**after, p.dtype)
        unbiased_square = new_square / T.cast(1 - beta2**after, p.dtype)
        step = unbiased_mean / (T.sqrt(unbiased_square) + _rate("epsilon", epsilon, p))
        updates[mean] = new_mean
        updates[square] = new_square
        updates[p] = p - _rate("learning rate", learning_rate, p) * step
    return updates


RULES = {rule.__name__: rule for rule in (sgd, momentum, nesterov_momentum, adam)}
