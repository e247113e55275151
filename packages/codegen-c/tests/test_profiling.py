"""Compiled code adds up what its nodes take, where a function is profiled, and only there."""

import threading

import numpy as np
import pytest
from bitale_codegen_c import lowering
from bitale_graph import function, ifelse, scan, shared
from bitale_graph import language as T
from bitale_graph.extend import wrap_py
from bitale_graph.profiling import ProfileStats

x = T.matrix("x")


def measured(inputs, outputs, **options):
    stats = ProfileStats(atexit_print=False)
    return function(inputs, outputs, profile=stats, **options)


def costs(f):
    return {str(c.node.op): c for c in f.profile.node_costs()}


def test_nodes_are_timed_and_counted():
    f = measured([x], [T.dot(x, x), T.exp(x)])
    for _ in range(3):
        f(np.ones((50, 50)))
    found = costs(f)
    assert {c.calls for c in found.values()} == {3}
    assert {c.kind for c in found.values()} == {"C"}
    assert min(c.seconds for c in found.values()) > 0
    stats = f.profile
    assert sum(stats.apply_time.values()) <= stats.vm_call_time <= stats.fct_call_time
    assert stats.phases.keys() >= {"rewriting", "lowering", "compiling"}


def test_nodes_take_most_of_the_time_of_large_calls():
    f = measured([x], T.dot(T.exp(x), x).sum())
    for _ in range(5):
        f(np.ones((300, 300)))
    stats = f.profile
    assert sum(stats.apply_time.values()) > 0.9 * stats.vm_call_time


def test_code_of_functions_that_are_not_profiled_knows_nothing_of_it():
    plain, timed = function([x], T.exp(x)), measured([x], T.exp(x))
    assert "bt_profile" not in plain.source(headers=True).replace("int64_t *profile", "")
    assert "bt_enter(" in timed.source(headers=True)


def test_memory_is_counted_by_node_and_at_its_peak():
    f = measured([x], T.dot(T.dot(x, x), T.exp(x).T).sum())
    n = 64 * 64 * 8
    for _ in range(2):
        f(np.ones((64, 64)))
    assert sum(c.bytes for c in f.profile.node_costs()) >= 2 * 2 * n
    assert 2 * n <= f.profile.peak_memory <= 4 * n


def test_what_is_given_back_is_not_at_the_peak():
    y = x
    for _ in range(8):
        y = T.dot(y, x)
    f = measured([x], y)
    n = 64 * 64 * 8
    f(np.ones((64, 64)) / 64)
    assert f.profile.peak_memory <= 3 * n < 8 * n <= sum(c.bytes for c in f.profile.node_costs())


def test_callbacks_are_of_python():
    op = wrap_py([T.dmatrix], [T.dmatrix])(lambda a: a + 1)
    f = measured([x], op(x))
    f(np.ones((3, 3)))
    (cost,) = (c for c in f.profile.node_costs() if c.kind == "Py")
    assert cost.calls == 1
    assert cost.bytes == 72
    assert f.profile.apply_cimpl[cost.node] is False


def test_nodes_in_steps_are_counted_by_step():
    v, w = T.vector("v"), T.matrix("w")
    rows, _ = scan(lambda h, w: T.tanh(T.dot(w, h)), outputs_info=v, non_sequences=w, n_steps=30)
    f = measured([v, w], rows[-1])
    f(np.ones(10), np.eye(10))
    f(np.ones(10), np.eye(10))
    (loop,) = f.profile.loops()
    assert (loop.callcount, loop.nbsteps) == (2, 60)
    assert loop.costs
    assert sum(f.profile.apply_time.values()) <= f.profile.vm_call_time


def test_steps_on_numbers_are_timed_as_a_whole():
    v = T.vector("v")
    values, _ = scan(lambda a, s: s * 0.5 + a, v, outputs_info=T.zeros(()))
    f = measured([v], values)
    np.testing.assert_allclose(f(np.ones(4)), [1, 1.5, 1.75, 1.875])
    assert max(f.profile.apply_callcount.values()) == 1


def test_branches_count_what_ran():
    c = T.scalar("c")
    f = measured([c, x], ifelse(c > 0, T.dot(x, x), T.exp(x).sum() + x))
    f(1.0, np.ones((4, 4)))
    ran = {str(one.node.op) for one in f.profile.node_costs()}
    f(-1.0, np.ones((4, 4)))
    both = {str(one.node.op) for one in f.profile.node_costs()}
    assert ran < both


def test_entry_points_that_are_data_are_timed_too(monkeypatch):
    monkeypatch.setattr(lowering, "LARGE_ENTRY", 0)
    v, w = T.vector("v"), T.matrix("w")
    rows, _ = scan(lambda h, w: T.tanh(T.dot(w, h)), outputs_info=v, non_sequences=w, n_steps=7)
    f = measured([v, w, x], [T.dot(T.exp(rows), w), T.dot(x, x.T)])
    for _ in range(2):
        f(np.ones(10), np.eye(10), np.ones((10, 12)))
    assert "bt_do_enter" in f.source(headers=True)
    found = costs(f)
    assert len(found) >= 3
    assert f.profile.loops()[0].nbsteps == 14
    assert sum(f.profile.apply_time.values()) <= f.profile.vm_call_time
    assert f.profile.peak_memory >= 10 * 10 * 8


def test_equal_functions_have_profiles_of_their_own():
    f, g = measured([x], T.exp(x)), measured([x], T.exp(x))
    f(np.ones((2, 2)))
    f(np.ones((2, 2)))
    g(np.ones((2, 2)))
    assert list(f.profile.apply_callcount.values()) == [2]
    assert list(g.profile.apply_callcount.values()) == [1]


def test_a_call_that_fails_leaves_the_profile_whole():
    s = shared(1.0)
    f = measured([x], T.dot(x, x), updates=[(s, s + 1)])
    with pytest.raises(ValueError, match="shape"):
        f(np.ones((2, 3)))
    f(np.ones((3, 3)))
    assert f.profile.fct_callcount == 2
    assert s.get_value() == 2
    assert sum(f.profile.apply_time.values()) <= f.profile.vm_call_time


def test_results_are_those_of_a_function_that_is_not_measured():
    given = np.random.default_rng(0).normal(size=(40, 40))
    out = [T.tanh(T.dot(x, x)).sum(axis=0), T.exp(x).T[::2], x[1:] + x[:-1]]
    for ours, plain in zip(measured([x], out)(given), function([x], out)(given), strict=True):
        np.testing.assert_array_equal(ours, plain)


def test_threads_lose_nothing():
    f = measured([x], T.exp(x))

    def call():
        for _ in range(200):
            f(np.ones((2, 2)))

    threads = [threading.Thread(target=call) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert list(f.profile.apply_callcount.values()) == [1600]
    assert f.profile.fct_callcount == 1600


def test_a_profile_may_be_reset_and_read_while_calls_are_made():
    f = measured([x], T.exp(x))
    f(np.ones((2, 2)))
    f.profile.reset()
    assert (f.profile.apply_time, f.profile.vm_call_time, f.profile.peak_memory) == ({}, 0.0, 0)
    f(np.ones((2, 2)))
    assert list(f.profile.apply_callcount.values()) == [1]
