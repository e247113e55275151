"""Finding the node by which a call came to fail, or to give NaN: `Function.debug`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..base import trace as tracing
from ..base.errors import where_made
from ..compile.arguments import MISSING
from ..compile.binding import bind
from ..compile.maker import FunctionMaker
from ..core.function_graph import FunctionGraph
from ..core.graph import Apply, Variable
from ..core.lazy import make_lazy
from ..core.results import result_of
from ..core.run import Watch, run_all, watched
from .bad_numbers import contains_inf, contains_nan, is_not_finite

Test = Callable[[Any], bool]


@dataclass(frozen=True, eq=False)
class BadNode:
    """What made a call fail, or give NaN or infinity, first.

    Attributes
    ----------
    what : str
        ``"NaN"``, ``"infinity"``, or the class of the error.
    node : Apply or None
        None where an input of the function had it already.
    variable : Variable
        What is bad: an output of the node, or an input of the function.
    inputs, outputs : list
        The values of the node's inputs, and of its outputs (none where it failed).
    index : int
        The place of the node among those that are run.
    loops : tuple of (Apply, int)
        The loops and branches around it, the outermost first, each with the step.
    error : Exception or None
    cause : BadNode or None
        Of a NaN that was made of an infinity: where that came from. Of an error: where NaN or
        infinity among the inputs of the node came from.
    is_rewritten : bool
        Whether the node is of the rewritten graph, and not of what was written.
    """

    what: str
    node: Apply | None
    variable: Variable
    inputs: list[Any] = field(default_factory=list)
    outputs: list[Any] = field(default_factory=list)
    index: int = -1
    loops: tuple[tuple[Apply, int], ...] = ()
    error: Exception | None = None
    cause: BadNode | None = None
    is_rewritten: bool = False

    def __str__(self) -> str:
        if self.node is None:
            place = where_made(self.variable)
            made = f", made at {place}" if place else ""
            return f"{self.what} is in the input {self.variable}{made}, before any node has run"
        name = f" ({self.variable.name!r})" if self.variable.name else ""
        verb = "first raised by" if self.error is not None else "first made by"
        lines = [f"{self.what} {verb} {self.node}{name}, node {self.index} in the order"]
        for loop, step in reversed(self.loops):
            lines.append(f"  in step {step} of {loop}")
        if self.error is not None:
            lines.append(f"  {str(self.error).splitlines()[0]}")
        for v, x in zip(self.node.inputs, self.inputs, strict=True):
            lines.append(f"  input {v}: {_shown(x)}")
        for v, x in zip(self.node.outputs, self.outputs, strict=False):
            lines.append(f"  output {v}: {_shown(x)}")
        if self.is_rewritten:
            lines.append("  the node is of the rewritten graph; as written there is nothing bad")
        if self.node.trace:
            lines += ["The node was made here (innermost call last):"]
            lines += [tracing.text(self.node.trace)]
        if self.cause is not None:
            lines += [
                "It was made of an infinity:"
                if self.error is None
                else f"Its inputs have {self.cause.what} from here:",
                str(self.cause),
            ]
        return "\n".join(lines)

    __repr__ = __str__


def _shown(x: Any) -> str:
    """A value in a line."""
    if not isinstance(x, np.ndarray):
        return repr(x)[:200]
    text = f"{x.dtype} of shape {x.shape}"
    if x.size <= 8:
        return f"{text}: {x.tolist()}"
    if x.dtype.kind not in "fc":
        return text
    finite = np.abs(x[np.isfinite(x)])
    most = f"; finite up to {finite.max():.3g} in size" if finite.size else ""
    return f"{text}: {np.isnan(x).sum()} NaN, {np.isinf(x).sum()} infinite of {x.size}{most}"


class _Origins(Watch):
    """Remembers by which node each variable became bad."""

    def __init__(self, graph: FunctionGraph, what: str, test: Test) -> None:
        self.graph, self.what, self.test = graph, what, test
        self.found: dict[Variable, BadNode] = {}
        self.failed: BadNode | None = None
        # Of loops and branches, whose variables have a value for each step: the first of each.
        self._inside: dict[Variable, BadNode] = {}
        self._steps: Counter[Any] = Counter()
        self._around: list[Apply] = []

    def begin(self, graph: Any, given: Sequence[Any]) -> None:
        self._steps[graph] += 1
        if graph is self.graph:
            for v, x in zip(graph.inputs, given, strict=True):
                if self.test(x):
                    self.found[v] = BadNode(self.what, None, v)

    def run(self, graph: Any, index: int, node: Apply, inputs: list[Any]) -> list[Any]:
        bodies = [body.graph for body in node.op.bodies]
        for body in bodies:
            self._steps[body] = 0
            for v in body.outputs:
                self._inside.pop(v, None)
        self._around.append(node)
        try:
            results = result_of(node, inputs)
        except Exception as error:
            if self.failed is None:
                failed = self._born(graph, index, node, node.outputs[0], inputs, [], error)
                known = (self.found[u] for u in node.inputs if u in self.found)
                self.failed = replace(failed, cause=next(known, None))
            raise
        finally:
            self._around.pop()
        for v, x in zip(node.outputs, results, strict=True):
            self._note(graph, index, node, v, x, inputs, results)
        return results

    def _note(
        self, graph: Any, index: int, node: Apply, v: Variable, x: Any, inputs: Any, results: Any
    ) -> None:
        """Say where a result has its bad numbers from, if it has any."""
        self.found.pop(v, None)
        if not self.test(x):
            return
        passed = [u for u, given in zip(node.inputs, inputs, strict=True) if self.test(given)]
        known = [self.found[u] for u in passed if u in self.found]
        inner = [self._inside[o] for b in node.op.bodies for o in b.outputs if o in self._inside]
        if known:
            self.found[v] = known[0]
        elif inner:
            self.found[v] = inner[0]
        elif not passed:
            self.found[v] = self._born(graph, index, node, v, inputs, results)
        if graph is not self.graph and v in self.found and v in graph.outputs:
            self._inside.setdefault(v, self.found[v])

    def _born(
        self,
        graph: Any,
        index: int,
        node: Apply,
        v: Variable,
        inputs: list[Any],
        results: list[Any],
        error: Exception | None = None,
    ) -> BadNode:
        around = [one for one in self._around if one is not node]
        loops = tuple((one, max(self._steps[b.graph] for b in one.op.bodies) - 1) for one in around)
        what = self.what if error is None else type(error).__name__
        return BadNode(what, node, v, list(inputs), list(results), index, loops, error)


def find_bad(
    maker: FunctionMaker, args: Sequence[Any], keywords: dict[str, Any], nan: bool, inf: bool
) -> BadNode | None:
    """The node by which a call with these arguments goes wrong; None if it does not.

    What was written is looked at first, for its nodes are the user's; but only if the rewritten
    graph goes wrong too, which is what calls run.
    """
    given = _given(maker, args, keywords)
    for what, test in [("NaN", contains_nan)] * nan + [("infinity", contains_inf)] * inf:
        rewritten = _bad_in(maker.fgraph, given, what, test)
        if rewritten is None:
            continue
        written = bad_as_written(maker, given, what, test)
        return written or replace(rewritten, is_rewritten=True)
    return None


def bad_as_written(
    maker: FunctionMaker, given: Sequence[Any], what: str, test: Test
) -> BadNode | None:
    """The first node by which what was written goes wrong on these values of its inputs."""
    graph = maker.written.clone()
    make_lazy(graph)
    return _bad_in(graph, given, what, test)


def _given(maker: FunctionMaker, args: Sequence[Any], keywords: dict[str, Any]) -> list[Any]:
    """The values of the graph's inputs in a call, of which the state is left as it is."""
    parameters = maker.parameters
    state = [container.read() for container in maker.containers]
    given = []
    for p, x in zip(parameters, bind(maker.name, parameters, args, keywords), strict=True):
        if p.state is None:
            given.append(p.filter(x))
        elif x is not MISSING:
            state[p.state] = p.filter(x)
    return [*given, *state]


def _bad_in(graph: FunctionGraph, given: Sequence[Any], what: str, test: Test) -> BadNode | None:
    found = _origin_in(graph, given, what, test, graph.outputs)
    if found is not None and found.error is not None and found.cause is None and what == "NaN":
        # It may have failed of an infinity.
        return _origin_in(graph, given, "infinity", contains_inf, graph.outputs)
    if found is not None and found.node is not None and found.error is None:
        bad = [v for v, x in zip(found.node.inputs, found.inputs, strict=True) if contains_inf(x)]
        if bad and not found.loops and what == "NaN":
            cause = _origin_in(graph, given, "infinity", is_not_finite, bad)
            return replace(found, cause=cause)
    return found


def _origin_in(
    graph: FunctionGraph, given: Sequence[Any], what: str, test: Test, of: Sequence[Variable]
) -> BadNode | None:
    """Where the first bad one of some variables has that from, or what failed before."""
    watch = _Origins(graph, what, test)
    try:
        with watched(watch), np.errstate(all="ignore"):
            run_all(graph, given)
    except Exception:
        if watch.failed is None:
            raise
        return watch.failed
    return next((watch.found[v] for v in of if v in watch.found), None)
