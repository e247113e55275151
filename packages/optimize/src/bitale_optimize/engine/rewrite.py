"""What a rewrite rule is, the sets that rules stand in, and what a rule may ask."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from bitale_graph.extend import (
    Apply,
    Constant,
    Elementwise,
    FunctionGraph,
    Mode,
    Op,
    Output,
    ScalarOp,
    TensorType,
    Variable,
)

from ..facts.checks import Checks
from ..facts.shapes import Shapes
from .fitting import fitted, is_narrower, with_known_lengths

LONGEST_SEARCH = 1000
OVERFLOWS = "range"
"""The tag of rules by which numbers near the largest may become infinite."""
Replacement = Variable | Sequence[Variable | None] | Mapping[Variable, Variable] | None
NodeFunction = Callable[[Apply[Any], "RewriteContext"], Replacement]
Track = type[Op] | Op | ScalarOp


class Changes(enum.Enum):
    """What may differ after a rule has fired."""

    NOTHING = "nothing"
    """Not a bit, rounding of zero's sign aside."""
    ACCURACY = "accuracy"
    """The last digits, or a result that over- or underflowed and now does not."""
    DOMAIN = "domain"
    """An error, a NaN or an infinity may disappear."""


@dataclass(frozen=True, eq=False)
class Rule:
    """One rewrite of one node.

    Parameters
    ----------
    name : str
        By which it is logged, included and excluded; unique in its set.
    apply : callable
        Takes a node and a `RewriteContext`, and gives what replaces the outputs: a variable, one
        for each output (None keeps it), or a mapping from variables of the graph to new ones; None
        where the rule does not apply.
    tracks : tuple
        The nodes that it is shown: op classes, ops, or scalar ops (met at elementwise nodes of
        them). A class stands for itself alone, unless ``subclasses`` is true; `Op` for all.
    before, after : str
        What is found and what replaces it, for readers.
    changes : Changes
    default : bool
        Whether it is active without being included by name.
    overflows : bool
        Whether numbers near the largest may become infinite, or NaN, that were not.
    registered : bool
        Whether a user added it.
    subclasses : bool
        Whether it is right for ops of the classes under those named as well.
    """

    name: str
    apply: NodeFunction
    tracks: tuple[Track, ...]
    before: str
    after: str
    changes: Changes = Changes.NOTHING
    default: bool = True
    overflows: bool = False
    registered: bool = False
    origin: object = None
    subclasses: bool = False

    @property
    def tags(self) -> tuple[str, ...]:
        """By which it is left out together with others: the value of what it changes."""
        changes = () if self.changes is Changes.NOTHING else (self.changes.value,)
        return (*changes, OVERFLOWS) if self.overflows else changes

    def meets(self, op: Op) -> bool:
        """Whether nodes of ``op`` are shown to the rule."""
        for track in self.tracks:
            if isinstance(track, ScalarOp):
                if isinstance(op, Elementwise) and op.scalar_op is track:
                    return True
            elif isinstance(track, type):
                if track in (Op, type(op)) or (self.subclasses and isinstance(op, track)):
                    return True
            elif op == track:
                return True
        return False

    def __str__(self) -> str:
        return f"{self.name}: {self.before} -> {self.after}"


class RuleSet:
    """Rules that are applied together; the earlier of two that fit a node is tried first.

    Parameters
    ----------
    name : str
    purpose : str
        One line for the list of all rewrites.
    """

    def __init__(self, name: str, purpose: str) -> None:
        self.name = name
        self.purpose = purpose
        self.version = 0
        self._rules: dict[str, Rule] = {}

    def add(self, rule: Rule) -> Rule:
        """Put a rule at the end; a second one of the same name is an error."""
        if rule.name in self._rules:
            raise ValueError(f"the rule set {self.name!r} has a rule {rule.name!r} already")
        self._rules[rule.name] = rule
        self.version += 1
        return rule

    def remove(self, name: str) -> None:
        """Take a rule out again; raises `KeyError` if there is none of that name."""
        del self._rules[name]
        self.version += 1

    def rule(
        self,
        *,
        tracks: Iterable[Track],
        before: str,
        after: str,
        changes: Changes = Changes.NOTHING,
        name: str | None = None,
        default: bool = True,
        overflows: bool = False,
        subclasses: bool = False,
    ) -> Callable[[NodeFunction], NodeFunction]:
        """Decorate a function of a node and a context; see `Rule`."""

        def store(function: NodeFunction) -> NodeFunction:
            called = name or getattr(function, "__name__", "rule").lstrip("_")
            facts = (before, after, changes, default, overflows)
            self.add(Rule(called, function, tuple(tracks), *facts, subclasses=subclasses))
            return function

        return store

    def __getitem__(self, name: str) -> Rule:
        return self._rules[name]

    def __contains__(self, name: object) -> bool:
        return name in self._rules

    def __iter__(self) -> Iterator[Rule]:
        # Another thread may add some meanwhile.
        return iter(list(self._rules.values()))

    def __len__(self) -> int:
        return len(self._rules)


@dataclass(frozen=True)
class Firing:
    """One replacement that was made: the rule, the pass, and both expressions in words."""

    rule: str
    phase: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.phase}: {self.rule}: {self.before} -> {self.after}"


