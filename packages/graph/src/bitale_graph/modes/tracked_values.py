"""The values of a graph while it is rewritten: each replacement is checked as it is made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core.features import Feature
from ..core.graph import Apply, Constant, Variable
from ..core.results import result_of
from ..core.run import Watch, watched
from ..core.tree import debugprint
from ..debug.watching import silenced
from ..ops.creation import AllocEmpty
from .agreement import FINITE, SAME, Failed, disagreement, is_identical
from .debug_errors import BadOptimization

Strictness = Callable[[Any], bool]
"""Tells by the name of a rewrite whether NaN and infinities must stay as they are."""


class TrackedValues(Feature):
    """Compares what is replaced with what replaces it, on values of the inputs.

    A value is computed when it is first asked for, from the graph as it is then; what a replacement
    changes, by so much as a bit, is computed again. So each rewrite is held to what it did alone.

    Parameters
    ----------
    given : sequence of values
        For the inputs of the graph.
    is_strict : callable
    found : list
        Where errors are kept as well, as passes may catch them.
    """

    def __init__(
        self,
        given: Sequence[Any],
        is_strict: Strictness,
        found: list[BadOptimization] | None = None,
    ) -> None:
        self.given = list(given)
        self.found = [] if found is None else found
        self.is_strict = is_strict
        self.values: dict[Variable, Any] = {}
        self._checked: tuple[Any, ...] = ()

    def on_attach(self, fgraph: Any) -> None:
        self.values.update(zip(fgraph.inputs, self.given, strict=True))

    def on_prune(self, fgraph: Any, node: Apply, reason: Any) -> None:
        for v in node.outputs:
            self.values.pop(v, None)

    def on_change_input(
        self, fgraph: Any, node: Any, i: int, r: Variable, new_r: Variable, reason: Any = None
    ) -> None:
        # Each reader of a variable is told in turn, and the first has it checked.
        if self._checked != (r, new_r):
            self._checked = (r, new_r)
            self._changed = not self.check(r, new_r, reason)
        if self._changed and isinstance(node, Apply):
            self._forget(fgraph, node)

    def on_body(self, fgraph: Any, node: Apply, body: Any, graph: Any) -> None:
        """Follow the graph of a loop or branch, which is rewritten by itself, on what it is given.

        Of a loop those are the first and the last step.
        """
        inputs = [self.value(v) for v in node.inputs]
        if any(isinstance(x, Failed) for x in inputs):
            return
        for given in steps_of(node, body.graph, inputs):
            graph.attach_feature(TrackedValues(given, self.is_strict, self.found))

    def check(self, old: Variable, new: Variable, reason: Any) -> bool:
        """Whether both have the same value to the last bit.

        Raises
        ------
        BadOptimization
            If they differ by more than rounding.
        """
        before, after = self.value(old), self.value(new)
        if is_identical(before, after):
            return True
        asked = SAME if self.is_strict(reason) else FINITE
        own = getattr(new.tag, "values_eq_approx", None)
        if own is None:
            why = disagreement(old.type, before, after, self._went_in(old, new), asked)
        else:
            why = "" if own(before, after) else "by its tag.values_eq_approx"
        if why:
            old_text, new_text = (str(debugprint(v, depth=8, file="str")) for v in (old, new))
            found = (old, new, before, after, str(reason), old_text, new_text, why)
            self.found.append(BadOptimization(*found))
            raise self.found[-1]
        return False

    def _went_in(self, *variables: Variable) -> list[Any]:
        """The values of the inputs of the nodes that give some variables."""
        nodes = [v.owner for v in variables if v.owner is not None]
        return [self.values[u] for node in nodes for u in node.inputs if u in self.values]

    def _forget(self, graph: Any, node: Apply) -> None:
        """Forget what depends on a node."""
        stack = [node]
        while stack:
            one = stack.pop()
            for v in one.outputs:
                if v in self.values:
                    del self.values[v]
                    stack.extend(r for r, _ in graph.clients.get(v, ()) if isinstance(r, Apply))

    def value(self, variable: Variable) -> Any:
        """The value of a variable; `Failed` where it cannot be computed."""
        stack = [variable]
        while stack:
            v = stack[-1]
            if v in self.values or isinstance(v, Constant):
                if isinstance(v, Constant):
                    self.values[v] = v.data
                stack.pop()
                continue
            node = v.owner
            if node is None:
                self.values[v] = Failed(LookupError(f"{v} is not given"))
                continue
            missing = [u for u in node.inputs if u not in self.values]
            if missing:
                stack += missing
            else:
                self._compute(node)
        return self.values[variable]

    def _compute(self, node: Apply) -> None:
        inputs = [self.values[u] for u in node.inputs]
        failed = next((x for x in inputs if isinstance(x, Failed)), None)
        if failed is not None:
            results: list[Any] = [failed for _ in node.outputs]
        else:
            results = attempt(node, inputs)
        self.values.update(zip(node.outputs, results, strict=True))


def is_any_value(node: Apply) -> bool:
    """Whether a node gives memory as it is, in which anything may stand."""
    return isinstance(node.op, AllocEmpty)


def attempt(node: Apply, inputs: Sequence[Any]) -> list[Any]:
    """The results of a node; `Failed` for all where it raises. Nothing is printed once more."""
    try:
        with np.errstate(all="ignore"), silenced():
            results = result_of(node, inputs)
            # Whatever memory held is another thing each time.
            return list(map(np.zeros_like, results)) if is_any_value(node) else results
    except Exception as error:  # noqa: BLE001 (it stands for the value)
        return [Failed(error) for _ in node.outputs]


class _Steps(Watch):
    def __init__(self, graph: Any) -> None:
        self.graph = graph
        self.first: list[Any] | None = None
        self.last: list[Any] | None = None

    def begin(self, graph: Any, given: Sequence[Any]) -> None:
        if graph is self.graph:
            self.last = list(given)
            self.first = self.first or self.last

    def run(self, graph: Any, index: int, node: Apply, inputs: list[Any]) -> list[Any]:
        results = attempt(node, inputs)
        for x in results:
            if isinstance(x, Failed):
                raise x.error
        return results


def steps_of(node: Apply, graph: Any, inputs: Sequence[Any]) -> list[list[Any]]:
    """What the graph of a loop or branch is given in the first and the last step, if it runs."""
    watch = _Steps(graph)
    with watched(watch):
        attempt(node, inputs)
    if watch.first is None or watch.last is None:
        return []
    return [watch.first] if watch.first is watch.last else [watch.first, watch.last]
