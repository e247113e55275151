"""Where the time of a function goes, kernel by kernel."""

import numpy as np
import pytest
from bitale_codegen_cuda import profile
from bitale_graph import function, shared
from bitale_graph import language as T
from bitale_graph.compile.mode import Mode
from bitale_graph.extend import Apply, Op

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
