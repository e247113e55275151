"""What concerns devices where none is: results that may stay there, and targets of state."""

import pickle

import numpy as np
import pytest
from bitale_graph import Mode, Out, function, shared
from bitale_graph import language as T
from bitale_graph.core.function_graph import FunctionGraph
from bitale_graph.extend import ConfigError, FunctionMaker

x = T.dvector("x")
ROW = np.arange(3.0)


def device_of(*variables, mode=None):
    """Where a function of shared variables runs."""
    outputs = [v + 1 for v in variables]
    containers = [v.container for v in variables]
    graph, _ = FunctionGraph.cloned(list(variables), outputs)
    return FunctionMaker(graph, [], containers, len(outputs), [], mode or Mode()).device


def test_without_a_device_results_are_arrays_of_numpy():
    f = function([x], [Out(x * 2, on_device=True), x], mode="FAST_COMPILE")
    assert all(type(y) is np.ndarray for y in f(ROW))
    assert f.maker.on_device == (0,)
    outputs = {"b": Out(x, on_device=True), "a": x, "c": Out(5, on_device=True)}
    assert function([x], outputs, mode="FAST_COMPILE").maker.on_device == (1, 2)
    assert function([x], x).maker.on_device == ()


def test_what_stays_on_a_device_outlives_a_pickle():
    f = function([x], [x, Out(x * 2, on_device=True)], mode="FAST_COMPILE")
    assert pickle.loads(pickle.dumps(f)).maker.on_device == (1,)
    state = f.maker.state()
    del state["on_device"]  # as those were written that knew nothing of it
    assert FunctionMaker.from_state(state).on_device == ()


def test_without_a_device_its_type_is_that_of_numpy():
    w = shared(ROW)
    borrowed = w.get_value(borrow=True, return_internal_type=True)
    assert borrowed is w.get_value(borrow=True)
    assert w.get_value(return_internal_type=True) is not borrowed


@pytest.mark.parametrize(
    ("target", "device"),
    [("cuda0", "cuda0"), ("gpu", "cuda0"), ("cuda1", "cuda1"), ("cpu", "cpu"), (None, "cpu")],
)
def test_a_target_is_where_functions_run(target, device):
    w = shared(ROW, target=target)
    assert device_of(w) == device
    assert device_of(w, shared(ROW)) == device
    assert device_of(w.clone()) == device
    assert device_of(pickle.loads(pickle.dumps(w))) == device
    assert device_of(w, mode=Mode(device="cuda3")) == "cuda3"
    assert device_of(w, mode=Mode(linker="numpy")) == "cpu"


@pytest.mark.parametrize("target", ["cpu", "cuda1"])
def test_targets_that_differ_are_refused(target):
    v, w = shared(ROW, target="cuda0"), shared(ROW, target=target)
    with pytest.raises(ConfigError, match=rf"several devices \(cuda0, {target}\).*mode='cuda0'"):
        function([], v + w, mode=Mode())


def test_a_target_that_is_no_device_is_refused():
    with pytest.raises(ConfigError, match="no device 'cude'"):
        shared(ROW, target="cude")
