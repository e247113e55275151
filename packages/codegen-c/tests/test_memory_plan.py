"""Who owns which memory: results, arguments, constants, and state that changes in place."""

from typing import ClassVar

import numpy as np
import pytest
from bitale_codegen_c.host.target import C
from bitale_codegen_c.runtime.runtime import pool_statistics
from bitale_graph import function, shared
from bitale_graph import language as T
from bitale_graph.compile.mode import Mode
from bitale_graph.core.function_graph import FunctionGraph
from bitale_graph.core.graph import Apply, Op
from bitale_graph.plan.memory import plan_memory

# Generated code does not depend on the Python that generates it.
pytestmark = pytest.mark.slow

AS_WRITTEN = Mode(linker="c", optimizer="None")
REWRITTEN = Mode(linker="c")
NUMPY = Mode(linker="numpy", optimizer="None")


@pytest.fixture(params=[AS_WRITTEN, REWRITTEN], ids=["as_written", "rewritten"])
def mode(request):
    return request.param


def assert_apart(arrays):
    for i, x in enumerate(arrays):
        assert not any(np.may_share_memory(x, y) for y in arrays[:i])


def test_results_share_no_memory_with_anything(mode):
    x, c = T.dmatrix("x"), T.as_tensor(np.arange(4.0).reshape(2, 2))
    w = shared(np.ones((2, 2)), "w")
    y = T.exp(x)
    outputs = [x, x, x.T, y, y, y.T, y[0], y[:, 1:], T.reshape(y, (-1,)), w, w.T, c, c[0], x + w]
    outputs += [T.specify_shape(y, (2, 2)), x.dimshuffle(0, "x", 1), T.dot(c, x)]
    f = function([x], outputs, mode=mode)
    expected = function([x], outputs, mode=NUMPY)
    argument = np.array([[0.5, -1], [2, 3]])
    for _ in range(3):
        found = f(argument)
        assert_apart([*found, argument, w.get_value(borrow=True)])
        for one, other in zip(found, expected(argument), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-14)
            assert one.flags.writeable
            assert one.flags.c_contiguous
            one.fill(99)
    np.testing.assert_array_equal(argument, [[0.5, -1], [2, 3]])
    np.testing.assert_array_equal(w.get_value(), np.ones((2, 2)))


def test_constants_are_never_written_to(mode):
    table = np.arange(6.0).reshape(3, 2)
    c = T.as_tensor(table)
    i = T.lvector("i")
    outputs = [T.inc_subtensor(c[i], 1.0), T.set_subtensor(c[1:], 5.0), T.tanh(c) + c, c * 2 + c]
    f = function([i], outputs, mode=mode)
    first = f([0, 0, 2])
    for _ in range(3):
        again = f([0, 0, 2])
        for x, y in zip(first, again, strict=True):
            np.testing.assert_array_equal(x, y)
            y.fill(0)
    np.testing.assert_array_equal(first[0], table + np.array([[2], [0], [1]]))


def test_sizes_may_change_from_call_to_call(mode):
    x = T.dmatrix("x")
    y = T.tanh(T.dot(x, x.T))
    outputs = [y.sum(axis=0), T.join(0, y, y[::-1]), T.softmax(y) + y.T]
    f = function([x], outputs, mode=mode)
    expected = function([x], outputs, mode=NUMPY)
    rng = np.random.default_rng(0)
    for n in (3, 200, 1, 0, 17, 3, 400):
        argument = rng.normal(size=(n, 3))
        for one, other in zip(f(argument), expected(argument), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-13)


def both(make, calls=3):
    """State and results after each call, on NumPy and in the mode; ``make`` gives the function."""
    histories = []
    for mode in (NUMPY, AS_WRITTEN, REWRITTEN):
        f, state, arguments = make(mode)
        history = []
        for _ in range(calls):
            results = f(*arguments)
            now = [v.get_value(borrow=True) for v in state]
            assert_apart([*results, *now, *(a for a in arguments if isinstance(a, np.ndarray))])
            history += [x.copy() for x in (*results, *now)]
        histories.append(history)
    for other in histories[1:]:
        for x, y in zip(other, histories[0], strict=True):
            np.testing.assert_allclose(x, y, rtol=1e-12)


