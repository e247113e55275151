"""Penalties on parameters, to be added to a loss."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import TensorVariable


def _sum_of_sums(terms: Iterable[Any]) -> TensorVariable:
    sums = [T.sum(term) for term in terms]
    if not sums:
        raise ValueError("a penalty needs at least one parameter")
    return T.add(*sums)


def l1(parameters: Iterable[Any]) -> TensorVariable:
    """The sum of the absolute values of all elements of all ``parameters``."""
    return _sum_of_sums(T.abs_(p) for p in parameters)


def l2(parameters: Iterable[Any]) -> TensorVariable:
    """The sum of the squares of all elements of all ``parameters``, without a factor of 1/2."""
    return _sum_of_sums(T.sqr(p) for p in parameters)
