"""Fusion: what shares a loop, what must not, and that values stay."""

import numpy as np
import pytest
from bitale_graph import FunctionGraph, Mode, TensorType, function
from bitale_graph import language as T
from bitale_graph.base.errors import ShapeError
from bitale_graph.ops.creation import Arange, Eye
from bitale_graph.ops.loop import Loop
from bitale_graph.ops.product import Dot
from bitale_optimize.passes.fuse_loops import MAX_STEPS
from bitale_optimize.rewriter import FunctionGraphRewriter


def rewritten(inputs, outputs):
    graph, _ = FunctionGraph.cloned(inputs, outputs)
    FunctionGraphRewriter().rewrite(graph, Mode())
    graph.check()
    return graph


def loops(graph):
    return [node for node in graph.toposort() if isinstance(node.op, Loop)]


def assert_same(inputs, outputs, *values):
    plain = function(inputs, outputs, mode=Mode("numpy", "None"))(*values)
    fused = function(inputs, outputs, mode=Mode("numpy", "fast_run"))(*values)
    for a, b in zip(plain, fused, strict=True):
        assert a.dtype == b.dtype
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=1e-12)


def test_a_chain_and_its_sum_share_one_loop():
    x = T.dmatrix("x")
    y = T.tanh(x) * 2 + 1
    graph = rewritten([x], [y, y.sum(axis=1), y.sum()])
    (node,) = graph.toposort()
    assert [r.reduce is not None for r in node.op.results] == [False, True, True]
    assert_same([x], [y, y.sum(axis=1), y.sum()], np.arange(6.0).reshape(2, 3))


def test_unrelated_work_over_one_range_shares_a_loop():
    x, y = T.dvector("x"), T.dvector("y")
    graph = rewritten([x, y], [T.exp(x) + y, T.sin(y)])
    assert len(graph.apply_nodes) == 1


def test_ranges_that_only_a_sum_shows_to_be_equal_share_a_loop():
    w, b = T.dmatrix("w"), T.dvector("b")
    x = T.dmatrix("x")
    z = T.dot(x, w) + b
    graph = rewritten([x, w, b], [T.tanh(z), b - 0.1 * T.dot(x, w).sum(axis=0)])
    # One over the product and its sum, and one over its last axis, which is known to be that of b.
    assert [len(n.op.results) for n in loops(graph)] == [2, 1]
    assert_same([x, w, b], [T.tanh(z)], np.eye(2), np.ones((2, 3)), np.arange(3.0))


def test_a_path_through_a_product_separates_loops():
    x, w = T.dmatrix("x"), T.dmatrix("w")
    h = T.tanh(x)
    y = T.tanh(T.dot(h, w)) + h
    graph = rewritten([x, w], [y])
    assert [type(n.op) for n in graph.toposort()] == [Loop, Dot, Loop]
    assert_same([x, w], [y], np.eye(2), np.arange(4.0).reshape(2, 2))


def test_what_only_a_later_loop_reads_is_computed_there():
    x, w = T.dmatrix("x"), T.dmatrix("w")
    graph = rewritten([x, w], [T.exp(x) * T.dot(x, w)])
    (loop,) = loops(graph)
    assert [s.op.name for s in loop.op.steps] == ["exp", "mul"]


def test_an_input_of_second_gives_its_shape_alone():
    x, v = T.dvector("x"), T.dscalar("v")
    graph = rewritten([x, v], [T.second(x, v)])
    (loop,) = loops(graph)
    assert {a for s in loop.op.steps for a in s.args} | {loop.op.results[0].value} == {1}
    assert_same([x, v], [T.second(x, v)], np.zeros(3), 2.5)


def test_numbers_become_literals():
    x = T.fvector("x")
    graph = rewritten([x], [x * 3 + 1])
    (loop,) = loops(graph)
    assert loop.inputs == [graph.inputs[0]]