def square(n=3, start=0.0):
    return np.arange(start, start + n * n).reshape(n, n) / 7


UPDATES = {
    "swap": lambda a, b, x: [(a, b), (b, a)],
    "cross": lambda a, b, x: [(a, a + b), (b, b - a)],
    "transposed cross": lambda a, b, x: [(a, b.T), (b, a.T + 1)],
    "own transpose": lambda a, b, x: [(a, a.T)],
    "plus own transpose": lambda a, b, x: [(a, a + a.T)],
    "own reverse": lambda a, b, x: [(a, a[::-1, ::-1])],
    "momentum": lambda a, b, x: [(b, 0.9 * b - 0.1 * x), (a, a + (0.9 * b - 0.1 * x))],
    "adam": lambda a, b, x: [
        (b, 0.9 * b + 0.1 * x**2),
        (a, a - 0.01 * x / (T.sqrt(0.9 * b + 0.1 * x**2) + 1e-8)),
    ],
    "the other's row": lambda a, b, x: [(a, a - b[0]), (b, b - a[0])],
    "one new value for both": lambda a, b, x: [(a, a + b + x), (b, a + b + x)],
    "gemm": lambda a, b, x: [(a, a - 0.1 * T.dot(x, b)), (b, b + 0.5 * T.dot(x.T, x))],
    "gemm with itself": lambda a, b, x: [(a, a - 0.1 * T.dot(a, a)), (b, b + T.dot(a, b.T))],
    "set part": lambda a, b, x: [(a, T.set_subtensor(a[1:], b[:-1]))],
    "inc part by itself": lambda a, b, x: [(a, T.inc_subtensor(a[1:], a[:-1]))],
    "inc rows": lambda a, b, x: [(a, T.inc_subtensor(a[np.array([0, 0, 2])], x))],
    "inc rows by own rows": lambda a, b, x: [
        (a, T.inc_subtensor(a[np.array([0, 0, 2])], a[np.array([1, 2, 0])]))
    ],
    "set rows": lambda a, b, x: [(a, T.set_subtensor(a[np.array([2, 2])], x[:2])), (b, b * a)],
    "constant": lambda a, b, x: [(a, T.as_tensor(np.eye(3))), (b, a)],
    "argument": lambda a, b, x: [(a, x), (b, x)],
    "means": lambda a, b, x: [(a, a - a.mean(axis=0)), (b, b / (a.sum() + 50))],
    "softmax": lambda a, b, x: [(a, T.softmax(a)), (b, T.softmax(b.T))],
}


@pytest.mark.parametrize("kind", UPDATES)
def test_updates_read_the_old_values(kind):
    def make(mode):
        a, b = shared(square(), "a"), shared(square(start=20), "b")
        x = T.dmatrix("x")
        updates = UPDATES[kind](a, b, x)
        # The old value of a, a view of b, and a new value.
        outputs = [a, b[::-1], updates[0][1] * 1, updates[-1][1]]
        f = function([x], outputs, updates=updates, mode=mode, on_unused_input="ignore")
        return f, [a, b], [square(start=-3)]

    both(make)


@pytest.mark.parametrize("kind", UPDATES)
def test_updates_alone(kind):
    def make(mode):
        a, b = shared(square(), "a"), shared(square(start=20), "b")
        x = T.dmatrix("x")
        updates = UPDATES[kind](a, b, x)
        f = function([x], [], updates=updates, mode=mode, on_unused_input="ignore")
        return f, [a, b], [square(start=-3)]

    both(make)


def test_scalars_are_updated():
    def make(mode):
        n, total = shared(np.int64(0), "n"), shared(np.float64(1), "total")
        x = T.dscalar("x")
        updates = [(n, n + 1), (total, total * x + n)]
        return function([x], [n, total], updates=updates, mode=mode), [n, total], [2.0]

    both(make)


def test_updates_may_change_lengths():
    def make(mode):
        history = shared(np.zeros(1), "history")
        x = T.dscalar("x")
        longer = T.join(0, history, T.stack([x]))
        f = function([x], [history.sum()], updates=[(history, longer)], mode=mode)
        return f, [history], [2.0]

    both(make, calls=5)


