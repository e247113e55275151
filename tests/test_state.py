"""State that several threads, callbacks, processes and interrupts meet in, with every linker."""

import gc
import itertools
import os
import random
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import bitale
import bitale.tensor as T
import numpy as np
import pytest
from bitale_graph.core.graph import Apply, Op

MODES = [bitale.Mode(linker="c"), bitale.Mode(linker="numpy")]
IDS = ["c", "numpy"]
each_linker = pytest.mark.parametrize("mode", MODES, ids=IDS)
each_pair = pytest.mark.parametrize(
    ("one", "other"),
    list(itertools.product(MODES, MODES)),
    ids=[f"{a}-{b}" for a, b in itertools.product(IDS, IDS)],
)
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
# How long the stress tests run; by hand, for ten minutes in all, BITALE_STRESS=120.
SECONDS = float(os.environ.get("BITALE_STRESS", "1"))


class Call(Op):
    """Calls a function of Python's in the middle of a compiled one, and gives its input."""

    def __init__(self, work):
        self.work = work

    def make_node(self, x):
        x = T.as_tensor_variable(x)
        return Apply(self, [x], [x.type()])

    def perform(self, node, inputs, output_storage):
        self.work()
        output_storage[0][0] = inputs[0].copy()


def alternate(*works):
    """Run all in threads of their own until the first, which is given a number of times, ends."""
    done = threading.Event()

    def repeat(work):
        while not done.is_set():
            work()

    with ThreadPoolExecutor(len(works)) as pool:
        first, *others = works
        running = [pool.submit(repeat, work) for work in others]
        try:
            first()
        finally:
            done.set()
        for one in running:
            one.result(60)


def is_free(*variables):
    """Whether another thread can use the variables."""
    with ThreadPoolExecutor(1) as pool:
        for v in variables:
            lock = v.container.lock
            if not pool.submit(lock.acquire, timeout=5).result():
                return False
            pool.submit(lock.release).result()
    return True


@each_pair
def test_no_update_of_two_functions_is_lost(one, other):
    total, x = bitale.shared(np.zeros(50), "total"), T.dvector("x")
    adds = [bitale.function([x], updates=[(total, total + x)], mode=m) for m in (one, other)]

    def work(k):
        for _ in range(150):
            adds[k % 2](np.ones(50))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert total.get_value().tolist() == [1200.0] * 50


@each_pair
def test_functions_that_update_what_the_other_reads_do_not_wait_for_each_other_for_ever(one, other):
    a, b = bitale.shared(np.zeros(5), "a"), bitale.shared(np.zeros(5), "b")
    f = bitale.function([], updates=[(a, b + 1)], mode=one)
    g = bitale.function([], updates=[(b, a + 1)], mode=other)

    def work(k):
        for _ in range(300):
            (f, g)[k % 2]()

    with ThreadPoolExecutor(4) as pool:
        for one_done in [pool.submit(work, k) for k in range(4)]:
            one_done.result(60)
    assert abs(a.get_value() - b.get_value()).max() == 1


@each_pair
def test_a_reader_sees_the_state_before_or_after_an_update(one, other):
    W, b = bitale.shared(np.zeros(200_000), "W"), bitale.shared(0.0, "b")
    train = bitale.function([], updates=[(W, W + 1), (b, b + 1)], mode=one)
    read = bitale.function([], [W.min(), W.max(), b], mode=other)
    seen, torn = set(), []

    def look():
        low, high, bias = map(float, read())
        seen.add(low)
        if not low == high == bias:
            torn.append((low, high, bias))

    def copy():
        value = W.get_value()
        if value[0] != value[-1]:
            torn.append((value[0], value[-1]))

    def write():
        for step in range(30_000):
            train()
            if step > 300 and len(seen) > 1:
                break

    alternate(write, look, copy)
    assert torn == []
    assert len(seen) > 1


