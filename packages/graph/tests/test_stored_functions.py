"""Functions in pickles and in copies: whatever their depth, mode and moment."""

import copy
import pickle
import threading
import time

import numpy as np
import pytest
from bitale_graph import FunctionGraph, In, Mode, OpFromGraph, config, function, scan, shared
from bitale_graph import language as T

AS_WRITTEN = Mode("numpy", "None")
PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


def stored(value, protocol=pickle.DEFAULT_PROTOCOL):
    return pickle.loads(pickle.dumps(value, protocol))


def chain(x, depth):
    for k in range(depth):
        x = x * 0.9 if k % 2 else T.tanh(x)
    return x


@pytest.mark.parametrize("depth", [500, pytest.param(10_000, marks=pytest.mark.slow)])
def test_depth_does_not_matter_to_functions_and_graphs(depth):
    x, s = T.dscalar("x"), shared(0.5, "s")
    f = function([x], chain(x, depth) + s, updates=[(s, s + 1)], mode=AS_WRITTEN)
    wanted = float(f.copy(delete_updates=True)(1.0))
    protocols = PROTOCOLS if depth < 1_000 else (pickle.DEFAULT_PROTOCOL,)
    for twin in (*(stored(f, n) for n in protocols), copy.deepcopy(f)):
        assert float(twin(1.0)) == wanted
    assert s.get_value() == 0.5
    graph = FunctionGraph([x], [chain(x, depth)])
    for twin in (stored(graph), copy.deepcopy(graph)):
        assert len(twin.apply_nodes) == len(graph.apply_nodes)
        assert twin.inputs[0] is not graph.inputs[0]


@pytest.mark.parametrize("mode", ["FAST_RUN", "FAST_COMPILE", "DebugMode", "NanGuardMode"])
def test_modes_that_have_names_come_back(mode):
    x = T.dvector("x")
    f = function([x], T.exp(x).sum(), mode=mode)
    twin = stored(f)
    assert type(twin.executable) is type(f.executable)
    assert float(twin([0.0, 1.0])) == pytest.approx(1 + np.e)


def test_both_graphs_are_carried():
    x = T.dvector("x")
    f = function([x], (x + 0) * 1, mode=AS_WRITTEN)
    twin = stored(f)
    for name in ("written", "fgraph"):
        was, now = getattr(f.maker, name), getattr(twin.maker, name)
        assert [str(n.op) for n in was.toposort()] == [str(n.op) for n in now.toposort()]
    assert stored(twin)([1.0]).tolist() == [1.0]


def test_settings_of_reading_are_of_reading_alone():
    x, s = T.dvector("x"), shared(np.zeros(2), "s")
    f = function([x], x + s, updates=[(s, s + 1)])
    text = pickle.dumps([f, s])
    with config.change_flags(unpickle_function=False):
        nothing, state = pickle.loads(text)
        assert nothing is None
        assert state.get_value().tolist() == [0.0, 0.0]
        for twin in (copy.copy(f), copy.deepcopy(f), f.copy()):
            assert twin([1.0, 1.0]).shape == (2,)


def test_a_deep_copy_is_not_rewritten_again():
    x = T.dvector("x")
    f = function([x], x * 2)
    order = f.maker.fgraph.toposort()
    with config.change_flags(reoptimize_unpickled_function=True):
        twin = copy.deepcopy(f)
    assert twin.maker._rewritten is not None
    assert len(twin.maker.fgraph.toposort()) == len(order)


def test_copies_have_independent_state():
    x, s = T.dvector("x"), shared(np.zeros(2), "s")
    count = T.dscalar("count")
    inputs = [x, In(count, value=0.0, update=count + 1, name="count")]
    f = function(inputs, s.sum() + count, updates=[(s, s + x)])
    shallow, deep = copy.copy(f), copy.deepcopy(f)
    deep([1.0, 1.0])
    assert (f["count"], shallow["count"], deep["count"]) == (0, 0, 1)
    assert s.get_value().tolist() == [0.0, 0.0]
    shallow([2.0, 2.0])
    assert (f["count"], shallow["count"]) == (0, 1)
    assert s.get_value().tolist() == [2.0, 2.0]  # shared variables are shared
    assert deep.get_shared()[0].get_value().tolist() == [1.0, 1.0]
    assert [v.name for v in deep.get_shared()] == ["s", "count"]


def test_what_is_stored_during_calls_is_a_state_between_two_calls():
    """All numbers of the state are those of one update, and of the update of that call."""
    x = T.dmatrix("x")
    s, t = shared(np.zeros((200, 200)), "s"), shared(np.zeros((200, 200)), "t")
    updates = [(s, s + 1 + 0 * T.dot(x, x)), (t, t + 1)]
    f = function([x], [], updates=updates)
    stop, torn = [], []

    def call():
        while not stop:
            f(np.zeros((200, 200)))

    thread = threading.Thread(target=call)
    thread.start()
    end = time.monotonic() + 0.5
    while time.monotonic() < end:
        for v in (stored(s), stored(f).get_shared()[0], copy.deepcopy(f).get_shared()[0]):
            torn += [v] if np.ptp(v.get_value()) else []
    stop.append(True)
    thread.join()
    assert torn == []


def test_state_of_every_kind_comes_back():
    values = [
        *(1, 2.5, True, np.float32(1), np.array(3), np.zeros((0, 3)), np.ones((2, 3)).T, 1j),
        *(None, "text", {"a": 1}, np.zeros(3, "float16")),
    ]
    for value in values:
        found = stored(shared(value, "s")).get_value()
        assert type(found) is type(shared(value).get_value())
        assert np.array_equal(found, value)


def test_what_holds_graphs_comes_back():
    x, y = T.dvectors("x", "y")
    op = OpFromGraph([x, y], [x * y + 1])
    f = function([x, y], op(x, y))
    W = shared(2.0, "W")
    sums, updates = scan(lambda a, b: a + b * W, sequences=x, outputs_info=np.float64(0))
    g = function([x], sums, updates=updates)
    for again in (stored, copy.copy, copy.deepcopy):
        assert again(f)([1.0, 2.0], [3.0, 4.0]).tolist() == [4.0, 9.0]
        assert again(g)([1.0, 2.0]).tolist() == [1.0, 4.0]
    assert stored(op) == op or stored(op)(x, y).type == op(x, y).type


def test_what_cannot_be_stored_says_so_and_is_as_it_was():
    x = T.dvector("x")
    f = function([x], x + 1, mode=AS_WRITTEN)
    x.tag.lock = threading.Lock()
    with pytest.raises(TypeError, match="cannot pickle"):
        pickle.dumps([f, x])
    assert stored(f)([1.0]).tolist() == [2.0]
    with pytest.raises(pickle.UnpicklingError):
        pickle.loads(pickle.dumps(f)[:-20] + b".")


def test_a_class_that_is_not_there_is_named():
    text = pickle.dumps(function([x := T.dvector("x")], T.exp(x), mode=AS_WRITTEN))
    with pytest.raises(ModuleNotFoundError, match="bitale_gone"):
        pickle.loads(text.replace(b"bitale_graph.", b"bitale_gone_."))
