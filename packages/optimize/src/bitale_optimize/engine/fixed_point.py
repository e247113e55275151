"""Applying rule sets until nothing fires any more, in time proportional to the graph."""

from __future__ import annotations

import warnings
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence

from bitale_graph.extend import (
    Apply,
    Constant,
    Flag,
    FunctionGraph,
    Mode,
    Op,
    Variable,
    config,
    toposort,
    trace,
    where_made,
)

from ..facts.merging import merge_key
from .phases import rules_of_mode
from .rewrite import Replacement, RewriteContext, Rule, RuleSet, brief

PassFunction = Callable[[FunctionGraph, RewriteContext], None]

config.register(
    Flag(
        "on_opt_error",
        "warn",
        "what an exception inside a rewrite rule does; warn skips the rule at that node",
        ("warn", "raise", "ignore"),
    )
)
config.register(
    Flag(
        "max_use_ratio",
        8.0,
        "how often a rewrite rule may fire in one pass, as a multiple of the number of nodes",
    )
)
config.register(
    Flag("optdb.max_use_ratio", 8.0, "another name of max_use_ratio", same_as="max_use_ratio")
)


class RewriteWarning(UserWarning):
    """A rule raised an exception, or kept firing without end."""


def to_fixed_point(*sets: RuleSet) -> PassFunction:
    """The pass that applies the rules of ``sets`` until none fires."""
    dispatch = Dispatch(sets)

    def run(graph: FunctionGraph, context: RewriteContext) -> None:
        FixedPoint(dispatch, graph, context).run()

    run.__doc__ = "; ".join(s.purpose for s in sets)
    run.rule_sets = sets  # type: ignore[attr-defined]  # told for explain
    return run


class Dispatch:
    """For every op the rules that are to meet it, in the order of the sets."""

    def __init__(self, sets: Sequence[RuleSet]) -> None:
        self.sets = sets
        self._tables: dict[
            tuple[object, ...], tuple[list[Rule], dict[object, tuple[Rule, ...]]]
        ] = {}

    def _of_mode(self, mode: Mode, phase: str) -> list[Rule]:
        return rules_of_mode(mode, phase) if mode.own else []

    def table(self, context: RewriteContext) -> Callable[[Op], tuple[Rule, ...]]:
        """Look-up of the active rules of an op; what was found is kept for later graphs."""
        mode = context.mode
        versions = tuple(s.version for s in self.sets)
        if any(key[0] != versions for key in list(self._tables)):
            self._tables.clear()
        asked = versions, mode.include, mode.exclude, mode.require, mode.own
        kept = self._tables.get(asked)
        if kept is None:
            wanted = [
                r
                for s in self.sets
                for r in (*s, *self._of_mode(mode, s.name))
                if context.is_active(r.name, s.name, *r.tags, default=r.default)
                and context.has_required(r.name, s.name, *r.tags)
            ]
            kept = self._tables[asked] = wanted, {}
        active, found = kept
        by_value = any(isinstance(t, Op) for r in active for t in r.tracks)

        def rules_of(op: Op) -> tuple[Rule, ...]:
            if by_value:
                # An op without parameters to compare is met alone, and not worth keeping.
                if op.__props__ is None:
                    return tuple(r for r in active if r.meets(op))
                key: object = op
            else:
                key = (type(op), getattr(op, "scalar_op", None))
            rules = found.get(key)
            if rules is None:
                rules = found[key] = tuple(r for r in active if r.meets(op))
            return rules

        return rules_of


