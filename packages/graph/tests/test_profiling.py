"""What calls take is added up by node, class, op and line of the user's."""

import io
import threading
import time

import numpy as np
import pytest
from bitale_graph import function, scan, shared
from bitale_graph import language as T
from bitale_graph.extend import Apply, Op, config, debugprint
from bitale_graph.profiling import (
    NodeCost,
    ProfileStats,
    ScanProfileStats,
    register_profiler_printer,
)
from bitale_graph.profiling import printers as registered

x = T.matrix("x")


class Slow(Op):
    """Its input, later."""

    __props__ = ()

    def make_node(self, x):
        return Apply(self, [x], [x.type()])

    def perform(self, node, inputs, output_storage):
        time.sleep(0.01)
        output_storage[0][0] = inputs[0] + 1


def measured(inputs, outputs, **options):
    stats = ProfileStats(atexit_print=False, message="of a test")
    made = function(inputs, outputs, profile=stats, mode="FAST_COMPILE", **options)
    assert made.profile is stats
    return made


def summary(stats, **options):
    file = io.StringIO()
    stats.summary(file, **options)
    return file.getvalue()


def test_calls_and_nodes_are_counted_and_timed():
    f = measured([x], T.exp(x).sum())
    for _ in range(3):
        f(np.ones((4, 5)))
    stats = f.profile
    assert stats.fct_callcount == 3
    assert 0 < stats.vm_call_time <= stats.fct_call_time
    assert set(stats.apply_time) == set(f.maker.fgraph.toposort())
    assert set(stats.apply_callcount.values()) == {3}
    assert set(stats.apply_cimpl.values()) == {False}
    assert sum(stats.apply_time.values()) == pytest.approx(stats.vm_call_time)
    assert stats.nb_nodes == 2
    assert stats.compile_time >= stats.rewriter_time + stats.linker_time > 0
    assert stats.optimizer_time == stats.rewriter_time


def test_a_function_that_is_not_measured_has_no_profile():
    f = function([x], x + 1)
    assert f.profile is None
    assert function([x], x + 1, profile=False).profile is None


@pytest.mark.parametrize("given", [1, 0, 2.5, [], ProfileStats])
def test_what_is_no_profile_is_refused(given):
    with pytest.raises(TypeError, match="profile takes True, a title, or a ProfileStats"):
        function([x], x + 1, profile=given)


def test_the_node_that_takes_the_time_is_the_first_row():
    f = measured([x], T.exp(Slow()(x)))
    f(np.ones((2, 2)))
    cost = f.profile.node_costs()[0]
    assert isinstance(cost.node.op, Slow)
    assert cost.seconds > 0.009
    assert [type(cost), cost.calls, cost.bytes, cost.kind] == [NodeCost, 1, 32, "Py"]
    assert f.profile.by_class()[0].name.endswith("Slow")
    line = f.profile.by_line()[1].name
    assert line.startswith("test_profiling.py:")
    assert line.endswith("f = measured([x], T.exp(Slow()(x)))")
    text = summary(f.profile)
    for head in ("<% time>", "<#call>", "<Class name>", "<Op name>", "<Apply name>", "<Line>"):
        assert head in text
    assert "Message: of a test" in text
    assert "Time in 1 calls to Function.__call__" in text
    assert "Tip: all nodes run in Python" in text


def test_a_line_is_told_of_each_node_and_tables_are_cut_to_so_many_rows():
    f = measured([x], [T.exp(x), T.sin(x), T.cos(x)])
    f(np.ones((2, 2)))
    text = summary(f.profile, n_ops_to_print=1, n_apply_to_print=2)
    assert "(remaining 2 Ops account for" in text
    assert "(remaining 1 Apply instances account for" in text
    assert text.count("    line: test_profiling.py:") == 2


