"""`map`, and loops of which only the last step is wanted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .scan import read, scan, updates_of
from .updates import OrderedUpdates


def map(
    fn: Callable[..., Any],
    sequences: Any,
    non_sequences: Any = None,
    truncate_gradient: int = -1,
    go_backwards: bool = False,
    mode: Any = None,
    name: str | None = None,
) -> tuple[Any, OrderedUpdates]:
    """Apply ``fn`` to every row of sequences: `scan` without recurrence.

    Parameters and results are those of `scan`.

    Examples
    --------
    >>> from bitale_graph import function, map
    >>> from bitale_graph import language as T
    >>> x = T.matrix("x")
    >>> largest, _ = map(lambda row: T.max(row), x)
    >>> function([x], largest)([[1.0, 3.0], [2.0, 0.0]]).tolist()
    [3.0, 2.0]
    """
    return scan(
        fn,
        sequences,
        non_sequences=non_sequences,
        truncate_gradient=truncate_gradient,
        go_backwards=go_backwards,
        mode=mode,
        name=name,
    )


def reduce(
    fn: Callable[..., Any],
    sequences: Any,
    outputs_info: Any,
    non_sequences: Any = None,
    go_backwards: bool = False,
    mode: Any = None,
    name: str | None = None,
) -> tuple[Any, OrderedUpdates]:
    """`scan`, of which only what the last step gave is returned, and stored.

    Without any step that is the first value, for outputs that have one.

    Parameters are those of `scan`.

    Returns
    -------
    outputs : variable, list of variables, dict of variables, or None
        Of the last step.
    updates : OrderedUpdates

    Examples
    --------
    >>> from bitale_graph import function, reduce
    >>> from bitale_graph import language as T
    >>> x = T.vector("x")
    >>> total, _ = reduce(lambda row, total: total + row, x, 0.0)
    >>> function([x], total)([1.0, 2.0, 3.0]).tolist()
    6.0
    """
    loop = read(fn, sequences, outputs_info, non_sequences, None, go_backwards)
    built = loop.build(stacked=False, name=name or "")
    return loop.arranged(loop.last(built)), updates_of(built)


def foldl(
    fn: Callable[..., Any],
    sequences: Any,
    outputs_info: Any,
    non_sequences: Any = None,
    mode: Any = None,
    name: str | None = None,
) -> tuple[Any, OrderedUpdates]:
    """`reduce` from the first row to the last; its parameters, results and errors."""
    return reduce(fn, sequences, outputs_info, non_sequences, False, mode, name)


def foldr(
    fn: Callable[..., Any],
    sequences: Any,
    outputs_info: Any,
    non_sequences: Any = None,
    mode: Any = None,
    name: str | None = None,
) -> tuple[Any, OrderedUpdates]:
    """`reduce` from the last row to the first; its parameters, results and errors."""
    return reduce(fn, sequences, outputs_info, non_sequences, True, mode, name)