class RewriteContext:
    """What passes and rules know beside the node: the graph, the mode, the shapes, and the log.

    Attributes
    ----------
    graph : FunctionGraph
    mode : Mode
    log : list of Firing, or None where none is kept
    phase : str
        The pass that runs now.
    attempts : int
        The work done: how many times a rule was tried on a node, and how many nodes rules that look
        far down have walked over.
    memo : dict
        What rules have found out about the graph as it is now; emptied by every replacement.
    replaced : int
        How many variables were replaced.
    settled : set
        The bodies of loops and conditions that are as simple as they get.
    checks : Checks or None
        What the graph as written checks when it runs.
    is_inside : bool
        Whether the graph is that of a loop or of a branch.
    """

    def __init__(self, graph: FunctionGraph, mode: Mode, log: list[Firing] | None = None) -> None:
        self.graph = graph
        self.mode = mode
        self.log = log
        self.phase = ""
        self.attempts = 0
        self.requeued: list[Apply] = []
        self.memo: dict[object, object] = {}
        self.replaced = 0
        self.settled: set[object] = set()
        self.checks: Checks | None = None
        self.is_inside = False
        self._shapes: Shapes | None = None

    @property
    def shapes(self) -> Shapes:
        """Which lengths are provably equal; made when first asked for."""
        if self._shapes is None:
            self._shapes = Shapes(self.graph.toposort())
        return self._shapes

    def forget(self) -> None:
        """Forget what was found out about the graph, which something else has changed."""
        self.memo.clear()
        self._shapes = None

    def inside(self, graph: FunctionGraph) -> RewriteContext:
        """The context for the graph inside of an op; what is done there goes into the same log."""
        inner = RewriteContext(graph, self.mode, self.log)
        inner.phase = self.phase
        inner.settled = self.settled
        inner.is_inside = True
        return inner

    def is_active(self, name: str, *tags: str, default: bool = True) -> bool:
        """Whether the mode wants the rewrite of this name, which goes before its tags."""
        mode = self.mode
        if name in mode.exclude:
            return False
        return name in mode.include or (default and mode.exclude.isdisjoint(tags))

    def has_required(self, *names: str) -> bool:
        """Whether a rewrite of these names has all that the mode requires."""
        return self.mode.require.issubset(names)

    def requeue(self, node: Apply) -> None:
        """Ask for ``node`` to be met once more, since something far below it has changed."""
        self.requeued.append(node)

    def has_one_reader(self, variable: Variable) -> bool:
        """Whether one input of one node, and no output of the graph, reads ``variable``."""
        return self.reader(variable) is not None

    def reader(self, variable: Variable) -> Apply | None:
        """The only node that reads ``variable``, or None."""
        readers = self.graph.clients.get(variable, {})
        if len(readers) != 1:
            return None
        node = next(iter(readers))[0]
        return None if isinstance(node, Output) else node

    def is_independent(self, variable: Variable, node: Apply) -> bool:
        """Whether ``variable`` is known not to be computed from ``node``, and may replace it.

        What a rule builds of the inputs of a node always is; this is for what it finds elsewhere in
        the graph. After a thousand nodes the search gives up, and says no.
        """
        seen: set[Apply] = set()
        stack = [variable.owner]
        while stack:
            above = stack.pop()
            self.attempts += 1
            if above is None or above in seen:
                continue
            if above is node or len(seen) >= LONGEST_SEARCH:
                return False
            seen.add(above)
            stack.extend(v.owner for v in above.inputs)
        return True

    def fit(self, old: Variable, new: Variable) -> Variable:
        """``new`` with the dtype and shape of ``old``, cast and filled where they differ."""
        kinds = old.type, new.type
        if isinstance(kinds[0], TensorType) and isinstance(kinds[1], TensorType):
            known = kinds[0].dtype == kinds[1].dtype and kinds[0].ndim == kinds[1].ndim
            # An axis of length 1 may stand for one whose length is found to be 1.
            if known and is_narrower(kinds[1], kinds[0]) and self.shapes.same(old, new):
                return with_known_lengths(new, kinds[0])
        return fitted(old, new)

    def replace(self, old: Variable, new: Variable, rule: str) -> None:
        """Replace a variable of the graph, and record by which rule."""
        if self.log is not None:
            self.log.append(Firing(rule, self.phase, brief(old), brief(new)))
        if self._shapes is not None:
            self._shapes.unify(new, old)
        self.memo.clear()
        self.replaced += 1
        self.graph.replace(old, new, rule)

    def replace_output(self, place: int, new: Variable, rule: str) -> None:
        """Give a variable made of an output in the place of that alone."""
        old = self.graph.outputs[place]
        if self.log is not None:
            self.log.append(Firing(rule, self.phase, brief(old), brief(new)))
        self.memo.clear()
        self.replaced += 1
        self.graph.replace_output(place, new, rule)

    def replace_all(self, pairs: Iterable[tuple[Variable, Variable]], rule: str) -> None:
        """Replace several variables."""
        for old, new in pairs:
            self.replace(old, new, rule)


def brief(variable: Variable, depth: int = 4) -> str:
    """The expression in words, cut below ``depth`` levels."""
    node = variable.owner
    if node is None:
        if isinstance(variable, Constant) and not variable.name and np.size(variable.data) == 1:
            return str(np.ravel(variable.data)[0])
        return str(variable)
    if depth == 0:
        return variable.name or "..."
    parts = [brief(v, depth - 1) for v in node.inputs[:6]]
    if len(node.inputs) > 6:
        parts.append("...")
    op: Any = node.op
    if isinstance(op, Elementwise):
        if op.scalar_op.symbol and len(parts) == 2:
            return f"({parts[0]} {op.scalar_op.symbol} {parts[1]})"
        return f"{op.scalar_op.name}({', '.join(parts)})"
    index = f".{variable.index}" if len(node.outputs) > 1 else ""
    return f"{op}({', '.join(parts)}){index}"
