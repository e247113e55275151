"""Whether expressions compute the same, by the same ops in the same order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .copying import read_replacements
from .graph import Constant, Variable
from .order import toposort
from .traversal import graph_replace


def equal_computations(
    xs: Sequence[Any],
    ys: Sequence[Any],
    in_xs: Sequence[Variable] | None = None,
    in_ys: Sequence[Variable] | None = None,
) -> bool:
    """Whether ``xs`` and ``ys`` are computed in the same way.

    Parameters
    ----------
    xs, ys : sequences of Variable
    in_xs, in_ys : sequences of Variable, optional
        Variables that stand for one another; other leaves must be the same, and constants equal.

    Raises
    ------
    ValueError
        If there are more on one side than on the other.
    """
    given = [list(in_xs or ()), list(in_ys or ())]
    for what, one, other in (("xs and ys", xs, ys), ("in_xs and in_ys", *given)):
        if len(one) != len(other):
            raise ValueError(
                f"equal_computations: {what} must be as many, and are {len(one)} and {len(other)}"
            )
    if any(x.type != y.type for x, y in zip(*given, strict=True)):
        return False
    # Expressions that compute the same have one number, whichever graph they are of.
    numbers: dict[object, int] = {}
    return _numbers(xs, given[0], numbers) == _numbers(ys, given[1], numbers)


def _numbers(
    outputs: Sequence[Any], given: Sequence[Variable], numbers: dict[object, int]
) -> list[int]:
    known: dict[Variable, int] = {}

    def number(key: object) -> int:
        return numbers.setdefault(key, len(numbers))

    for i, v in enumerate(given):
        known.setdefault(v, number(("given", i)))

    def of(v: Variable) -> int:
        if v not in known:
            key = v.signature() if isinstance(v, Constant) else v
            known[v] = number(("leaf", key))
        return known[v]

    for node in toposort(outputs, stop_at=known):
        read = tuple(map(of, node.inputs))
        for i, v in enumerate(node.outputs):
            known.setdefault(v, number((node.op, read, i)))
    return [of(v) for v in outputs]


def is_same_graph(var1: Variable, var2: Variable, givens: Any = None) -> bool:
    """Whether two variables are computed in the same way from the same leaves.

    Parameters
    ----------
    var1, var2 : Variable
    givens : mapping or pairs (variable, replacement), optional
        What is replaced in both before they are compared.
    """
    replaced = read_replacements(givens, strict=False)
    one, other = graph_replace([var1, var2], replaced)
    return equal_computations([one], [other])
