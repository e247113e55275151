"""Replacing variables in expressions, and in the graphs that ops hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from . import traversal
from .body import Body
from .graph import Apply, Constant, Variable, copied_variable
from .order import toposort

Replacer = Callable[[Variable], Variable]


def map_variables(
    replacer: Replacer, graphs: Iterable[Variable], additional_inputs: Iterable[Variable] = ()
) -> list[Variable]:
    """Expressions made again, with what ``replacer`` gives for each variable.

    Variables in the steps of loops, in branches and in ops made of graphs are replaced as well.
    What replaces them there may depend on variables outside.

    Parameters
    ----------
    replacer : callable
        Takes a variable, whose inputs are replaced already, and gives the one that stands for it:
        itself where nothing is to be done. Names and tags are those of the variable written.
    graphs : iterable of Variable
    additional_inputs : iterable of Variable
        Leaves that the replacements bring; they need not be told.

    Examples
    --------
    >>> from bitale_graph import language as T
    >>> a, b, c = T.dscalars("a", "b", "c")
    >>> ab = a + b
    >>> ab.tag.replacement = a * b
    >>> (u,) = map_variables(lambda v: getattr(v.tag, "replacement", v), [ab + c])
    >>> u.eval({a: 2.0, b: 3.0, c: 4.0})
    array(10.)
    """
    return _mapped(replacer, list(graphs))


def _mapped(replacer: Replacer, outputs: Sequence[Variable]) -> list[Variable]:
    memo: dict[Variable, Variable] = {}

    def of(v: Variable) -> Variable:
        if v not in memo:
            memo[v] = replacer(v)
        return memo[v]

    for node in toposort(outputs):
        inputs = [of(v) for v in node.inputs]
        made = _with_bodies(node, inputs, replacer)
        if made is node and any(a is not b for a, b in zip(inputs, node.inputs, strict=True)):
            made = node.clone_with_new_inputs(inputs)
        for old, new in zip(node.outputs, made.outputs, strict=True):
            memo[old] = replacer(new)
    return [of(v) for v in outputs]


def _with_bodies(node: Apply, inputs: Sequence[Variable], replacer: Replacer) -> Apply:
    """The node with replaced graphs; itself if nothing in them was replaced."""
    bodies = node.op.bodies
    results = [_mapped(replacer, body.outputs) for body in bodies]
    results = [
        traversal.graph_replace(result, body.written)
        for result, body in zip(results, bodies, strict=True)
    ]
    changed = [
        any(new is not old for new, old in zip(result, body.outputs, strict=True))
        for result, body in zip(results, bodies, strict=True)
    ]
    if not any(changed):
        return node
    own = {v for body in bodies for v in body.inputs}
    foreign = dict.fromkeys(
        v
        for result in results
        for v in traversal.leaves(result)
        if v not in own and not isinstance(v, Constant)
    )
    made = []
    for body, result in zip(bodies, results, strict=True):
        # Bodies read what stands last among the inputs; what is new comes after it.
        copies = {v: copied_variable(v) for v in foreign}
        made.append(Body([*body.inputs, *copies.values()], traversal.graph_replace(result, copies)))
    op: Any = node.op.with_bodies(tuple(made))
    new: Apply = op.make_node(*inputs, *foreign)
    for a, b in zip(new.outputs, node.outputs, strict=True):
        a.name, a._tag = b.name, b._tag
    return new
