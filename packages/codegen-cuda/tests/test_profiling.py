"""Where the time of a function goes, kernel by kernel."""

import io

import numpy as np
import pytest
from bitale_codegen_cuda import profile
from bitale_graph import function, shared
from bitale_graph import language as T
from bitale_graph.compile.mode import Mode
from bitale_graph.extend import Apply, Op
from bitale_graph.profiling import ProfileStats

DEVICE = Mode(device="emulated", optimizer="None")


class Doubled(Op):
    """An op without a kernel."""

    def make_node(self, x):
        return Apply(self, [x], [x.type()])

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = inputs[0] * 2


@pytest.mark.usefixtures("needs_emulation")
def test_every_command_of_every_call_is_counted():
    x, w = T.dmatrix("x"), shared(np.zeros(()), "w")
    run = function([x], T.exp(x).sum(axis=1), updates=[(w, w + 1)], mode=DEVICE, name="rows")
    found = profile(run, np.ones((3, 4)), calls=5)
    assert w.get_value() == 6  # one call more, before time was taken
    assert {one.count for one in found.kernels} == {5}
    assert {one.kernel for one in found.kernels} >= {"loop_exp", "loop_add"}
    assert all(one.seconds > 0 for one in found.kernels)
    seconds = [one.seconds for one in found.kernels]
    assert seconds == sorted(seconds, reverse=True)
    assert found.seconds == pytest.approx(sum(seconds))
    lines = str(found).splitlines()
    assert lines[0].startswith("rows on emulated0: ")
    assert len(lines) == 2 + len(found.kernels)
    # The next calls are whole again.
    graphs = run.executable.driver.counts.graphs
    np.testing.assert_allclose(run(np.ones((3, 4))), 4 * np.e)
    np.testing.assert_allclose(run(np.ones((3, 4))), 4 * np.e)
    assert run.executable.driver.counts.graphs > graphs


@pytest.mark.usefixtures("needs_emulation")
@pytest.mark.filterwarnings("ignore:.*no kernel is known:UserWarning")
def test_a_function_that_comes_back_to_the_host_is_timed_too():
    x = T.dvector("x")
    run = function([x], T.exp(Doubled()(x)), mode=DEVICE)
    found = profile(run, np.ones(3), calls=2)
    assert [(one.kernel, one.count) for one in found.kernels if one.kernel == "loop_exp"] == [
        ("loop_exp", 2)
    ]


def test_a_function_of_the_cpu_has_no_kernels():
    x = T.dvector("x")
    run = function([x], x + 1, mode=Mode(linker="numpy"))
    with pytest.raises(TypeError, match="NumpyProgram, which is no device"):
        profile(run, np.ones(3))


@pytest.mark.usefixtures("needs_emulation")
def test_no_calls_are_no_profile():
    x = T.dvector("x")
    with pytest.raises(ValueError, match="at least 1, and is 0"):
        profile(function([x], x + 1, mode=DEVICE), np.ones(3), calls=0)


@pytest.mark.usefixtures("needs_emulation")
def test_a_measured_function_tells_kernels_and_transfers():
    x = T.dmatrix("x")
    w = shared(np.zeros((3, 3)), "w")
    stats = ProfileStats(atexit_print=False)
    run = function([x], T.exp(x).sum(), updates=[(w, w + x)], mode=DEVICE, profile=stats)
    for _ in range(4):
        run(np.ones((3, 3)))
    np.testing.assert_array_equal(w.get_value(), np.full((3, 3), 4.0))
    assert {c.kind for c in stats.node_costs()} == {"GPU"}
    assert set(stats.apply_callcount.values()) == {4}
    in_nodes = sum(stats.apply_time.values())
    assert 0 < in_nodes + stats.transfer_time == pytest.approx(stats.vm_call_time)
    assert stats.vm_call_time <= stats.fct_call_time
    assert stats.transfer_time > 0
    assert stats.peak_memory > 0
    told = io.StringIO()
    stats.summary(told)
    assert "in kernels of the GPU: " in told.getvalue()
    assert "in transfers: " in told.getvalue()
    # The table of kernels is there beside it.
    assert profile(run, np.ones((3, 3)), calls=2).kernels
    stats.reset()
    assert (stats.apply_time, stats.transfer_time, stats.peak_memory) == ({}, 0.0, 0)
    run(np.ones((3, 3)))
    assert set(stats.apply_callcount.values()) == {1}


@pytest.mark.usefixtures("needs_emulation")
@pytest.mark.filterwarnings("ignore:.*no kernel is known:UserWarning")
def test_what_runs_on_the_host_between_kernels_is_of_python():
    x = T.dvector("x")
    stats = ProfileStats(atexit_print=False)
    run = function([x], T.exp(Doubled()(x)), mode=DEVICE, profile=stats)
    np.testing.assert_allclose(run(np.zeros(3)), 1)
    kinds = {type(c.node.op).__name__: c.kind for c in stats.node_costs()}
    assert kinds.pop("Doubled") == "Py"
    assert set(kinds.values()) == {"GPU"}
