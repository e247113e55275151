"""Shared variables of functions on a device and on the CPU: one value, wherever it lies."""

import copy
import gc
import itertools
import os
import pickle
import threading

import numpy as np
import pytest
from bitale_graph import Mode, function, shared
from bitale_graph import language as T
from hypothesis import given, settings
from hypothesis import strategies as st

DEVICE = Mode(device="emulated", optimizer="None")
OTHER = Mode(device="emulated1", optimizer="None")
CPU = Mode(linker="numpy", optimizer="None")

pytestmark = pytest.mark.usefixtures("emulated")


def ramp(n):
    return np.arange(float(n))


def values(*variables):
    """What functions on the device, functions on the CPU and the program itself see."""
    seen = [function([], [v + 0 for v in variables], mode=mode)() for mode in (DEVICE, CPU)]
    seen.append([v.get_value() for v in variables])
    return [[one.tolist() for one in found] for found in seen]


def assert_value(variable, expected):
    for found in values(variable):
        assert found == [np.asarray(expected).tolist()]


# Every order
ACTIONS = ("device", "other", "cpu", "get", "borrow", "set", "set borrow", "write", "grow")


@settings(deadline=None, max_examples=40)
@given(st.lists(st.sampled_from(ACTIONS), max_size=14))
def test_the_value_is_one_in_every_order_of_actions(actions):
    run_actions(actions)


@pytest.mark.parametrize("pair", list(itertools.product(ACTIONS, repeat=2)), ids="-".join)
def test_the_value_is_one_after_each_pair_of_actions(pair):
    run_actions([*pair, *pair])


FUNCTIONS = {}


def functions_of_state():
    """Functions that add, on both devices and the CPU; one that doubles the length."""
    if not FUNCTIONS:
        w, x = shared(ramp(3)), T.dscalar("x")
        FUNCTIONS["w"] = w
        for name, mode in (("device", DEVICE), ("other", OTHER), ("cpu", CPU)):
            FUNCTIONS[name] = function([x], w.sum(), updates=[(w, w + x)], mode=mode)
        FUNCTIONS["grow"] = function([], updates=[(w, T.concatenate([w, w])[:12])], mode=DEVICE)
    return FUNCTIONS


def run_actions(actions):
    made = functions_of_state()
    w, expected, lent = made["w"], ramp(3), []
    w.set_value(expected)
    for k, action in enumerate(actions):
        if action in ("device", "other", "cpu"):
            assert made[action](k) == expected.sum()
            expected = expected + k
        elif action == "get":
            assert w.get_value().tolist() == expected.tolist()
        elif action == "borrow":
            one = w.get_value(borrow=True)
            assert one.tolist() == expected.tolist()
            lent.append((one, one.copy()))
        elif action in ("set", "set borrow"):
            expected = ramp(3 + k % 2) * k
            given_away = expected.copy()
            w.set_value(given_away, borrow=action == "set borrow")
            if action == "set borrow":
                lent.append((given_away, given_away.copy()))
        elif action == "write":
            lent.clear()
            w.get_value(borrow=True)[0] = k
            expected = np.array([k, *expected[1:]])
        else:
            made["grow"]()
            expected = np.concatenate([expected, expected])[:12]
    assert w.get_value().tolist() == expected.tolist()
    for one, before in lent:
        assert one.tolist() == before.tolist(), "an update wrote into a borrowed array"


def test_what_is_written_into_a_borrowed_array_before_the_next_call_is_the_value():
    w = shared(ramp(3))
    run = function([], w * 1, mode=DEVICE)
    run()
    w.get_value(borrow=True)[0] = 99
    assert run().tolist() == function([], w * 1, mode=CPU)().tolist() == [99, 1, 2]


# Updates
def sequences(updates):
    """The values of variables after each of three calls, on the device and on the CPU."""
    found = []
    for mode in (DEVICE, CPU):
        variables, pairs, outputs = updates()
        run = function([], outputs, updates=pairs, mode=mode)
        results = [[one.tolist() for one in run()] for _ in range(3)]
        found.append((results, [v.get_value().tolist() for v in variables]))
    return found


def swap(a, b):
    return [(a, b), (b, a)]


UPDATES = {
    "swap": swap,
    "to itself": lambda a, b: [(a, a)],
    "one and the next": lambda a, b: [(a, b), (b, a + b)],
    "both of both": lambda a, b: [(a, a + b), (b, a * b)],
    "turned round": lambda a, b: [(a, a[::-1]), (b, a[::-1] + b)],
    "swapped and turned round": lambda a, b: [(a, b[::-1]), (b, a[::-1])],
    "shifted": lambda a, b: [(a, T.set_subtensor(a[1:], a[:-1]))],
    "shifted across": lambda a, b: [
        (a, T.set_subtensor(a[:2], b[2:])), (b, T.inc_subtensor(b[2:], a[:2] * 3)),
    ],
    "added to parts": lambda a, b: [(a, T.inc_subtensor(a[1:3], 5.0))],
    "added to rows": lambda a, b: [(a, T.inc_subtensor(a[[0, 0, 2]], b[[1, 2, 3]]))],
    "products": lambda a, b: [(a, T.dot(a, T.outer(b, b)) / 8), (b, b * T.dot(a, b))],
    "by a constant": lambda a, b: [(a, T.as_tensor(ramp(4) * 2)), (b, a + 1)],
}  # fmt: skip