class FixedPoint:
    """One run of a `Dispatch` over a graph: a queue of nodes that are yet to be looked at."""

    def __init__(self, dispatch: Dispatch, graph: FunctionGraph, context: RewriteContext) -> None:
        self.graph = graph
        self.context = context
        self.rules_of = dispatch.table(context)
        nodes = graph.toposort()
        self.queue = deque(nodes)
        self.pending = set(nodes)
        self.known: dict[object, Apply] = {merge_key(node): node for node in nodes}
        self.fired: Counter[str] = Counter()
        self.stopped: set[str] = set()
        # A small graph may grow to several times its size, for good reasons.
        self.limit = int(config.max_use_ratio * (len(nodes) + 50))

    def run(self) -> None:
        """Look at every node, and again at what changed, until the queue is empty."""
        while self.queue:
            node = self.queue.popleft()
            self.pending.discard(node)
            if node in self.graph.apply_nodes:
                self.visit(node)
        if self.stopped:
            warnings.warn(
                f"the pass {self.context.phase!r} was cut short: after firing more than "
                f"{self.limit} times, the rewrite rules {', '.join(sorted(self.stopped))} were "
                "stopped. What is computed is right, but rules that undo each other waste time; "
                "leave one out with Mode.excluding(name)",
                RewriteWarning,
                stacklevel=2,
            )

    def visit(self, node: Apply) -> None:
        """Let an equal node stand for this one, or else try the rules until one fires."""
        context = self.context
        if self.merge(node):
            return
        with trace.inherited(node.trace):
            for rule in self.rules_of(node.op):
                if rule.name in self.stopped:
                    continue
                context.attempts += 1
                pairs = self.attempt(rule, node)
                if context.requeued:
                    for other in context.requeued:
                        self.push(other)
                    context.requeued.clear()
                if pairs:
                    self.install(rule, node, pairs)
                    return

    def merge(self, node: Apply) -> bool:
        """Replace a node by an equal one that was met before.

        Rules look for variables that occur twice.
        """
        key = merge_key(node)
        first = self.known.setdefault(key, node)
        if first is node:
            return False
        # The node met under this key may have gone, or have been given other inputs.
        if first not in self.graph.apply_nodes or merge_key(first) != key:
            self.known[key] = node
            return False
        pairs = [
            (old, new)
            for old, new in zip(node.outputs, first.outputs, strict=False)
            if old in self.graph.clients
        ]
        if not all(old.type.admits(new.type) for old, new in pairs):
            return False
        for old, new in pairs:
            self.context.replace(old, new, "merge")
            for reader, _ in self.graph.clients[new]:
                if isinstance(reader, Apply):
                    self.push(reader)
        return True

    def attempt(self, rule: Rule, node: Apply) -> list[tuple[Variable, Variable]]:
        """What a rule wants replaced, of the right types; an error is told, and stops nothing."""
        try:
            result = rule.apply(node, self.context)
            if result is None:
                return []
            return [
                (old, self.context.fit(old, new))
                for old, new in _pairs(node, result)
                if new is not old
            ]
        except Exception as error:
            policy = config.on_opt_error
            if policy == "raise":
                raise
            if policy == "warn":
                place = where_made(node.outputs[0])
                warnings.warn(
                    f"the rewrite rule {rule.name!r} failed at {brief(node.outputs[0])}"
                    + (f", made at {place}" if place else "")
                    + f": {type(error).__name__}: {error}. The expression is used as it is",
                    RewriteWarning,
                    stacklevel=2,
                )
            return []

    def install(self, rule: Rule, node: Apply, pairs: Sequence[tuple[Variable, Variable]]) -> None:
        """Replace, and look again at what is new and at what reads it."""
        graph = self.graph
        made = toposort([new for _, new in pairs], stop_at=graph.clients)
        for old, new in pairs:
            if old in graph.clients:
                self.context.replace(old, new, rule.name)
        for fresh in made:
            if fresh in graph.apply_nodes and not self.merge(fresh):
                self.push(fresh)
        self.push_last_readers(node)
        for _, new in pairs:
            if not isinstance(new, Constant) and new.owner is not None:
                self.push(new.owner)
            for reader, _ in graph.clients.get(new, ()):
                if isinstance(reader, Apply):
                    self.push(reader)
        self.fired[rule.name] += 1
        if self.fired[rule.name] > self.limit:
            self.stopped.add(rule.name)

    def push_last_readers(self, node: Apply) -> None:
        """Queue nodes that have become the only reader of what a node that has gone read too."""
        stack = [node]
        seen = set()
        while stack:
            gone = stack.pop()
            if gone in self.graph.apply_nodes or gone in seen:
                continue
            seen.add(gone)
            for v in gone.inputs:
                reader = self.context.reader(v)
                if reader is not None:
                    self.push(reader)
                elif v.owner is not None and v not in self.graph.clients:
                    stack.append(v.owner)

    def push(self, node: Apply) -> None:
        """Queue a node, once."""
        if node not in self.pending:
            self.pending.add(node)
            self.queue.append(node)


def _pairs(node: Apply, result: Replacement) -> list[tuple[Variable, Variable]]:
    """Which variable is replaced by which."""
    if isinstance(result, Variable):
        (output,) = node.outputs
        return [(output, result)]
    if isinstance(result, Mapping):
        return list(result.items())
    assert result is not None
    if len(result) != len(node.outputs):
        raise ValueError(
            f"{len(result)} replacements for the {len(node.outputs)} outputs of {node.op}"
        )
    return [(old, new) for old, new in zip(node.outputs, result, strict=False) if new is not None]
