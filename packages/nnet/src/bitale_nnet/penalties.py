"""Penalties on parameters, to be added to a loss."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import TensorVariable, Variable


def _sum_of_sums(terms: Iterable[Any]) -> TensorVariable:
    sums = [T.sum(term) for term in terms]
    if not sums:
        raise ValueError("a penalty needs at least one parameter")
    return T.add(*sums)


def _each(parameters: Any) -> Iterable[Any]:
    return [parameters] if isinstance(parameters, Variable) else parameters


def l1(parameters: Any) -> TensorVariable:
    """The sum of the absolute values of all elements of ``parameters``: one tensor, or several."""
    return _sum_of_sums(T.abs_(p) for p in _each(parameters))


def l2(parameters: Any) -> TensorVariable:
    """The sum of the squares of all elements of ``parameters``, without a factor of 1/2."""
    return _sum_of_sums(T.sqr(p) for p in _each(parameters))


def apply_penalty(
    parameters: Any, penalty: Callable[..., Any] = l2, **keywords: Any
) -> TensorVariable:
    """The sum of ``penalty(p, **keywords)`` over one tensor or several.

    Parameters
    ----------
    parameters : variable or iterable of variables
    penalty : callable
        From one tensor to a scalar, such as `l1` or `l2`.
    """
    return _sum_of_sums(penalty(p, **keywords) for p in _each(parameters))


def regularize_layer_params(
    layers: Any,
    penalty: Callable[..., Any] = l2,
    tags: Iterable[str] = ("regularizable",),
    **keywords: Any,
) -> TensorVariable:
    """The penalty on the parameters that have all ``tags``, of one layer or several.

    Parameters
    ----------
    layers : layer or iterable of layers
        Built ones; a network is one too.
    penalty : callable
        See `apply_penalty`.
    tags : iterable of str
        "regularizable" are weights and not biases.

    Raises
    ------
    ValueError
        If no parameter has the tags.
    """
    chosen = [layers] if hasattr(layers, "parameters") else list(layers)
    found = {p: None for layer in chosen for p in layer.parameters(*tags)}
    return apply_penalty(found, penalty, **keywords)


def regularize_layer_params_weighted(
    layers: Mapping[Any, Any],
    penalty: Callable[..., Any] = l2,
    tags: Iterable[str] = ("regularizable",),
    **keywords: Any,
) -> TensorVariable:
    """The sum of penalties of layers, each times the number that ``layers`` maps it to."""
    tags = tuple(tags)
    return _sum_of_sums(
        weight * regularize_layer_params(layer, penalty, tags, **keywords)
        for layer, weight in layers.items()
    )


def regularize_network_params(
    network: Any,
    penalty: Callable[..., Any] = l2,
    tags: Iterable[str] = ("regularizable",),
    **keywords: Any,
) -> TensorVariable:
    """The penalty on all parameters of a network that have all ``tags``."""
    return regularize_layer_params(network, penalty, tags, **keywords)
