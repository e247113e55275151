"""Loops over the rows of unit matrices: no matrix is stored, values stay."""

import numpy as np
import pytest
from bitale_graph import FunctionGraph, Mode, function, scan
from bitale_graph import language as T
from bitale_optimize.rewriter import FunctionGraphRewriter


def ops(inputs, output):
    graph, _ = FunctionGraph.cloned(inputs, [output])
    FunctionGraphRewriter().rewrite(graph, Mode())
    return [type(node.op).__name__ for node in graph.toposort()]


def carried(row, h):
    return T.tanh(h * 2 + row)


LOOPS = {
    "all rows": lambda n, x: scan(carried, T.eye(n), x)[0],
    "fewer steps": lambda n, x: scan(carried, T.eye(n), x, n_steps=2)[0],
    "no square": lambda n, x: scan(carried, T.eye(2, n), x)[0],
    "another diagonal": lambda n, x: scan(carried, T.eye(n, k=-1), x)[0],
    "narrow": lambda n, x: scan(carried, T.eye(n, dtype="float32"), x)[0],
    "beside another sequence": lambda n, x: scan(
        lambda row, e, h: carried(row, h) * e, [T.eye(n), T.outer(x, x)], x
    )[0],
}


@pytest.mark.parametrize("name", LOOPS)
@pytest.mark.parametrize("length", [0, 1, 4])
def test_a_row_is_made_in_the_step_that_reads_it(name, length):
    if length < 2 and name in ("fewer steps", "no square"):
        pytest.skip("there are two steps")
    n, x = T.lscalar("n"), T.dvector("x")
    output = LOOPS[name](n, x)
    assert "Eye" not in ops([n, x], output)
    at = np.linspace(-1, 1, length)
    plain, fast = (
        function([n, x], output, mode=Mode("numpy", o))(length, at) for o in ("None", "fast_run")
    )
    np.testing.assert_allclose(fast, plain, rtol=1e-13)