def test_the_argument_may_be_the_storage_itself(mode):
    a = shared(square(), "a")
    x = T.dmatrix("x")
    f = function([x], [], updates=[(a, a + x.T)], mode=mode)
    f(a.get_value(borrow=True))
    np.testing.assert_allclose(a.get_value(), square() + square().T)


def test_an_update_in_place_keeps_the_storage():
    a = shared(square(), "a")
    x = T.dmatrix("x")
    f = function([x], [], updates=[(a, a - 0.1 * x)], mode=REWRITTEN)
    before = a.get_value(borrow=True).__array_interface__["data"]
    f(square())
    assert a.get_value(borrow=True).__array_interface__["data"] == before


class Refuse(Op):
    """Raises for a negative sum; else a copy."""

    __props__ = ()

    def make_node(self, x):
        return Apply(self, [T.as_tensor(x)], [T.as_tensor(x).type()])

    def perform(self, node, inputs, output_storage):
        if inputs[0].sum() < 0:
            raise ArithmeticError("the sum is negative")
        output_storage[0][0] = inputs[0] + 0


FAILURES = {
    "shape": lambda a, v, i: T.dot(a, v),
    "broadcast": lambda a, v, i: a + v,
    "index": lambda a, v, i: a[i],
    "rows": lambda a, v, i: a[T.stack([i, i])],
    "reshape": lambda a, v, i: T.reshape(a, (i, 2)),
    "targets": lambda a, v, i: T.categorical_crossentropy(T.softmax(a), T.stack([i, i, i])),
    "python": lambda a, v, i: Refuse()(a * (5 - i)),
    "join": lambda a, v, i: T.join(1, a, T.alloc(1.0, i, 2)),
    "empty": lambda a, v, i: T.max(v[i:]),
    "negative": lambda a, v, i: T.alloc(1.0, 5 - i),
    "written": lambda a, v, i: T.set_subtensor(a[:2], v),
    "python after": lambda a, v, i: T.dot(Refuse()(a), v),
}


@pytest.mark.parametrize("kind", FAILURES)
def test_a_call_that_fails_changes_nothing(kind, mode):
    a, b = shared(square(), "a"), shared(np.ones(3), "b")
    n = shared(np.int64(0), "n")
    v, i = T.dvector("v"), T.lscalar("i")
    failing = FAILURES[kind](a, v, i)
    updates = [(a, a - 0.5), (b, T.set_subtensor(b[1:], 9.0)), (n, n + 1)]
    f = function([v, i], failing, updates=updates, mode=mode, on_unused_input="ignore")
    reference = function([v, i], failing, mode=NUMPY, on_unused_input="ignore")
    storage = [x.get_value(borrow=True) for x in (a, b, n)]
    old = [x.copy() for x in storage]
    arguments = (np.ones(7), 7)
    with pytest.raises(Exception) as expected:  # noqa: PT011 (any, and the same)
        reference(*arguments)
    for _ in range(2):
        with pytest.raises(type(expected.value)) as found:
            f(*arguments)
        assert str(found.value).splitlines()[0] == str(expected.value).splitlines()[0]
        for x, kept, y in zip((a, b, n), storage, old, strict=True):
            assert x.get_value(borrow=True) is kept
            np.testing.assert_array_equal(kept, y)


def plan_of(inputs, outputs, updated=()):
    first = len(outputs) - len(updated)
    return plan_memory(
        FunctionGraph(inputs, outputs, clone=False), dict(enumerate(updated, first)), C
    )


def test_a_chain_lives_in_one_buffer():
    x = T.dvector("x")
    a = T.exp(x)
    b = T.sin(a)
    c = b + x
    plan = plan_of([x], [c])
    assert plan.reused == {b: a, c: b}


def test_another_shape_of_a_result_is_handed_over_as_it_is():
    x = T.dmatrix("x")
    y = x * 2.0
    flat, column = T.reshape(y, (-1,)), T.specify_shape(T.reshape(y, (-1, 1)), (6, 1))
    values = np.arange(6.0).reshape(2, 3)
    for outputs, is_copied in (
        ([flat], False),
        ([column], False),
        ([flat, column], True),
        ([y, flat], True),
        ([flat, y[0]], True),
        ([x.flatten()], True),
    ):
        f = function([x], outputs, mode=AS_WRITTEN)
        assert ("const copy = " in f.source()) == is_copied
        results = f(values)
        assert_apart([values, *results])
        for found, variable in zip(results, outputs, strict=True):
            np.testing.assert_array_equal(found, function([x], variable, mode=NUMPY)(values))