def test_memory_is_that_of_results_which_are_no_views():
    f = measured([x], [T.exp(x.T).sum(), x.T])
    f(np.ones((30, 40)))
    by_op = {str(c.node.op): c.bytes for c in f.profile.node_costs()}
    exp = next(size for name, size in by_op.items() if "exp" in name)
    assert exp == 30 * 40 * 8
    assert min(by_op.values()) == 0
    assert exp <= f.profile.peak_memory < 2 * exp
    file = io.StringIO()
    with config.change_flags(**{"profiling.min_memory_size": 0}):
        f.profile.summary_memory(file)
    assert "9.4KiB created" in file.getvalue()
    assert "in place or view" in file.getvalue()


def test_the_peak_counts_what_is_alive_at_a_time():
    y = x
    for _ in range(6):
        y = T.exp(y) * 0.1
    f = measured([x], y.sum())
    f(np.ones((100, 100)))
    all_of_it = sum(c.bytes for c in f.profile.node_costs())
    assert f.profile.peak_memory <= 3 * 80_000 < all_of_it


def test_nodes_in_the_steps_of_a_loop_have_rows_of_their_own():
    v = T.vector("v")
    rows, _ = scan(lambda row: T.exp(Slow()(row)), v)
    f = measured([v], rows.sum())
    f(np.ones(5))
    (loop,) = f.profile.loops()
    assert isinstance(loop, ScanProfileStats)
    assert (loop.callcount, loop.nbsteps) == (1, 5)
    slow = next(c for c in f.profile.node_costs() if isinstance(c.node.op, Slow))
    assert slow.calls == 5
    scan_cost = next(c for c in f.profile.node_costs() if c.node is loop.node)
    # What runs in the steps is not counted twice.
    assert scan_cost.seconds < 0.04 < slow.seconds <= loop.call_time
    assert "5 steps" in summary(f.profile)


def test_a_profile_adds_up_several_functions():
    stats = ProfileStats(atexit_print=False)
    f = function([x], T.exp(x), profile=stats, mode="FAST_COMPILE")
    g = function([x], T.sin(x), profile=stats, mode="FAST_COMPILE")
    f(np.ones((2, 2)))
    g(np.ones((2, 2)))
    assert stats.fct_callcount == 2
    assert len(stats.apply_time) == 2


def test_profiles_are_added():
    f, g = measured([x], T.exp(x)), measured([x], T.sin(x))
    f(np.ones((2, 2)))
    g(np.ones((2, 2)))
    both = f.profile + g.profile
    assert both.fct_callcount == 2
    assert both.fct_call_time == f.profile.fct_call_time + g.profile.fct_call_time
    assert set(both.apply_time) == {*f.profile.apply_time, *g.profile.apply_time}
    assert both.nb_nodes == 2
    assert f.profile.fct_callcount == 1
    assert not both.atexit_print


def test_a_flag_measures_functions_that_are_not_told_otherwise():
    with config.change_flags(profile=True):
        f = function([x], x + 1, name="flagged")
        assert function([x], x + 1, profile=False).profile is None
    f.profile.atexit_print = False
    assert f.profile.message == "flagged"
    titled = function([x], x + 1, profile="a title")
    titled.profile.atexit_print = False
    assert titled.profile.message == "a title"


def test_the_first_call_can_be_left_out():
    with config.change_flags(**{"profiling.ignore_first_call": True}):
        f = measured([x], T.exp(x))
    f(np.ones((2, 2)))
    assert (f.profile.fct_callcount, f.profile.apply_time) == (0, {})
    f(np.ones((2, 2)))
    assert (f.profile.fct_callcount, *f.profile.apply_callcount.values()) == (1, 1)


def test_a_profile_begins_anew_after_reset():
    f = measured([x], T.exp(x))
    f(np.ones((2, 2)))
    f.profile.reset()
    assert (f.profile.fct_callcount, f.profile.apply_time, f.profile.peak_memory) == (0, {}, 0)


def test_nodes_need_not_be_timed():
    with config.change_flags(**{"profiling.time_thunks": False}):
        f = measured([x], T.exp(x))
    f(np.ones((2, 2)))
    assert (f.profile.fct_callcount, f.profile.apply_time) == (1, {})
    assert "<Class name>" not in summary(f.profile)