@pytest.mark.parametrize("make", UPDATES.values(), ids=UPDATES)
def test_updates_are_made_from_the_old_values_together(make):
    def updates():
        a, b = shared(ramp(4) + 1), shared((ramp(4) - 1) / 2)
        return (a, b), make(a, b), [a, b, a.sum() + b.sum()]

    ours, theirs = sequences(updates)
    assert ours == theirs


def test_updates_may_change_lengths():
    def updates():
        a, b = shared(ramp(2)), shared(ramp(5))
        pairs = [(a, T.concatenate([b, a])), (b, a[::-1])]
        return (a, b), pairs, [a, b]

    ours, theirs = sequences(updates)
    assert ours == theirs


def test_updates_may_empty_a_variable():
    def updates():
        a = shared(ramp(3))
        return (a,), [(a, a[1:])], [a, a.sum()]

    ours, theirs = sequences(updates)
    assert ours == theirs
    assert theirs[1] == [[]]


def test_numbers_are_updated():
    x = T.dscalar("x")
    n, total, last = shared(0), shared(1.0), shared(0.0)
    updates = [(n, n + 1), (total, total * x), (last, x)]
    run = function([x], [n, total + last], updates=updates, mode=DEVICE)
    found = [[float(one) for one in run(value)] for value in (2.0, 3.0, 4.0)]
    assert found == [[0, 1], [1, 4], [2, 9]]
    assert values(n, total, last) == [[3, 24.0, 4.0]] * 3


def test_two_variables_of_one_storage_are_one():
    w = shared(ramp(3))
    twin = w.clone()
    function([], updates=[(w, w + twin)], mode=DEVICE)()
    assert_value(twin, 2 * ramp(3))


def test_an_update_in_place_allocates_nothing(emulated):
    w, x = shared(ramp(3)), T.dvector("x")
    run = function([x], updates=[(w, w + x)], mode=DEVICE)
    run(ramp(3))
    place = w.container.away.address
    assert "allocations" not in emulated.asked(lambda: run(ramp(3)))
    assert w.container.away.address == place
    assert_value(w, 3 * ramp(3))


def test_a_value_stays_on_the_device_until_somebody_asks(emulated):
    w, x = shared(ramp(3)), T.dvector("x")
    run = function([x], updates=[(w, w + x)], mode=DEVICE)
    run(ramp(3))
    assert "downloads" not in emulated.asked(lambda: run(ramp(3)))
    assert emulated.asked(w.get_value)["downloads"] == 1
    assert emulated.asked(w.get_value) == {}
    assert emulated.asked(lambda: run(ramp(3)))["uploads"] == 1


# Calls that do not end well
def broken_in(emulated, where, updates=lambda a, b: [(a, a + 1), (b, b - a)]):
    """Values as they are seen after a call that something breaks."""
    x, a, b = T.dvector("x"), shared(np.ones(2)), shared(np.zeros(2))
    run = function([x], (a * x).sum(), updates=updates(a, b), mode=DEVICE)
    run(np.ones(2))
    a.set_value(np.ones(2))
    b.set_value(np.zeros(2))

    def stop():
        raise KeyboardInterrupt

    emulated.before[where] = stop
    with pytest.raises(KeyboardInterrupt):
        run(np.ones(2))
    return values(a, b)


OLD, NEW = [[1.0, 1.0], [0.0, 0.0]], [[2.0, 2.0], [-1.0, -1.0]]


def test_an_interrupt_before_the_work_changes_nothing(emulated):
    assert broken_in(emulated, "upload") == [OLD] * 3


def test_an_interrupt_while_results_are_fetched_leaves_one_value_for_all(emulated):
    assert broken_in(emulated, "download") in ([OLD] * 3, [NEW] * 3)


@pytest.mark.parametrize("order", [1, -1], ids=["the longer first", "the longer last"])
def test_want_of_memory_for_a_longer_value_leaves_all_as_they_were(emulated, order):
    a, w = shared(np.ones(2)), shared(np.ones(3))
    updates = [(w, T.concatenate([w] * 1000)), (a, a + 1)][::order]
    run = function([], updates=updates, mode=DEVICE)
    run()
    a.set_value(np.ones(2))
    w.set_value(np.ones(3))
    emulated.limit = 20000
    with pytest.raises(MemoryError):
        run()
    emulated.limit = None
    assert values(a, w) == [[[1.0, 1.0], [1.0, 1.0, 1.0]]] * 3