def test_a_buffer_that_is_read_later_is_not_taken_over():
    x = T.dvector("x")
    a = T.exp(x)
    b = T.sin(a)
    assert plan_of([x], [b + a]).reused.get(b) is None
    view = T.exp(x)[::-1]
    c = T.sin(view.owner.inputs[0])
    assert c not in plan_of([x], [c, view]).reused


class Window(Op):
    """The first input itself, of a class that the planner has never seen."""

    __props__ = ()
    view_map: ClassVar = {0: [1]}

    def make_node(self, other, x):
        return Apply(self, [other, x], [x.type()])

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = inputs[1][:]


def test_what_an_op_says_to_be_a_view_keeps_the_buffer_that_it_shows():
    x = T.dvector("x")
    shown = T.exp(x)
    view = Window()(x, shown)
    last_reader = T.sin(shown)
    plan = plan_of([x], [last_reader + view])
    assert plan.shown == {view: shown}
    assert last_reader not in plan.reused
    assert plan.dies_after[shown] == plan.dies_after[view]
    f = function([x], last_reader + view, mode=AS_WRITTEN)
    np.testing.assert_allclose(f([1.0, 2]), np.sin(np.exp([1.0, 2])) + np.exp([1.0, 2]))


def test_a_view_of_state_keeps_it_from_being_written_in_place():
    w, x = T.dvector("w"), T.dvector("x")
    view = Window()(x, w)
    new = w - x
    assert plan_of([x, w], [T.sin(view), new], [w]).in_place == {1}
    assert plan_of([x, w], [T.sin(new), new], [w]).in_place == {1}
    # The view is read after the new value is there.
    assert plan_of([x, w], [T.sin(view) + new, view + new, new], [w]).in_place == set()


def test_a_view_of_several_inputs_is_refused():
    class Either(Window):
        view_map: ClassVar = {0: [0, 1]}

    x = T.dvector("x")
    with pytest.raises(ValueError, match="shows the memory of several inputs"):
        plan_of([x], [Either()(x, T.exp(x))])


def test_arguments_and_outputs_are_not_taken_over():
    x = T.dvector("x")
    a = T.exp(x)
    b = T.sin(a)
    assert plan_of([x], [a, b]).reused == {}


def test_an_update_in_place_stands_in_the_tail():
    w, x = T.dvector("w"), T.dvector("x")
    new = w - x
    plan = plan_of([x, w], [w[::-1], new], [w])
    assert plan.in_place == {1}
    assert plan.tail == [new.owner]


def test_one_of_two_that_read_each_other_is_made_apart():
    v, w = T.dvector("v"), T.dvector("w")
    plan = plan_of([v, w], [v + w, w - v], [v, w])
    assert len(plan.in_place) == 1


def test_empty_results_beside_a_full_arena():
    x, empty = T.dvector("x"), T.dvector("empty")
    outputs = [f(v + float(k)) for k in range(70) for f, v in ((T.sum, x), (T.sum, empty))]
    outputs += [T.argmax(T.exp(x - float(k))) for k in range(3)]
    f = function([x, empty], outputs, mode=AS_WRITTEN)
    before = pool_statistics()["live_blocks"]
    for _ in range(3):
        found = f(np.ones(8), np.ones(0))
        assert [float(y) for y in found[:4]] == [8.0, 0.0, 16.0, 0.0]
    assert pool_statistics()["live_blocks"] == before


def test_memory_is_given_back():
    x, i = T.dmatrix("x"), T.lscalar("i")
    y = T.tanh(T.dot(x, x.T)[::-1])
    f = function([x, i], [y.sum(axis=0)[i], T.join(0, y, y.T), Refuse()(y + i)], mode=AS_WRITTEN)
    argument = np.ones((60, 3))[::2]
    f(argument, 3)
    before = pool_statistics()["live_blocks"]
    for _ in range(20):
        f(argument, 3)
        for wrong in (1000, -29):
            with pytest.raises((IndexError, ArithmeticError)):
                f(argument, wrong)
    assert pool_statistics()["live_blocks"] == before
