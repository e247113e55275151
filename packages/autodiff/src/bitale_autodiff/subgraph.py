"""Gradients of a piece of a graph: from what is known of its results to its own inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bitale_graph.extend import Variable

from .arguments import read_cost, read_known, read_variables
from .grad import grad
from .walker import accumulate


def subgraph_grad(
    wrt: Any,
    end: Any,
    start: Mapping[Variable, Variable] | None = None,
    cost: Variable | None = None,
    details: bool = False,
) -> tuple[Any, ...]:
    """Differentiate a piece of a graph, down to variables where it ends.

    So the derivative of a large graph is made piece by piece: what this gives for ``end`` is the
    ``start`` of the next piece.

    Parameters
    ----------
    wrt : list of Variable
        What is differentiated by; inside of the piece.
    end : list of Variable
        Where the piece ends: derivatives by these are given, and do not flow through them.
    start : mapping of Variable to Variable, optional
        Known derivatives, from which the piece is differentiated.
    cost : 0-d Variable, optional
        What is differentiated besides, such as a penalty of ``wrt``. If its derivative by a
        variable of ``start`` is part of what is given there, it counts twice.
    details : bool
        Whether to give the two parts of the derivatives by ``wrt`` too.

    Returns
    -------
    wrt_grads, end_grads : list of Variable
        The derivatives; zeros for what nothing depends on.
    start_grads, cost_grads : list of Variable, or None
        With ``details``: the derivatives by ``wrt`` from ``start``, and those of ``cost``.

    Raises
    ------
    ValueError
        If neither ``start`` nor ``cost`` is given.

    Examples
    --------
    >>> from bitale_graph import language as T
    >>> x, w = T.dscalars("x", "w")
    >>> hidden = w * x
    >>> _, (by_hidden,) = subgraph_grad([], end=[hidden], cost=hidden**2)
    >>> (by_w,), _ = subgraph_grad([w], end=[x], start={hidden: by_hidden})
    >>> by_w.eval({x: 3.0, w: 2.0})
    array(36.)
    """
    name = "subgraph_grad"
    variables, ends = read_variables(name, "wrt", wrt), read_variables(name, "end", end)
    if cost is None and not start:
        raise ValueError(f"{name}: give derivatives to start from, or a cost, or both")
    if cost is not None:
        read_cost(name, cost)
    options: Any = {"consider_constant": ends, "disconnected_inputs": "ignore"}
    every = [*variables, *ends]
    known = read_known(name, "start", start)
    from_start = grad(None, every, known_grads=known, **options) if known else None
    from_cost = None if cost is None else grad(cost, every, **options)
    if from_start is None or from_cost is None:
        total = from_start or from_cost or []
    else:
        total = [accumulate(a, b) for a, b in zip(from_start, from_cost, strict=True)]
    n = len(variables)
    found = list(total[:n]), list(total[n:])
    if not details:
        return found
    parts = [None if part is None else list(part[:n]) for part in (from_start, from_cost)]
    return (*found, *parts)
