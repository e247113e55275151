"""What `DebugMode` does with a function: one call is a run as written, and all checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..base import trace as tracing
from ..base.config import config
from ..compile.function import Function, function
from ..compile.linkers import linkers
from ..compile.maker import FunctionMaker
from ..compile.mode import Mode
from ..compile.numpy_linker import NumpyProgram
from ..core.flat import flatten, structure
from ..core.function_graph import FunctionGraph
from ..core.lazy import make_lazy
from ..core.run import run_all, watched
from ..debug.watching import silenced
from .agreement import Failed
from .compiled_nodes import CompiledNodes, check_whole
from .debug_errors import StochasticOrder
from .op_checks import OpChecks
from .tracked_values import TrackedValues


@dataclass(frozen=True)
class Settings:
    """What is checked, from the mode and the flags."""

    patience: int
    check_c: bool
    check_py: bool
    finite: bool
    layouts: tuple[str, ...]
    strides: int

    @classmethod
    def of(cls, mode: Any) -> Settings:
        """The mode's own, and else what the flags say."""
        flags = config.DebugMode

        def either(own: Any, flag: Any) -> Any:
            return flag if own is None else own

        texts = tuple(filter(None, flags.check_preallocated_output.split(":")))
        return cls(
            max(1, either(mode.stability_patience, flags.patience)),
            either(mode.check_c_code, flags.check_c),
            either(mode.check_py_code, flags.check_py),
            either(mode.check_isfinite, flags.check_finite),
            either(mode.check_preallocated_output, texts),
            either(mode.require_matching_strides, flags.check_strides),
        )


class DebugLinker:
    """Makes functions that check themselves."""

    name = "debug"
    rank = 0

    def link(self, maker: FunctionMaker) -> DebugProgram:
        """Rewrite the graph as often as is asked for, and see that it comes out the same."""
        return DebugProgram(maker)


class DebugProgram(NumpyProgram):
    """A function that checks, in every call, all that the call relies on."""

    runs_rewritten = False  # what is written comes first

    def __init__(self, maker: FunctionMaker) -> None:
        # What another release made of it would be taken for a rewriter that cannot decide.
        maker.forget_rewritten()
        super().__init__(maker)
        self._place = tracing.capture()
        mode: Any = maker.mode
        self.settings = Settings.of(mode)
        self.written = maker.written.clone()
        make_lazy(self.written)
        for _ in range(self.settings.patience - 1):
            self._rewritten_again()
        self.is_strict = getattr(mode.find_rewriter(), "keeps_every_number", lambda reason: False)
        self._device = maker.device
        self._nodes: list[CompiledNodes] | None = None
        self._whole: dict[str, Function] = {}

    def results(self, values: list[Any]) -> list[Any]:
        """Run what is written, then check rewrites, then compiled code."""
        settings = self.settings
        checks = OpChecks(settings.finite, settings.layouts) if settings.check_py else None
        if checks is not None:
            checks.begin_call(self.written, values)
        with watched(checks):
            run_all(self.written, values)
        with silenced(), watched(None):
            results = self._rewritten_results(values)
            if settings.check_c:
                self._check_compiled(values)
        return results

    def _rewritten_results(self, values: Sequence[Any]) -> list[Any]:
        """Check each rewrite on these values, and give those of what they lead to."""
        tracked = TrackedValues(values, self.is_strict)
        try:
            graph = self._rewritten_again(tracked)
        finally:
            if tracked.found:
                raise tracked.found[0]
        results = [tracked.value(v) for v in graph.outputs]
        for x in results:
            if isinstance(x, Failed):
                raise x.error
        return results

    def _rewritten_again(self, *features: TrackedValues) -> FunctionGraph:
        """Rewrite what is written, and see that it comes to the graph that it came to at first."""
        # Texts of checks have the place where the function was made.
        with tracing.inherited(self._place):
            graph = self.maker.rewritten(*features)
        self._compare_graph(graph)
        return graph

    def _compare_graph(self, graph: FunctionGraph) -> None:
        first, second = (structure(flatten(g.inputs, g.outputs)) for g in (self.graph, graph))
        if first == second:
            return
        orders = [list(map(str, g.toposort())) for g in (self.graph, graph)]
        apart = [f"{a}\n  then: {b}" for a, b in zip(*orders, strict=False) if a != b][:1]
        raise StochasticOrder(
            f"rewriting {self.maker.name!r} once more gave another graph, of "
            f"{len(orders[1])} nodes where it had {len(orders[0])}"
            + "".join(f"; the first that differs:\n  first: {text}" for text in apart)
        )

    def _check_compiled(self, values: Sequence[Any]) -> None:
        ways = [("C", Mode("c", "None", device="cpu"))] if "c" in linkers() else []
        device = self._device
        if device != "cpu" and "cuda" in linkers():
            ways.append((f"the device {device}", Mode("auto", "None", device=device)))
        if self._nodes is None:
            self._nodes = [CompiledNodes(self.graph, mode, way) for way, mode in ways]
        for nodes in self._nodes:
            computed = nodes.check(values, self.settings.strides)
            if nodes.way not in self._whole:
                graph = self.graph
                self._whole[nodes.way] = function(
                    graph.inputs, graph.outputs, mode=nodes.mode, on_unused_input="ignore"
                )
            check_whole(self.graph, self._whole[nodes.way], values, computed, nodes.way)