@pytest.mark.parametrize("length", [MAX_STEPS - 1, MAX_STEPS + 1, 3 * MAX_STEPS])
def test_long_chains_are_cut(length):
    x = T.dvector("x")
    y = x
    for _ in range(length):
        y = T.sin(y)
    graph = rewritten([x], [y])
    assert len(loops(graph)) == -(-length // MAX_STEPS)
    assert all(len(n.op.steps) <= MAX_STEPS for n in loops(graph))


def test_ranges_of_unknown_equal_length_are_checked_when_they_run():
    x, y = T.dvector("x"), T.dvector("y")
    f = function([x, y], T.exp(x) + T.sin(y), mode=Mode("numpy", "fast_run"))
    with pytest.raises(ValueError, match="mis-match"):
        f(np.ones(2), np.ones(3))


def test_empty_ranges_and_rank_zero():
    x, s = T.dmatrix("x"), T.dscalar("s")
    outputs = [T.exp(x) * s, (T.exp(x) * s).sum(axis=0), T.exp(s) + 1]
    assert_same([x, s], outputs, np.zeros((0, 3)), 1.5)


def test_what_counts_joins_the_loop_that_reads_it():
    x, n = T.dmatrix("x"), T.lscalar("n")
    outputs = [(x * T.eye(*x.shape)).sum(), x[0] + T.arange(x.shape[1])]
    graph = rewritten([x], outputs)
    assert not [v for v in graph.toposort() if isinstance(v.op, (Eye, Arange))]
    assert_same([x], outputs, np.arange(6.0).reshape(2, 3))
    stored = rewritten([n], [T.eye(n) * 2])
    assert [type(v.op) for v in stored.toposort()] == [Loop]
    assert_same([n], [T.eye(n) * 2, T.arange(n) * 0.5], 3)


def test_what_counts_stays_alone_where_a_loop_would_store_nothing():
    n = T.lscalar("n")
    graph = rewritten([n], [(T.eye(n) * 2).sum()])
    assert [v for v in graph.toposort() if isinstance(v.op, Eye)]
    graph = rewritten([n], [T.arange(n)])
    assert [type(v.op) for v in graph.toposort()] == [Arange]


def test_lengths_of_what_counts_are_checked_in_the_loop():
    x, n = T.dvector("x"), T.lscalar("n")
    f = function([x, n], x * T.arange(n))
    np.testing.assert_array_equal(f([1.0, 2.0], 2), [0, 2])
    for wrong in (3, 1, 0, -1):
        with pytest.raises(ShapeError):
            f([1.0, 2.0], wrong)


def test_what_is_read_at_places_is_not_computed_again_in_the_loop_that_reads():
    v, rows = T.dvector("v"), T.lvector("rows")
    table = T.tanh(v)
    graph = rewritten([v], [table[T.cast(v * 0, "int64")] * 2])
    steps = [getattr(s, "op", None) for n in loops(graph) for s in n.op.steps]
    assert [s.name for s in steps if s is not None].count("tanh") <= 1
    x = T.dmatrix("x")
    both = rewritten([x, rows], [x[rows] + x[rows[::-1]] + x])
    (loop,) = loops(both)
    assert len(loop.op.tables) == 1
    assert loop.inputs.count(both.inputs[0]) == 2  # as a table, and along the range


def test_what_is_made_from_lengths_between_two_loops_keeps_them_apart():
    x, n = TensorType("float64", (1, None))("x"), T.lscalar("n")
    outputs = T.all(T.alloc(abs(x) > 0.5, 1, n))
    graph = rewritten([x, n], [outputs])
    assert len(loops(graph)) == 2
    assert_same([x, n], [outputs], np.ones((1, 3)), 3)


def test_what_no_target_has_code_for_stands_outside_of_loops_that_have():
    x, z = T.dvector(), T.zvector()
    y = T.exp(x) * T.log(x) + T.jv(2, x) * T.real(z * z)
    steps = [sorted(s.op.name for s in n.op.steps) for n in loops(rewritten([x, z], [T.sum(y)]))]
    assert sorted(steps) == [["add", "exp", "log", "mul", "mul"], ["jv", "real", "sqr"]]
