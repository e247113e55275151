"""What later loops compute again instead of reading it."""

import numpy as np
from bitale_graph import FunctionGraph, Mode, function
from bitale_graph import language as T
from bitale_graph.ops.loop import Loop
from bitale_optimize.rewriter import FunctionGraphRewriter


def stored(inputs, outputs):
    """How many arrays of the rank of the first input loops store, beside the outputs."""
    graph, _ = FunctionGraph.cloned(inputs, outputs)
    FunctionGraphRewriter().rewrite(graph, Mode())
    graph.check()
    results = [v for n in graph.toposort() if isinstance(n.op, Loop) for v in n.outputs]
    ndim = inputs[0].type.ndim
    return sum(v.type.ndim == ndim and 1 not in v.type.shape for v in results) - len(outputs)


def centred(x):
    return x - x.mean(axis=1, keepdims=True)


def normalised(x):
    c = centred(x)
    return c / T.sqrt(T.sqr(c).mean(axis=1, keepdims=True) + 1e-5)


def test_the_distance_from_a_mean_is_computed_by_each_loop_that_reads_it():
    x = T.dmatrix("x")
    assert stored([x], [normalised(x)]) == 0
    c = centred(x)
    spread = T.sqr(c).sum(axis=1, keepdims=True)
    third = (c * spread).sum(axis=1, keepdims=True)
    assert stored([x], [c * third + spread]) == 0


def test_what_reads_more_arrays_than_it_is_stored_in_is_stored():
    x, y = T.dmatrix("x"), T.dmatrix("y")
    z = x + y
    assert stored([x, y], [z * z.sum()]) == 1
    # The later loop reads these anyway.
    assert stored([x, y], [z * z.sum() + x * y]) == 0


def test_what_takes_long_is_stored():
    x = T.dmatrix("x")
    e = T.exp(x - 1)
    assert stored([x], [e * e.sum(axis=1, keepdims=True)]) == 1
    long = x
    for k in range(12):
        long = long * x + float(k)
    assert stored([x], [long * long.sum()]) == 1


def test_what_is_an_output_or_read_by_a_product_is_stored_once():
    x = T.dmatrix("x")
    c = centred(x)
    y = c * T.sqr(c).sum()
    assert stored([x], [c, y]) == 0
    graph, _ = FunctionGraph.cloned([x], [T.dot(c, x), y])
    FunctionGraphRewriter().rewrite(graph, Mode())
    assert sum(v.type.ndim == 2 for n in graph.toposort() if isinstance(n.op, Loop)
               for v in n.outputs if v.type.shape != (None, 1)) == 2  # fmt: skip


def test_values_stay():
    x, y = T.dmatrix("x"), T.dmatrix("y")
    c = centred(x)
    spread = T.sqr(c).sum(axis=1, keepdims=True)
    third = (c * y * spread).sum(axis=0, keepdims=True)
    outputs = [normalised(x), c * third + spread, (c + y) * third * c.sum() + (c + y).sum()]
    given = [np.random.default_rng(0).normal(size=(5, 7)) for _ in range(2)]
    expected = function([x, y], outputs, mode=Mode("numpy", "None"))(*given)
    for a, b in zip(expected, function([x, y], outputs, mode=Mode("numpy"))(*given), strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-9, atol=1e-9)
