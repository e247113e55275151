"""Rules by which parameters are updated.

Each takes ``(loss or gradients, parameters, learning_rate, ...)`` and returns an ordered mapping
from shared variables to their new values, for ``function(updates=...)``. Rates may be numbers or
symbolic scalars. What a rule remembers between steps is kept in shared variables of the shape and
dtype of the parameter, float32 for float16; gradients and rates are cast to that dtype.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from bitale_autodiff import grad
from bitale_graph import language as T
from bitale_graph.extend import SharedVariable, Variable, describe, not_shared, shared

Updates = dict[Any, Any]


def get_or_compute_grads(
    loss_or_grads: Any, params: Iterable[SharedVariable]
) -> list[tuple[Any, Any]]:
    """Pair each parameter with its gradient, cast to the parameter's dtype; float16 to float32.

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
    return [(p, T.cast(g, _wide(p))) for p, g in zip(parameters, gradients, strict=True)]


def _wide(param: Any) -> str:
    """What steps are computed in: squares and small numbers leave the range of float16."""
    return "float32" if param.dtype == "float16" else str(param.dtype)


def _of(param: Any, value: Any) -> Any:
    """A new value in the dtype of the parameter."""
    return T.cast(value, param.dtype)


def _rate(name: str, rate: Any, param: Any) -> Any:
    """A rate in the dtype of a parameter; a Python number is weak and stays as it is."""
    if isinstance(rate, Variable) and getattr(rate.type, "ndim", None) != 0:
        raise ValueError(f"the {name} must be a scalar, and is {describe(rate)}")
    if isinstance(rate, Variable):
        return T.cast(rate, _wide(param))
    try:
        return float(rate)
    except (TypeError, ValueError):
        raise TypeError(f"the {name} must be a number or a symbolic scalar, not {rate!r}") from None


def _state(param: Any, what: str) -> Any:
    zeros = np.zeros_like(param.get_value(borrow=True), dtype=_wide(param))
    name = f"{param.name}.{what}" if param.name else what
    return shared(zeros, name, broadcastable=param.broadcastable)


def _running_mean(rate: Any, mean: Any, value: Any) -> Any:
    return rate * mean + (1 - rate) * value


def sgd(loss_or_grads: Any, params: Iterable[SharedVariable], learning_rate: Any = 0.01) -> Updates:
    """Gradient descent: ``p - learning_rate * g``.

    Source: Robbins and Monro, A Stochastic Approximation Method, Ann. Math. Statist. 22 (1951).
    """
    return {
        p: _of(p, p - _rate("learning rate", learning_rate, p) * g)
        for p, g in get_or_compute_grads(loss_or_grads, params)
    }


def apply_momentum(
    updates: Mapping[Any, Any],
    params: Iterable[SharedVariable] | None = None,
    momentum: Any = 0.9,
) -> Updates:
    """Give the steps of any rule a velocity: ``v' = momentum v + (p' - p); p' = p + v'``.

    Parameters
    ----------
    updates : mapping
        What a rule gave: from shared variables to their new values.
    params : iterable of shared variables, optional
        Those that get a velocity; by default all of ``updates``, so that a rule which remembers
        something needs the parameters told.
    momentum : number or symbolic scalar

    Returns
    -------
    dict
        The updates with those of ``params`` changed, and the velocities.

    Raises
    ------
    ValueError
        If a parameter is not among ``updates``.
    """
    result: Updates = dict(updates)
    for p in _updated(updates, params):
        velocity = _state(p, "velocity")
        step = _rate("momentum", momentum, p) * velocity + (result[p] - p)
        result[velocity] = step
        result[p] = _of(p, p + step)
    return result


def apply_nesterov_momentum(
    updates: Mapping[Any, Any],
    params: Iterable[SharedVariable] | None = None,
    momentum: Any = 0.9,
) -> Updates:
    """Give the steps of any rule a velocity that looks ahead; otherwise as `apply_momentum`.

    With the step ``d = p' - p`` of the rule, ``v' = momentum v + d; p' = p + momentum v' + d``.
    """
    result: Updates = dict(updates)
    for p in _updated(updates, params):
        velocity, kept = _state(p, "velocity"), _rate("momentum", momentum, p)
        change = result[p] - p
        step = kept * velocity + change
        result[velocity] = step
        result[p] = _of(p, p + kept * step + change)
    return result


