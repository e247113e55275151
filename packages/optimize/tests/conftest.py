"""How the tests of the rewriter rewrite, run and compare."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from bitale_graph import FunctionGraph, Mode, config, function
from bitale_graph import language as T
from bitale_optimize import pipeline
from bitale_optimize.engine.fixed_point import to_fixed_point
from bitale_optimize.engine.phases import PHASES, scans
from bitale_optimize.engine.rewrite import Firing, RewriteContext, Rule, RuleSet
from bitale_optimize.rules.blas import blas

AS_WRITTEN = Mode(linker="numpy", optimizer="None")
UNFUSED = Mode(linker="numpy").excluding("fuse", "blas", "keep_checks")


@dataclass
class Rewritten:
    """A graph after rewriting, what was done, and the work that it took."""

    graph: FunctionGraph
    log: list[Firing]
    attempts: int

    @property
    def fired(self) -> list[str]:
        return [firing.rule for firing in self.log]

    @property
    def output(self):
        return self.graph.outputs[0]

    def ops(self) -> list[str]:
        return sorted(str(getattr(n.op, "scalar_op", n.op)) for n in self.graph.apply_nodes)


class Rewriting:
    """Rewrite by the whole pipeline or by one rule, and compare values."""

    def whole(self, inputs, outputs, mode=UNFUSED) -> Rewritten:
        return self._run(inputs, outputs, mode, pipeline.run)

    def by(self, name: str, inputs, outputs, mode=UNFUSED) -> Rewritten:
        rules = RuleSet("one", "a rule alone")
        rules.add(find_rule(name))
        mode = mode.including(name)

        def run(graph, context):
            context.phase = "one"
            pipeline.merge(graph, context)
            to_fixed_point(rules)(graph, context)

        return self._run(inputs, outputs, mode, run)

    def _run(self, inputs, outputs, mode, run) -> Rewritten:
        outputs = outputs if isinstance(outputs, list) else [outputs]
        graph = FunctionGraph.cloned(inputs, outputs)[0]
        context = RewriteContext(graph, mode, [])
        run(graph, context)
        graph.check()
        for old, new in zip(outputs, graph.outputs, strict=True):
            assert old.type.admits(new.type)
        return Rewritten(graph, context.log, context.attempts)

    def values(self, graph_or_inputs, outputs=None, args=()):
        """What NumPy computes, node by node."""
        if isinstance(graph_or_inputs, FunctionGraph):
            graph_or_inputs, outputs = graph_or_inputs.inputs, graph_or_inputs.outputs
        run = function(
            list(graph_or_inputs), list(outputs), mode=AS_WRITTEN, on_unused_input="ignore"
        )
        return run(*args)

    def assert_same(self, rewritten, inputs, outputs, args, rtol=1e-12, atol=1e-12):
        outputs = outputs if isinstance(outputs, list) else [outputs]
        expected = self.values(inputs, outputs, args)
        actual = self.values(rewritten.graph, args=args)
        for one, other in zip(actual, expected, strict=True):
            assert one.dtype == other.dtype
            assert one.shape == other.shape
            np.testing.assert_allclose(one, other, rtol=rtol, atol=atol)


def find_rule(name: str) -> Rule:
    for rules in (*PHASES.values(), scans, blas):
        if name in rules:
            return rules[name]
    raise KeyError(name)


@pytest.fixture
def rewriting() -> Iterator[Rewriting]:
    """Rewriting in which an exception inside a rule is an error."""
    with config.change_flags(on_opt_error="raise"):
        yield Rewriting()


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20160509)


@pytest.fixture
def x():
    return T.matrix("x")


@pytest.fixture
def y():
    return T.matrix("y")
