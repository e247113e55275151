"""Copies of graphs, with parts of them replaced."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from . import traversal
from .graph import Constant, Variable
from .order import toposort
from .walks import inputs


def clone(
    i: Sequence[Variable], o: Sequence[Variable], copy_inputs: bool = True
) -> tuple[list[Variable], list[Variable]]:
    """Copies of a graph's inputs (themselves unless ``copy_inputs``) and outputs."""
    equiv = clone_get_equiv(i, o, copy_inputs, copy_inputs)
    return [equiv[v] for v in i], [equiv[v] for v in o]


def clone_get_equiv(
    inputs: Iterable[Variable],
    outputs: Sequence[Variable],
    copy_inputs: bool = True,
    copy_orphans: bool = True,
    memo: dict[Any, Any] | None = None,
) -> dict[Any, Any]:
    """Copy a graph, and give the map from its variables and nodes to their copies.

    Parameters
    ----------
    inputs, outputs : sequences of Variable
    copy_inputs : bool
        Whether the inputs are copied, or stand for themselves.
    copy_orphans : bool
        The same of other leaves. A copy of a shared variable has the storage of the first.
    memo : dict, optional
        What is copied already; it is changed.
    """
    found: dict[Any, Any] = {} if memo is None else memo
    for v in inputs:
        found.setdefault(v, v.clone() if copy_inputs else v)

    def leaf(v: Variable) -> Variable:
        if v not in found:
            found[v] = v.clone() if copy_orphans else v
        copied: Variable = found[v]
        return copied

    for node in toposort(outputs, stop_at=found):
        made = node.clone_with_new_inputs([leaf(v) for v in node.inputs])
        found[node] = made
        for old, new in zip(node.outputs, made.outputs, strict=True):
            found.setdefault(old, new)
    for v in outputs:
        leaf(v)
    return found


def clone_replace(
    output: Any, replace: Any = None, strict: bool = True, share_inputs: bool = True
) -> Any:
    """A copy of expressions, with some variables in them replaced.

    Parameters
    ----------
    output : Variable, or list, tuple or dict of them
    replace : mapping or pairs (variable, replacement), optional
        All are replaced at once: what replaces one may hold another, or itself.
    strict : bool
        Whether replacements must have the types of what they replace, but for what is known of
        their lengths. If not, the nodes that read them are made anew.
    share_inputs : bool
        Whether the copy depends on the same leaves. If not they are copied as well; a copy of a
        shared variable has the storage of the first.

    Returns
    -------
    Variable, list, tuple or dict
        In the form of ``output``.

    Raises
    ------
    TypeError
        If ``replace`` holds something else than pairs, or ``strict`` and a type differs.

    Examples
    --------
    >>> from bitale_graph import language as T
    >>> x, y = T.dscalars("x", "y")
    >>> clone_replace(x * 2, {x: x + y}).eval({x: 1.0, y: 2.0})
    array(6.)
    """
    outputs = _listed(output)
    replaced = read_replacements(replace, strict)
    if not share_inputs:
        found = [*traversal.ancestors(outputs, stop_at=replaced), *replaced.values()]
        copies = {v: v.clone() for v in inputs(found) if not isinstance(v, Constant)}
        news = traversal.clone_nodes(list(replaced.values()), copies)
        replaced = {**copies, **{old: news[new] for old, new in replaced.items()}}
    memo = traversal.clone_nodes(outputs, replaced)
    return _formed(output, [memo[v] for v in outputs])


def graph_replace(outputs: Any, replace: Any = None, strict: bool = True) -> Any:
    """Expressions with some variables in them replaced; what is not reached is shared, not copied.

    Parameters
    ----------
    outputs : Variable, or list, tuple or dict of them
    replace : mapping or pairs (variable, replacement), optional
    strict : bool
        Whether it is an error if a variable that is replaced is not in the graph.

    Returns
    -------
    Variable, list, tuple or dict
        In the form of ``outputs``.

    Raises
    ------
    ValueError
        If ``strict`` and something replaced is not found.
    """
    roots = _listed(outputs)
    replaced = read_replacements(replace, strict=False)
    if strict:
        reached = set(traversal.ancestors(roots, stop_at=replaced))
        unused = [v for v in replaced if v not in reached]
        if unused:
            raise ValueError(
                f"graph_replace: not in the graph: {', '.join(map(str, unused))}; pass "
                "strict=False if that is meant"
            )
    return _formed(outputs, traversal.graph_replace(roots, replaced))


def read_replacements(replace: Any, strict: bool) -> dict[Variable, Variable]:
    """Pairs of variables; values become constants of the type of what they replace."""
    pairs = replace.items() if isinstance(replace, Mapping) else replace or ()
    found: dict[Variable, Variable] = {}
    for pair in pairs:
        if not isinstance(pair, (list, tuple)) or len(pair) != 2:
            raise TypeError(f"replacements are pairs (variable, replacement), not {pair!r}")
        old, new = pair
        if not isinstance(old, Variable):
            raise TypeError(f"only variables can be replaced, not {old!r}")
        if strict or not isinstance(new, Variable):
            new = old.type.filter_variable(new)
        found[old] = new
    return found


def _listed(outputs: Any) -> list[Variable]:
    if isinstance(outputs, Mapping):
        found = list(outputs.values())
    else:
        found = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
    for v in found:
        if not isinstance(v, Variable):
            raise TypeError(f"expected variables, and got {v!r}")
    return found


def _formed(like: Any, found: list[Variable]) -> Any:
    if isinstance(like, Mapping):
        return dict(zip(like, found, strict=True))
    if isinstance(like, tuple):
        return tuple(found)
    return found if isinstance(like, list) else found[0]