def _updated(updates: Mapping[Any, Any], params: Iterable[SharedVariable] | None) -> list[Any]:
    chosen: list[Any] = list(updates if params is None else params)
    for p in chosen:
        if p not in updates:
            raise ValueError(f"momentum for {describe(p)}, which is not among the updates")
    return chosen


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
        updates[p] = _of(p, p + step)
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
        updates[p] = _of(p, p + kept * step - descent)
    return updates


def adagrad(
    loss_or_grads: Any,
    params: Iterable[SharedVariable],
    learning_rate: Any = 0.01,
    epsilon: Any = 1e-10,
) -> Updates:
    """Steps scaled by the root of all squared gradients so far.

    ``s' = s + g²; p' = p - learning_rate g / (sqrt(s') + epsilon)``.

    Source: Duchi, Hazan and Singer, Adaptive Subgradient Methods for Online Learning and Stochastic
    Optimization, JMLR 12 (2011), section 1.1; epsilon is the delta of its figure 1.
    """
    updates: Updates = {}
    for p, g in get_or_compute_grads(loss_or_grads, params):
        total = _state(p, "square")
        updates[total] = total + T.sqr(g)
        scale = T.sqrt(updates[total]) + _rate("epsilon", epsilon, p)
        updates[p] = _of(p, p - _rate("learning rate", learning_rate, p) * g / scale)
    return updates


def rmsprop(
    loss_or_grads: Any,
    params: Iterable[SharedVariable],
    learning_rate: Any = 0.001,
    rho: Any = 0.9,
    epsilon: Any = 1e-8,
) -> Updates:
    """Steps scaled by the root of a running mean of squared gradients.

    ``s' = rho s + (1 - rho) g²; p' = p - learning_rate g / (sqrt(s') + epsilon)``.

    Source: Tieleman and Hinton, Lecture 6.5: rmsprop, COURSERA: Neural Networks for Machine
    Learning (2012).
    """
    updates: Updates = {}
    for p, g in get_or_compute_grads(loss_or_grads, params):
        square = _state(p, "square")
        updates[square] = _running_mean(_rate("rho", rho, p), square, T.sqr(g))
        scale = T.sqrt(updates[square]) + _rate("epsilon", epsilon, p)
        updates[p] = _of(p, p - _rate("learning rate", learning_rate, p) * g / scale)
    return updates


def adadelta(
    loss_or_grads: Any,
    params: Iterable[SharedVariable],
    learning_rate: Any = 1.0,
    rho: Any = 0.95,
    epsilon: Any = 1e-6,
) -> Updates:
    """Steps in the unit of the parameter: scaled by past steps over past gradients.

    ``s' = rho s + (1 - rho) g²; d = g sqrt(a + epsilon) / sqrt(s' + epsilon);``
    ``a' = rho a + (1 - rho) d²; p' = p - learning_rate d``.

    Source: arXiv:1212.5701, algorithm 1, where the learning rate is 1.
    """
    updates: Updates = {}
    for p, g in get_or_compute_grads(loss_or_grads, params):
        square, steps = _state(p, "square"), _state(p, "steps")
        kept, small = _rate("rho", rho, p), _rate("epsilon", epsilon, p)
        updates[square] = _running_mean(kept, square, T.sqr(g))
        # One root of the quotient rounds less, but under- and overflows sooner.
        step = g * (T.sqrt(steps + small) / T.sqrt(updates[square] + small))
        updates[steps] = _running_mean(kept, steps, T.sqr(step))
        updates[p] = _of(p, p - _rate("learning rate", learning_rate, p) * step)
    return updates


class _Moments:
    """Running means of gradients and their squares, and the corrections of their bias to zero."""

    def __init__(self, rule: str, beta1: Any, beta2: Any) -> None:
        # In float32, 1 - beta2^t is off by 5e-5 at the first step; one float64 number is cheap.
        t = shared(np.float64(0), f"{rule}.t")
        self.after = t + 1
        self.beta1, self.beta2 = beta1, beta2
        self.updates: Updates = {t: self.after}

    def corrected(self, value: Any, beta: Any, p: Any) -> Any:
        """``value / (1 - beta^t)``."""
        return value / T.cast(1 - beta**self.after, _wide(p))

    def mean(self, p: Any, g: Any) -> Any:
        """The running mean of the gradient, corrected."""
        mean, rate = _state(p, "mean"), _rate("beta1", self.beta1, p)
        self.updates[mean] = _running_mean(rate, mean, g)
        return self.corrected(self.updates[mean], self.beta1, p)

    def square(self, p: Any, g: Any) -> Any:
        """The running mean of the squared gradient, as it is."""
        square, rate = _state(p, "square"), _rate("beta2", self.beta2, p)
        self.updates[square] = _running_mean(rate, square, T.sqr(g))
        return self.updates[square]


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
    moments = _Moments("adam", beta1, beta2)
    for p, g in get_or_compute_grads(loss_or_grads, params):
        mean, square = moments.mean(p, g), moments.square(p, g)
        scale = T.sqrt(moments.corrected(square, beta2, p)) + _rate("epsilon", epsilon, p)
        moments.updates[p] = _of(p, p - _rate("learning rate", learning_rate, p) * (mean / scale))
    return moments.updates


