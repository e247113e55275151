"""Passes that a program adds to the pipeline."""

import pytest
from bitale_graph import FunctionGraph, Mode
from bitale_graph import language as T
from bitale_graph.extend import ConfigError
from bitale_optimize import (
    FunctionGraphRewriter,
    explain,
    register_pass,
    rewrites,
    unregister_pass,
)


@pytest.fixture
def seen():
    """The ops that a pass met, which stands before the one named."""
    met = []

    def look(graph, context):
        """What a program looks at."""
        met.append([str(node.op) for node in graph.toposort()])

    added = []

    def add(name, **facts):
        register_pass(name, look, **facts)
        added.append(name)
        return met

    yield add
    for name in added:
        unregister_pass(name)


def graph():
    x = T.dvector("x")
    return FunctionGraph([x], [T.exp(T.neg(T.neg(x))) + 1])


def test_a_pass_runs_at_its_place(seen):
    first = seen("look_first", before="canonical")
    explain(graph())
    assert first == [
        ["Elementwise{neg}", "Elementwise{neg}", "Elementwise{exp}", "Elementwise{add}"]
    ]
    seen("look_last")
    explain(graph())
    assert first[-1] == ["Elementwise{exp}", "Elementwise{add}"]


def test_a_pass_is_left_out_and_included_by_name(seen):
    met = seen("look_when_asked", default=False)
    explain(graph())
    assert not met
    explain(graph(), Mode().including("look_when_asked"))
    assert met
    del met[:]
    seen("look_always", always=True)
    explain(graph(), Mode(optimizer="fast_compile"))
    assert len(met) == 1
    explain(graph(), Mode().excluding("look_always"))
    assert len(met) == 1


def test_a_pass_is_listed_and_its_functions_are_not_kept(seen):
    kept = FunctionGraphRewriter().signature(Mode())
    seen("look")
    assert "look: What a program looks at." in rewrites()
    assert kept is not None
    assert FunctionGraphRewriter().signature(Mode()) is None


def test_what_cannot_be_a_pass_is_refused():
    with pytest.raises(ConfigError, match="run before canonical, stability, specialize, fuse"):
        register_pass("here", print, before="merge")
    with pytest.raises(ValueError, match="there is a pass or a rule 'fuse' already"):
        register_pass("fuse", print)
    with pytest.raises(ConfigError, match="no pass 'nothing' was registered"):
        unregister_pass("nothing")
