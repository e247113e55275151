"""Ctrl-C while compiled code runs: answered soon, with the state as before the call."""

import os
import signal
import threading
import time

import numpy as np
import pytest
from bitale_codegen_c.runtime.runtime import pool_statistics
from bitale_graph import Apply, Op, function, scan, shared, until
from bitale_graph import language as T

n, x = T.lscalar("n"), T.dscalar("x")
a, b, c = T.dvector("a"), T.dvector("b"), T.dmatrix("c")
TINY = np.linspace(0, 1e-9, 60_000)


@pytest.fixture(autouse=True)
def handler_of_python():
    """Raise KeyboardInterrupt also where the tests run in the background, which ignores Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupted(f, *arguments, after=0.3):
    """Send a real SIGINT into a call, and give the seconds from there to its end."""
    sent = []

    def send():
        sent.append(time.perf_counter())
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(after, send)
    live = pool_statistics()["live_bytes"]
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            f(*arguments)
    finally:
        timer.cancel()
    waited = time.perf_counter() - sent[0]
    assert pool_statistics()["live_bytes"] == live
    return waited


def counting(inputs, result):
    """A function with state that each call changes, and the state."""
    state = shared(np.zeros(2), "state")
    return function(inputs, result, updates=[(state, state + result)]), state


def last_of(step, first, *others):
    states, _ = scan(step, outputs_info=[first], non_sequences=list(others), n_steps=n)
    return states[-1]


def huge(h=0.0):
    return T.exp(a[:, None] * b[None, :] + h).sum()


ENDLESS = {
    "a loop of numbers": ([x, n], last_of(lambda h: h * 0.5 + x, x), (0.5, 10**11), (0.5, 3)),
    "a loop in a loop": (
        [x, n],
        last_of(lambda h: scan(lambda g: g * 0.5 + 1, outputs_info=[h], n_steps=3)[0][-1], x),
        (0.5, 10**10),
        (0.5, 3),
    ),
    "a loop that a condition ends": (
        [x, n],
        scan(lambda h: (h + 1, until(h < 0)), outputs_info=[x], n_steps=n)[0][-1],
        (0.5, 10**11),
        (0.5, 3),
    ),
    "a sum over two axes": ([a, b], huge(), (TINY, TINY), (TINY[:3], TINY[:2])),
    "a maximum over two axes": (
        [a, b],
        T.exp(T.sin(a[:, None] * b[None, :])).max(),
        (TINY, TINY),
        (TINY[:3], TINY[:2]),
    ),
    "a sum along one axis": (
        [a, b],
        T.exp(a[:, None] * b[None, :]).sum(axis=1).sum(),
        (TINY[:2], np.broadcast_to(0.0, 2 * 10**9)),
        (TINY[:2], TINY),
    ),
    "steps that are heavy": (
        [x, n, a, b],
        last_of(lambda h: h + 1e-30 * huge(h), x),
        (0.0, 1000, TINY[:20_000], TINY[:20_000]),
        (0.0, 2, TINY[:2], TINY[:3]),
    ),
    "a loop of products": (
        [c, n],
        last_of(lambda h: T.dot(h, c) * 0.5, c).sum(),
        (np.eye(300), 10**6),
        (np.eye(300), 2),
    ),
}
del ENDLESS["a sum along one axis"]  # packs its operand


@pytest.mark.parametrize("case", ENDLESS.values(), ids=ENDLESS)
def test_work_that_takes_long_ends_soon_and_changes_nothing(case):
    inputs, result, long, short = case
    f, state = counting(inputs, result)
    before = f(*short)
    kept = state.get_value()
    assert interrupted(f, *long) < 2
    np.testing.assert_array_equal(state.get_value(), kept)
    np.testing.assert_allclose(f(*short), before)
    np.testing.assert_allclose(state.get_value(), 2 * kept)


def test_a_large_product_ends_between_its_blocks():
    f, state = counting([c], T.dot(c, c).sum())
    assert interrupted(f, np.zeros((8000, 8000)), after=0.1) < 2
    assert state.get_value().tolist() == [0, 0]
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(1500, 1400)), rng.normal(size=(1400, 1300))
    d = T.dmatrix("d")
    product = function([c, d], T.dot(c, d))
    for left, right in ((x, y), (x.T.copy().T, y.T.copy().T)):
        np.testing.assert_allclose(product(left, right), x @ y, atol=1e-9)


def test_handlers_that_do_not_raise_let_the_call_go_on():
    seen = []
    old = signal.signal(signal.SIGALRM, lambda *_: seen.append(time.perf_counter()))
    f = function([a, b], huge())
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        total = f(TINY[:25_000], TINY[:25_000])
        end = time.perf_counter()
    finally:
        signal.signal(signal.SIGALRM, old)
    assert total == pytest.approx(25_000**2)
    assert seen
    assert seen[0] < end


def test_another_error_of_a_handler_is_raised_as_itself():
    class Enough(BaseException):
        pass

    def stop(*_):
        raise Enough

    old = signal.signal(signal.SIGALRM, stop)
    f = function([a, b], huge())
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with pytest.raises(Enough):
            f(TINY, TINY)
    finally:
        signal.signal(signal.SIGALRM, old)


def test_a_handler_may_call_functions_itself():
    inner = function([x], x * 2)
    seen = []
    old = signal.signal(signal.SIGALRM, lambda *_: seen.append(inner(3.0)))
    f = function([x, n], last_of(lambda h: h * 0.5 + x, x))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        assert f(1.0, 3 * 10**8) == pytest.approx(2.0)
    finally:
        signal.signal(signal.SIGALRM, old)
    assert [float(v) for v in seen] == [6.0]


class Waiting(Op):
    """An op of Python that takes long."""

    __props__ = ()

    def make_node(self, v):
        return Apply(self, [v], [v.type()])

    def perform(self, node, inputs, output_storage):
        time.sleep(0.001)
        output_storage[0][0] = np.array(inputs[0] * 0.5)


def test_ops_of_python_in_a_loop_are_interrupted_too():
    f, state = counting([x, n], last_of(Waiting(), x))
    assert interrupted(f, 1.0, 100_000) < 2
    assert state.get_value().tolist() == [0, 0]
    assert f(1.0, 2) == 0.25


def test_an_error_stays_what_it_is_if_nothing_was_sent():
    f, state = counting([a, b], T.exp(a + b).sum())
    with pytest.raises(ValueError, match="mis-match"):
        f(TINY, TINY[1:])
    assert state.get_value().tolist() == [0, 0]
