"""A step of gradient descent on a table of which a loss reads some rows."""

import numpy as np
import pytest
from bitale_autodiff import grad
from bitale_graph import FunctionGraph, Mode, config, function, scan
from bitale_graph import language as T
from bitale_graph.ops.creation import Alloc
from bitale_graph.ops.indexing import AdvancedIncSubtensor1
from bitale_graph.ops.loop import Loop
from bitale_graph.tensor.elementwise import Elementwise
from bitale_optimize import pipeline
from bitale_optimize.engine.rewrite import RewriteContext

table, rows, lr = T.matrix("table"), T.lvector("rows"), T.scalar("lr")
INPUTS = [table, rows, lr]
ARGS = [
    np.random.default_rng(2).uniform(0.5, 1, (6, 4)),
    np.array([4, 1, 4, 4, -1]),
    np.array(0.3),
]


def rewritten(outputs):
    """The graph after all passes; its values are those of the graph as written."""
    graph = FunctionGraph.cloned(INPUTS, outputs)[0]
    with config.change_flags(on_opt_error="raise"):
        pipeline.run(graph, RewriteContext(graph, Mode(linker="numpy")))
    plain = Mode(linker="numpy", optimizer="None")
    expected = function(INPUTS, outputs, mode=plain)(*ARGS)
    for got, want in zip(
        function(graph.inputs, graph.outputs, mode=plain)(*ARGS), expected, strict=True
    ):
        np.testing.assert_allclose(got, want, rtol=1e-9)
    return graph


@pytest.mark.parametrize("penalty", [0.0, 1e-2])
def test_an_update_reads_the_table_once(penalty):
    loss = T.sqr(table[rows]).sum() + penalty * T.sqr(table).sum()
    graph = rewritten([loss, table - lr * grad(loss, table)])
    nodes = graph.toposort()
    update = graph.outputs[1].owner
    assert isinstance(update.op, AdvancedIncSubtensor1)
    assert not any(isinstance(n.op, (Alloc, Elementwise)) for n in nodes)
    whole = graph.inputs[0]
    loops = [n for n in nodes if isinstance(n.op, Loop) and whole in n.inputs]
    dense = [n for n in loops if n.inputs.index(whole) not in n.op.tables]
    assert len(dense) == (penalty > 0)
    assert update.inputs[0] is (dense[0].outputs[1] if penalty else whole)


def test_an_update_through_a_loop_leaves_no_zeros_of_the_table():
    states, _ = scan(
        lambda row, state: T.tanh(row + state), sequences=table[rows], outputs_info=T.zeros((4,))
    )
    loss = T.sum(states[-1]) + 1e-2 * T.sqr(table).sum()
    graph = rewritten([loss, table - lr * grad(loss, table)])
    update = graph.outputs[1].owner
    assert isinstance(update.op, AdvancedIncSubtensor1)
    loop = update.inputs[0].owner
    assert loop.inputs == [graph.inputs[0], graph.inputs[2]]
    allocs = [n for n in graph.toposort() if isinstance(n.op, Alloc)]
    assert all(n.outputs[0].type.ndim < 2 for n in allocs)