def adamw(
    loss_or_grads: Any,
    params: Iterable[SharedVariable],
    learning_rate: Any = 0.001,
    beta1: Any = 0.9,
    beta2: Any = 0.999,
    epsilon: Any = 1e-8,
    weight_decay: Any = 0.01,
    decayed: Iterable[SharedVariable] | None = None,
) -> Updates:
    """`adam`, and parameters that shrink by a part of themselves, whatever their gradient.

    ``p' = p - learning_rate weight_decay p - (the step of adam)``.

    Parameters
    ----------
    loss_or_grads : scalar variable, or sequence of variables
    params : iterable of shared variables
    learning_rate, beta1, beta2, epsilon : number or symbolic scalar
        As in `adam`.
    weight_decay : number or symbolic scalar
    decayed : iterable of shared variables, optional
        Those that shrink, such as ``network.parameters("regularizable")``; by default all.

    Source: arXiv:1711.05101, algorithm 2, with the schedule in the learning rate.
    """
    # One variable is left to adam, which tells that it is no list.
    parameters: Any = params if isinstance(params, Variable) else list(params)
    updates = adam(loss_or_grads, parameters, learning_rate, beta1, beta2, epsilon)
    shrinking = set(parameters if decayed is None else decayed)
    for p in parameters:
        if p in shrinking:
            part = _rate("learning rate", learning_rate, p) * _rate("decay", weight_decay, p)
            updates[p] = _of(p, updates[p] - part * p)
    return updates


def adamax(
    loss_or_grads: Any,
    params: Iterable[SharedVariable],
    learning_rate: Any = 0.002,
    beta1: Any = 0.9,
    beta2: Any = 0.999,
    epsilon: Any = 1e-8,
) -> Updates:
    """`adam` with the largest gradient of late in place of the mean square.

    ``m' = beta1 m + (1 - beta1) g; u' = max(beta2 u, |g|);``
    ``p' = p - learning_rate (m' / (1 - beta1^t')) / (u' + epsilon)``.

    Source: arXiv:1412.6980, algorithm 2; epsilon keeps a parameter without gradients finite.
    """
    moments = _Moments("adamax", beta1, beta2)
    for p, g in get_or_compute_grads(loss_or_grads, params):
        largest, mean = _state(p, "largest"), moments.mean(p, g)
        reached = T.maximum(_rate("beta2", beta2, p) * largest, T.abs_(g))
        moments.updates[largest] = reached
        step = mean / (reached + _rate("epsilon", epsilon, p))
        moments.updates[p] = _of(p, p - _rate("learning rate", learning_rate, p) * step)
    return moments.updates


def amsgrad(
    loss_or_grads: Any,
    params: Iterable[SharedVariable],
    learning_rate: Any = 0.001,
    beta1: Any = 0.9,
    beta2: Any = 0.999,
    epsilon: Any = 1e-8,
) -> Updates:
    """`adam`, scaled by the largest mean square so far, so that steps never grow again.

    ``w' = max(w, v')`` stands in the place of ``v'`` of `adam`, and its bias is corrected likewise.

    Source: Reddi, Kale and Kumar, On the Convergence of Adam and Beyond, ICLR 2018, algorithm 2;
    the corrections are those of `adam`.
    """
    moments = _Moments("amsgrad", beta1, beta2)
    for p, g in get_or_compute_grads(loss_or_grads, params):
        mean, largest = moments.mean(p, g), _state(p, "largest")
        moments.updates[largest] = T.maximum(largest, moments.square(p, g))
        square = moments.corrected(moments.updates[largest], beta2, p)
        scale = T.sqrt(square) + _rate("epsilon", epsilon, p)
        moments.updates[p] = _of(p, p - _rate("learning rate", learning_rate, p) * (mean / scale))
    return moments.updates


RULES = {
    rule.__name__: rule
    for rule in (
        sgd,
        momentum,
        nesterov_momentum,
        adagrad,
        rmsprop,
        adadelta,
        adam,
        adamw,
        adamax,
        amsgrad,
    )
}