@each_linker
def test_set_value_during_calls_is_seen_whole(mode):
    W = bitale.shared(np.zeros(100_000), "W")
    double = bitale.function([], updates=[(W, W * 2)], mode=mode)
    read = bitale.function([], [W.min(), W.max()], mode=mode)
    torn = []

    def look():
        low, high = map(float, read())
        if low != high:
            torn.append((low, high))

    alternate(
        lambda: [double() for _ in range(200)],
        look,
        lambda: W.set_value(np.full(100_000, random.random())),
    )
    assert torn == []


@each_linker
def test_a_borrowed_value_does_not_change_under_its_holder(mode):
    W = bitale.shared(np.zeros(1000), "W")
    add = bitale.function([], updates=[(W, W + 1)], mode=mode)
    borrowed = W.get_value(borrow=True)
    row = borrowed[3:7]
    add()
    assert borrowed.max() == 0
    assert row.max() == 0
    assert W.get_value().tolist() == [1.0] * 1000


@each_linker
def test_an_op_reads_the_state_before_the_call_that_it_is_part_of(mode):
    s, seen = bitale.shared(np.zeros(3), "s"), []
    look = bitale.function([], s.sum(), mode=mode)
    x = T.dvector("x")
    y = Call(lambda: seen.append((s.get_value()[0], float(look()))))(x)
    f = bitale.function([x], y, updates=[(s, s + y)], mode=mode)
    f(np.ones(3))
    f(np.ones(3))
    assert seen == [(0.0, 0.0), (1.0, 3.0)]
    assert is_free(s)


@each_pair
def test_updating_from_inside_a_call_that_updates_is_an_error(one, other):
    s, x = bitale.shared(np.zeros(3), "s"), T.dvector("x")
    inner = bitale.function([], updates=[(s, s + 100)], mode=other)
    functions = []
    for work in (inner, lambda: s.set_value(np.ones(3)), lambda: functions[-1](np.ones(3))):
        y = Call(work)(x)
        f = bitale.function([x], y, updates=[(s, s + y)], mode=one)
        functions.append(f)
        with pytest.raises(RuntimeError, match="updates"):
            f(np.ones(3))
        assert s.get_value().tolist() == [0.0] * 3
        assert is_free(s)


@each_linker
def test_an_op_may_update_what_its_function_only_reads(mode):
    s, x = bitale.shared(np.zeros(3), "s"), T.dvector("x")
    inner = bitale.function([], updates=[(s, s + 1)], mode=mode)
    f = bitale.function([x], [Call(inner)(x), s * 2], mode=mode)
    assert f(np.ones(3))[1].tolist() == [0.0] * 3
    assert s.get_value().tolist() == [1.0] * 3


class Argument:
    """Gives its array after some work."""

    def __init__(self, work):
        self.work = work

    def __array__(self, dtype=None, copy=None):
        self.work()
        return np.ones(3)


@each_linker
def test_an_argument_may_use_the_state_that_the_call_updates(mode):
    s, x = bitale.shared(np.zeros(3), "s"), T.dvector("x")
    f = bitale.function([x], updates=[(s, s + x)], mode=mode)
    works = [s.get_value, lambda: f(np.ones(3)), lambda: s.set_value(np.full(3, 7.0))]
    with ThreadPoolExecutor(1) as pool:
        works.append(lambda: pool.submit(f, np.ones(3)).result(60))
        for work in works:
            f(Argument(work))
            assert is_free(s)
    assert s.get_value().tolist() == [10.0] * 3


@each_linker
def test_a_failed_call_leaves_locks_and_state(mode):
    s, x = bitale.shared(np.zeros(3), "s"), T.dvector("x")
    f = bitale.function([x], updates=[(s, s + x)], mode=mode)
    for wrong in (np.ones(4), "text", np.ones((2, 2))):
        with pytest.raises((ValueError, TypeError)):
            f(wrong)
        assert is_free(s)
    assert s.get_value().tolist() == [0.0] * 3