def test_want_of_memory_for_the_state_changes_nothing(emulated):
    w = shared(np.ones(3))
    run = function([], w.sum(), updates=[(w, w + 1)], mode=DEVICE)
    run()
    w.set_value(np.ones(3000))
    emulated.limit = 10000
    with pytest.raises(MemoryError):
        run()
    emulated.limit = None
    assert_value(w, np.ones(3000))
    assert run() == 3000


# Copies
def test_pickles_have_the_value_of_the_device():
    w = shared(ramp(3), "w")
    function([], updates=[(w, w + 1)], mode=DEVICE)()
    assert_value(pickle.loads(pickle.dumps(w)), ramp(3) + 1)
    assert_value(copy.deepcopy(w), ramp(3) + 1)


@pytest.mark.parametrize("copied", [lambda a: pickle.loads(pickle.dumps(a)), copy.deepcopy])
@pytest.mark.parametrize("mode", [DEVICE, "emulated1"], ids=str)
def test_a_copied_function_runs_on_its_device_with_its_own_state(copied, mode):
    w, x = shared(ramp(3), "w"), T.dvector("x")
    run = function([x], w.sum(), updates=[(w, w + x)], mode=mode)
    run(ramp(3))
    again, twin = copied((run, w))
    assert again.executable.driver is run.executable.driver
    assert again(ramp(3)) == 6
    assert_value(twin, 3 * ramp(3))
    assert_value(w, 2 * ramp(3))


def test_a_function_of_the_linker_s_name_is_pickled_too():
    from bitale_graph import config

    x = T.dvector("x")
    with config.change_flags(device="emulated"):
        run = function([x], x * 2, mode=Mode(linker="cuda", optimizer="None"))
        again = pickle.loads(pickle.dumps(run))
    assert again.executable.driver is run.executable.driver
    assert again(ramp(3)).tolist() == [0, 2, 4]


# Processes
def in_child(work):
    """What a forked process makes of it, as text."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, repr(work()).encode())
        except BaseException as error:  # noqa: BLE001 (told to the parent)
            os.write(writing, repr(error).encode())
        finally:
            os._exit(0)
    os.close(writing)
    text = b""
    while part := os.read(reading, 1 << 16):
        text += part
    os.close(reading)
    os.waitpid(child, 0)
    return text.decode()


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")


@needs_fork
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_has_the_values_of_the_device():
    w, n = shared(ramp(3)), shared(0)
    run = function([], updates=[(w, w + 1), (n, n + 1)], mode=DEVICE)
    run()
    run()
    assert in_child(lambda: (w.get_value().tolist(), int(n.get_value()))) == "([2.0, 3.0, 4.0], 2)"
    on_cpu = function([], w.sum(), updates=[(w, w * 2)], mode=CPU)
    assert in_child(lambda: (float(on_cpu()), w.get_value().tolist())) == "(9.0, [4.0, 6.0, 8.0])"
    run()
    assert_value(w, ramp(3) + 3)


@needs_fork
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_process_forks_while_other_threads_update():
    w, x = shared(np.zeros(3)), T.dvector("x")
    run = function([x], updates=[(w, w + x)], mode=DEVICE)
    has_ended = threading.Event()

    def work():
        while not has_ended.is_set():
            run(np.ones(3))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    found = [in_child(lambda: len(set(w.get_value().tolist()))) for _ in range(5)]
    has_ended.set()
    thread.join(30)
    assert not thread.is_alive()
    assert found == ["1"] * 5


# Leaks
def test_memory_goes_back_when_nothing_refers_to_it(emulated):
    x, w = T.dmatrix("x"), shared(np.ones((3, 4)))
    table = T.as_tensor(ramp(12).reshape(4, 3))
    emulated.tickets  # noqa: B018 (which stays)

    def work():
        v = shared(np.ones((3, 4)))
        updates = [(v, v * 2), (w, w + 1)]
        outputs = [T.dot(x, v).sum(), T.dot(v, table)]
        run = function([x], outputs, updates=updates, mode=DEVICE)
        for n in (1, 2, 3, 2):
            run(np.ones((n, 3)))
        pickle.loads(pickle.dumps(run))(np.ones((2, 3)))
        copy.deepcopy(run)(np.ones((2, 3)))
        v.set_value(np.ones((3, 4)), borrow=True)
        run(np.ones((2, 3)))
        with pytest.raises(ValueError, match="shape"):
            run(np.ones((2, 5)))

    work()
    gc.collect()
    before = emulated.pieces
    for _ in range(3):
        work()
        gc.collect()
    assert emulated.pieces == before
