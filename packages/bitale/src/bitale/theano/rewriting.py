"""Rewrites written for Theano: of one node, of a whole graph, by patterns.

They run among bitale's own: of one node as rules of a phase, of a graph as passes. A rewrite of one
node returns False or None (nothing to do), a list with a variable for each output, or a mapping.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from bitale_graph import Constant, FunctionGraph, Mode, Op, Variable
from bitale_graph.extend import Apply
from bitale_graph.graphs import ReplaceValidate
from bitale_optimize import RewriteContext, Rule
from bitale_optimize.passes.merge import merge

from .attributes import rewritten

_numbers = itertools.count()


class Optimizer:
    """A rewrite of a whole graph: subclasses write ``apply(fgraph)``."""

    name: str | None = None

    def add_requirements(self, fgraph: Any) -> None:
        """Attach what `apply` needs."""

    def apply(self, fgraph: Any, *args: Any, **keywords: Any) -> Any:
        """Rewrite the graph in place."""
        raise TypeError(f"{type(self).__name__} does not define apply(fgraph)")

    def optimize(self, fgraph: Any, *args: Any, **keywords: Any) -> Any:
        """Attach what is needed, and rewrite."""
        _with_validation(fgraph)
        self.add_requirements(fgraph)
        return self.apply(fgraph, *args, **keywords)

    def __call__(self, fgraph: Any) -> Any:
        """`optimize`."""
        return self.optimize(fgraph)


def _with_validation(fgraph: Any) -> None:
    if not hasattr(fgraph, "replace_validate"):
        fgraph.attach_feature(ReplaceValidate())


class FromFunctionOptimizer(Optimizer):
    """The rewrite of a graph that a function does."""

    def __init__(self, fn: Callable[..., Any], requirements: Iterable[Any] = ()) -> None:
        self.apply = fn  # type: ignore[method-assign]
        self.requirements = tuple(requirements)
        self.name = self.__name__ = fn.__name__

    def add_requirements(self, fgraph: Any) -> None:
        for requirement in self.requirements:
            requirement(fgraph)


def optimizer(f: Callable[..., Any]) -> FromFunctionOptimizer:
    """Decorate a function of a graph: a rewrite of it."""
    return FromFunctionOptimizer(f)


inplace_optimizer = optimizer


class LocalOptimizer:
    """A rewrite of one node: subclasses write ``transform(node)``, and may write ``tracks()``."""

    name: str | None = None

    def tracks(self) -> Sequence[Any] | None:
        """The ops, or classes of ops, of the nodes that it is shown; None: all."""
        return None

    def transform(self, node: Apply) -> Any:
        """What replaces the outputs of ``node``."""
        raise TypeError(f"{type(self).__name__} does not define transform(node)")

    def add_requirements(self, fgraph: Any) -> None:
        """Attach what `transform` needs."""


class FromFunctionLocalOptimizer(LocalOptimizer):
    """The rewrite of a node that a function does."""

    def __init__(
        self,
        fn: Callable[[Apply], Any],
        tracks: Sequence[Any] | None = None,
        requirements: Iterable[Any] = (),
    ) -> None:
        self.transform = fn  # type: ignore[assignment,method-assign]
        self._tracks = tracks
        self.requirements = tuple(requirements)
        self.name = self.__name__ = fn.__name__

    def tracks(self) -> Sequence[Any] | None:
        return self._tracks


def local_optimizer(
    tracks: Sequence[Any] | None, inplace: bool = False, requirements: Iterable[Any] = ()
) -> Callable[[Callable[[Apply], Any]], FromFunctionLocalOptimizer]:
    """Decorate a function of a node: a rewrite of nodes with the ops of ``tracks``.

    Raises
    ------
    ValueError
        For an empty list of ops.
    """
    if tracks is not None and not list(tracks):
        raise ValueError("the list of ops that a rewrite is shown is empty; None stands for all")
    return lambda f: FromFunctionLocalOptimizer(f, tracks, requirements)


class LocalOptGroup(LocalOptimizer):
    """Several rewrites of a node: the first that applies."""

    def __init__(self, *optimizers: Any, **_: Any) -> None:
        self.opts = [_local(one) for one in optimizers]

    def transform(self, node: Apply) -> Any:
        shown = (one for one in self.opts if _meets(one, node.op))
        return next((new for one in shown if (new := one.transform(node))), False)


class OpSub(LocalOptimizer):
    """One op in the place of another, on the same inputs."""

    def __init__(self, op1: Op, op2: Op, transfer_tags: bool = True) -> None:
        self.op1, self.op2 = op1, op2

    def tracks(self) -> Sequence[Any]:
        return [self.op1]

    def transform(self, node: Apply) -> Any:
        if node.op != self.op1:
            return False
        made: Any = self.op2(*node.inputs)
        return list(made) if isinstance(made, (list, tuple)) else [made]


class OpRemove(LocalOptimizer):
    """The inputs of an op in the place of its outputs."""

    def __init__(self, op: Op) -> None:
        self.op = op

    def tracks(self) -> Sequence[Any]:
        return [self.op]

    def transform(self, node: Apply) -> Any:
        return list(node.inputs) if node.op == self.op else False


class PatternSub(LocalOptimizer):
    """A pattern that is found, and one that is put in its place.

    A pattern is a tuple of an op and patterns for its inputs; a text, which stands for any variable
    (the same one wherever it is repeated); a number or a constant; or a mapping with the keys
    ``"pattern"`` and ``"constraint"``, a function that tells whether a variable will do.
    """

    def __init__(
        self,
        in_pattern: Any,
        out_pattern: Any,
        allow_multiple_clients: bool = False,
        skip_identities_fn: Callable[[Variable], Variable | None] | None = None,
        name: str | None = None,
        **_: Any,
    ) -> None:
        if not isinstance(in_pattern, (tuple, list, dict)):
            raise TypeError(f"what is found is a tuple of an op and patterns, not {in_pattern!r}")
        self.in_pattern, self.out_pattern = in_pattern, out_pattern
        self.allow_multiple_clients = allow_multiple_clients
        self.skip_identities_fn = skip_identities_fn
        first = in_pattern["pattern"] if isinstance(in_pattern, dict) else in_pattern
        self.op = first[0]
        self.name = self.__name__ = name or f"{in_pattern} -> {out_pattern}"

    def tracks(self) -> Sequence[Any]:
        return [self.op]

    def transform(self, node: Apply) -> Any:
        if len(node.outputs) != 1:
            return False
        found: dict[str, Variable] = {}
        if not self._matches(self.in_pattern, node.outputs[0], found):
            return False
        made = self._made(self.out_pattern, found)
        if not isinstance(made, Variable):
            made = node.outputs[0].type.make_constant(
                np.asarray(made, getattr(node.outputs[0].type, "dtype", None))
            )
        return [made]

    def _matches(self, pattern: Any, variable: Variable, found: dict[str, Variable]) -> bool:
        if isinstance(pattern, dict):
            return bool(
                self._matches(pattern["pattern"], variable, found)
                and pattern.get("constraint", lambda _: True)(variable)
            )
        if isinstance(pattern, str):
            return found.setdefault(pattern, variable) is variable
        if isinstance(pattern, (tuple, list)):
            return self._matches_op(pattern, variable, found)
        if isinstance(pattern, Constant):
            return isinstance(variable, Constant) and pattern.equals(variable)
        return isinstance(variable, Constant) and bool(np.all(variable.data == pattern))

    def _matches_op(
        self, pattern: Sequence[Any], variable: Variable, found: dict[str, Variable]
    ) -> bool:
        node = variable.owner
        if node is None or node.op != pattern[0] or len(node.inputs) != len(pattern) - 1:
            skip = self.skip_identities_fn
            inner = skip(variable) if skip else None
            return inner is not None and self._matches_op(pattern, inner, found)
        return all(
            self._matches(inner, given, found)
            for inner, given in zip(pattern[1:], node.inputs, strict=True)
        )

    def _made(self, pattern: Any, found: dict[str, Variable]) -> Any:
        if isinstance(pattern, str):
            return found[pattern]
        if isinstance(pattern, (tuple, list)):
            return pattern[0](*(self._made(inner, found) for inner in pattern[1:]))
        return pattern


def _local(one: Any) -> Any:
    if not hasattr(one, "transform"):
        raise TypeError(
            f"{one!r} is no rewrite of a node; decorate a function with local_optimizer([ops])"
        )
    return one


def _meets(local: Any, op: Op) -> bool:
    tracks = local.tracks()
    return tracks is None or any(
        isinstance(op, track) if isinstance(track, type) else op == track for track in tracks
    )


def _install(fgraph: Any, node: Apply, given: Any, reason: Any) -> bool:
    """Put what a rewrite of a node gave into a graph; whether it changed."""
    if given is None or given is False:
        return False
    if isinstance(given, Variable):
        given = [given]
    items = given.items() if isinstance(given, dict) else zip(node.outputs, given, strict=True)
    pairs = [
        (old, new)
        for old, new in items
        if old in fgraph.clients and new is not None and new is not old
    ]
    if pairs:
        fgraph.replace_all_validate(pairs, reason)
    return bool(pairs)


class NavigatorOptimizer(Optimizer):
    """Rewrites of nodes over a graph, once at each node."""

    order = "in_to_out"

    def __init__(self, *local_opts: Any, order: str | None = None, **keywords: Any) -> None:
        given = keywords.pop("optimizers", local_opts)
        given = list(given) if isinstance(given, (list, tuple)) else [given]
        if isinstance(keywords.get("local_opt"), LocalOptimizer):
            given.append(keywords["local_opt"])
        if len(given) == 2 and given[1] in ("in_to_out", "out_to_in"):  # as Theano has it
            order = given.pop()
        if len(given) == 1 and isinstance(given[0], (list, tuple)):
            given = given[0]
        self.local_optimizers = [_local(one) for one in given if hasattr(one, "transform")]
        self.final_optimizers = [one for one in given if not hasattr(one, "transform")]
        for name in ("final_optimizers", "cleanup_optimizers"):
            self.final_optimizers += keywords.get(name) or ()
        self.order = order or self.order
        self.name = keywords.get("name")

    def apply(self, fgraph: Any, *args: Any, **keywords: Any) -> Any:
        self._once(fgraph)

    def _once(self, fgraph: Any) -> bool:
        changed = False
        nodes = fgraph.toposort()
        for node in nodes if self.order == "in_to_out" else reversed(nodes):
            for one in self.local_optimizers:
                if node in fgraph.apply_nodes and _meets(one, node.op):
                    changed |= _install(fgraph, node, one.transform(node), one)
        return changed


class TopoOptimizer(NavigatorOptimizer):
    """`NavigatorOptimizer` of one rewrite, in an order: ``in_to_out`` or ``out_to_in``."""


class OpKeyOptimizer(NavigatorOptimizer):
    """`NavigatorOptimizer` of one rewrite, which tells its op."""


class EquilibriumOptimizer(NavigatorOptimizer):
    """Rewrites of nodes and of the graph until nothing changes."""

    def __init__(
        self, optimizers: Sequence[Any], max_use_ratio: float | None = None, **keywords: Any
    ) -> None:
        super().__init__(*optimizers, **keywords)
        self.max_use_ratio = 8.0 if max_use_ratio is None else max_use_ratio

    def apply(self, fgraph: Any, *args: Any, **keywords: Any) -> Any:
        for _ in range(int(self.max_use_ratio * (len(fgraph.apply_nodes) + 50))):
            changed = self._once(fgraph)
            for one in self.final_optimizers:
                before = set(fgraph.apply_nodes)
                one.optimize(fgraph)
                changed |= before != set(fgraph.apply_nodes)
            if not changed:
                return


def in2out(*local_opts: Any, **keywords: Any) -> TopoOptimizer:
    """Rewrites of nodes, from the inputs on."""
    return TopoOptimizer(LocalOptGroup(*local_opts), name=keywords.get("name"))


def out2in(*local_opts: Any, **keywords: Any) -> TopoOptimizer:
    """Rewrites of nodes, from the outputs back."""
    group = LocalOptGroup(*local_opts)
    return TopoOptimizer(group, order="out_to_in", name=keywords.get("name"))


class SeqOptimizer(Optimizer, list[Any]):
    """Rewrites of a graph, one after the other."""

    def __init__(self, *opts: Any, **_: Any) -> None:
        one = opts[0] if len(opts) == 1 and isinstance(opts[0], (list, tuple)) else opts
        list.__init__(self, one)

    def apply(self, fgraph: Any, *args: Any, **keywords: Any) -> Any:
        for one in self:
            one.optimize(fgraph)

    __hash__ = object.__hash__  # type: ignore[assignment]


class MergeOptimizer(Optimizer):
    """Computes once what is the same."""

    def apply(self, fgraph: FunctionGraph, *args: Any, **keywords: Any) -> Any:
        merge(fgraph, RewriteContext(fgraph, Mode()))


def copy_stack_trace(from_var: Any, to_var: Any) -> Any:
    """Give expressions the place in the program where another was made."""
    first = from_var[0] if isinstance(from_var, (list, tuple)) else from_var
    for one in to_var if isinstance(to_var, (list, tuple)) else [to_var]:
        if one.owner is not None and first.owner is not None:
            one.owner.trace = first.owner.trace
    return to_var


def rule_of(local: Any, name: str) -> Rule:
    """A rewrite of a node as a rule of bitale's."""
    tracks = _local(local).tracks()

    def apply(node: Apply, context: RewriteContext) -> Any:
        with rewritten(context.graph):
            given = local.transform(node)
        if given is None or given is False:
            return None
        if isinstance(given, dict):
            return {old: new for old, new in given.items() if isinstance(old, Variable)}
        return given

    return Rule(
        name,
        apply,
        (Op,) if tracks is None else tuple(tracks),
        name,
        "?",
        default=True,
        subclasses=True,
    )


def name_of(local: Any) -> str:
    """The name by which a rewrite is included and excluded."""
    return str(
        getattr(local, "name", None)
        or getattr(local, "__name__", None)
        or f"{type(local).__name__}_{next(_numbers)}"
    )


__all__ = [
    "EquilibriumOptimizer",
    "FromFunctionLocalOptimizer",
    "FromFunctionOptimizer",
    "LocalOptGroup",
    "LocalOptimizer",
    "MergeOptimizer",
    "NavigatorOptimizer",
    "OpKeyOptimizer",
    "OpRemove",
    "OpSub",
    "Optimizer",
    "PatternSub",
    "SeqOptimizer",
    "TopoOptimizer",
    "copy_stack_trace",
    "in2out",
    "inplace_optimizer",
    "local_optimizer",
    "optimizer",
    "out2in",
]
