"""Update rules by the gradients of all processes."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from .world import World


def distributed(rule: Callable[..., Any], world: World, weight: Any = None) -> Callable[..., Any]:
    """An update rule by the average gradient of all processes.

    Parameters
    ----------
    rule : callable
        From `bitale_nnet.updates`, or like them.
    world : World
    weight : 0-d variable, optional
        How much this process counts, as a rule its rows: ``x.shape[0]``. By default all count
        alike, as is right where each has as many rows.

    Returns
    -------
    callable
        Called as ``rule`` is, with a loss or gradients of this process.

    Examples
    --------
    >>> import numpy as np
    >>> from bitale_graph import function, shared
    >>> from bitale_graph import language as T
    >>> from bitale_nnet.updates import sgd
    >>> world = World()
    >>> x, w = T.dvector("x"), shared(0.0, "w")
    >>> loss = T.mean((x - w) ** 2)
    >>> rule = distributed(sgd, world, weight=x.shape[0])
    >>> learn = function([x], updates=rule(loss, [w], learning_rate=0.5))
    >>> learn(world.shard(np.array([1.0, 2.0, 3.0, 6.0])))
    []
    >>> w.get_value()
    array(3.)
    """
    if not isinstance(world, World):
        raise TypeError(f"distributed takes a rule and a World, not {world!r}")
    if not callable(rule):
        raise TypeError(f"distributed takes a rule of bitale_nnet.updates, not {rule!r}")

    @functools.wraps(rule)
    def of_all(loss_or_grads: Any, params: Any, *arguments: Any, **keywords: Any) -> Any:
        parameters = list(params)
        gradients = world.gradients(loss_or_grads, parameters, weight)
        return rule(gradients, parameters, *arguments, **keywords)

    return of_all