def test_calls_that_fail_are_counted_and_change_nothing():
    s = shared(1.0)
    f = measured([x], T.dot(x, x), updates=[(s, s + 1)])
    with pytest.raises(ValueError, match="shapes"):
        f(np.ones((2, 3)))
    assert (f.profile.fct_callcount, s.get_value()) == (1, 1.0)


def test_functions_made_of_a_measured_one():
    f = measured([x], [T.exp(x), T.sin(x)])
    f(np.ones((2, 2)), output_subset=[1])
    assert f.profile.fct_callcount == 1
    assert [str(n.op) for n in f.profile.apply_time] == ["Elementwise{sin}"]
    assert f.copy().profile is None
    again = f.copy(profile=ProfileStats(atexit_print=False))
    again(np.ones((2, 2)))
    assert (f.profile.fct_callcount, again.profile.fct_callcount) == (1, 1)


def test_threads_lose_no_call():
    f = measured([x], T.exp(x))

    def call():
        for _ in range(50):
            f(np.ones((2, 2)))

    threads = [threading.Thread(target=call) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert f.profile.fct_callcount == 400
    assert set(f.profile.apply_callcount.values()) == {400}


def test_users_write_more_of_a_profile():
    @register_profiler_printer
    def more(message, compile_time, fct_call_time, apply_time, apply_cimpl, outputs_size, file):
        file.write(f"{message}: {len(apply_time)} {len(apply_cimpl)} {max(outputs_size.values())}")

    try:
        f = measured([x], T.exp(x))
        f(np.ones((2, 2)))
        assert "of a test: 1 1 32" in summary(f.profile)
    finally:
        registered._PRINTERS.remove(more)


def test_a_page_of_html_holds_all_tables():
    f = measured([x], T.exp(x).sum())
    f(np.ones((2, 2)))
    page = f.profile.html()
    for title in ("By line of yours", "By class of op", "By node", "Memory", "Rewriter"):
        assert title in page
    assert "http" not in page.replace("http-equiv", "")
    assert f.profile._repr_html_() == page


def test_names_are_shown_in_html_as_they_are():
    bad = T.matrix("<script>alert(1)</script>")
    f = measured([bad], T.exp(bad))
    f(np.ones((2, 2)))
    assert "<script>" not in f.profile.html()


def test_debugprint_shows_the_times():
    f = measured([x], T.exp(x).sum())
    f(np.ones((2, 2)))
    tree = debugprint(f, file="str")
    assert "<% time>" in tree
    assert tree.count(" --> ") == 2


def test_totals_count_what_nodes_need_once():
    e = T.exp(x)
    f = measured([x], e + e)
    f(np.ones((2, 2)))
    own, totals = f.profile.apply_time, f.profile.compute_total_times()
    assert max(totals.values()) == pytest.approx(sum(own.values()))


def test_sums_by_class_and_op():
    f = measured([x], [T.exp(x), T.sin(x)])
    f(np.ones((2, 2)))
    stats = f.profile
    assert list(stats.class_nodes().values()) == [2]
    assert list(stats.class_callcount().values()) == [2]
    assert sum(stats.class_time().values()) == pytest.approx(stats.vm_call_time)
    assert sorted(stats.op_nodes().values()) == sorted(stats.op_callcount().values()) == [1, 1]
    assert len(stats.op_time()) == 2


def test_a_profile_without_calls_says_so():
    f = measured([x], x + 1)
    text = summary(f.profile)
    assert "Time in 0 calls" in text
    assert "<Class name>" not in text
    assert repr(f.profile) == "<ProfileStats of a test: 0 calls, 0 s>"


def test_what_all_functions_took_is_told():
    f = measured([x], x + 1)
    f(np.ones((2, 2)))
    file = io.StringIO()
    f.profile.summary_globals(file)
    assert "All functions that were measured" in file.getvalue()