@needs_fork
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # of threads and forks
@each_linker
def test_a_fork_while_a_function_updates_leaves_a_child_that_works(mode):
    W, b = bitale.shared(np.zeros(100_000), "W"), bitale.shared(0.0, "b")
    train = bitale.function([], updates=[(W, W + 1), (b, b + 1)], mode=mode)
    faults = []

    def child():
        signal.alarm(20)  # one that hangs is ended, and seen by its status
        value, bias = W.get_value(), float(b.get_value())
        train()
        ok = value.min() == value.max() == bias and float(b.get_value()) == bias + 1
        os._exit(0 if ok else 3)

    def fork():
        end = time.monotonic() + SECONDS
        for _ in range(5 if SECONDS == 1 else 10**9):
            pid = os.fork()
            if pid == 0:
                child()
            _, status = os.waitpid(pid, 0)
            if status:
                faults.append(status)
            if time.monotonic() > end:
                break

    alternate(fork, train)
    assert faults == []
    assert is_free(W, b)


class Interruption(Exception):
    """What the signal handlers of these tests raise."""


@pytest.fixture
def interrupts():
    """Sets after how many seconds the main thread is interrupted; 0 for not at all."""

    def raise_it(number, frame):
        raise Interruption

    def interrupt_after(seconds):
        try:
            signal.setitimer(signal.ITIMER_REAL, seconds)
        except Interruption:  # of the one before, on the way here
            signal.setitimer(signal.ITIMER_REAL, seconds)

    before = signal.signal(signal.SIGALRM, raise_it)
    gc.disable()  # what is raised inside its callbacks is lost
    yield interrupt_after
    interrupt_after(0)
    gc.enable()
    signal.signal(signal.SIGALRM, before)


@needs_fork
@each_linker
def test_an_interrupt_while_waiting_for_another_thread_loses_no_lock(mode, interrupts):
    s, x = bitale.shared(np.zeros(3), "s"), T.dvector("x")
    entered, leave = threading.Event(), threading.Event()

    def wait():
        entered.set()
        leave.wait(60)

    slow = bitale.function([x], updates=[(s, s + Call(wait)(x))], mode=mode)
    quick = bitale.function([x], updates=[(s, s + x)], mode=mode)
    read = bitale.function([], s.sum(), mode=mode)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(slow, np.ones(3))
        entered.wait(60)
        for waiting in (lambda: quick(np.ones(3)), read, s.get_value):
            interrupts(0.05)
            with pytest.raises(Interruption):
                waiting()
        leave.set()
        running.result(60)
    quick(np.ones(3))
    assert s.get_value().tolist() == [2.0] * 3
    assert is_free(s)


@needs_fork
@each_linker
def test_interrupts_at_any_moment_leave_whole_state_and_free_locks(mode, interrupts):
    a, b, c = (bitale.shared(np.zeros(n), name) for n, name in ((3, "a"), (7, "b"), (4, "c")))
    step = bitale.function([], [a.sum(), c.sum()], updates=[(a, a + 1), (b, b + 1)], mode=mode)
    read = bitale.function([], [a.max(), b.max()], mode=mode)
    end, count = time.monotonic() + SECONDS, 0
    while time.monotonic() < end:
        try:
            interrupts(random.uniform(2e-4, 2e-3))
            for _ in range(1000):
                step()
                read()
                a.get_value()
        except Interruption:
            count += 1
    interrupts(0)
    assert count > 50
    assert a.get_value().max() == b.get_value().max() == a.get_value().min()
    assert is_free(a, b, c)
    step()


@needs_fork
@each_linker
def test_threads_and_interrupts_together_leave_whole_state(mode, interrupts):
    a, b = bitale.shared(np.zeros(3), "a"), bitale.shared(np.zeros(7), "b")
    step = bitale.function([], updates=[(a, a + 1), (b, b + 1)], mode=mode)
    read = bitale.function([], [a.max(), b.max()], mode=mode)
    torn = []

    def look():
        x, y = map(float, read())
        if x != y:
            torn.append((x, y))

    def main():
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            try:
                interrupts(random.uniform(2e-4, 5e-3))
                for _ in range(1000):
                    step()
            except Interruption:
                pass
        interrupts(0)

    alternate(main, step, look)
    assert torn == []
    assert a.get_value().max() == b.get_value().max()
    assert is_free(a, b)
