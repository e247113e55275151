"""What goes wrong on a device is told in NumPy's words, and changes nothing."""

import inspect

import numpy as np
import pytest
from bitale_graph import Assert, Mode, assert_op, function, ifelse, scan, shared, until
from bitale_graph import language as T

DEVICE = Mode(device="emulated", optimizer="None")
CPU = Mode(linker="numpy", optimizer="None")
HERE = inspect.getsourcefile(lambda: None)

pytestmark = pytest.mark.usefixtures("emulated")
UNUSED = {"on_unused_input": "ignore"}

x, y, v, u = T.dmatrix("x"), T.dmatrix("y"), T.dvector("v"), T.dvector("u")
i, n = T.lvector("i"), T.lscalar("n")


def ramp(*shape):
    return np.arange(float(np.prod(shape))).reshape(shape)


def crossentropy(x, targets):
    made = T.softmax(x)
    return -T.log(made)[T.arange(x.shape[0]), targets]


# From a name to the inputs, the expression, values that do, and values that do not.
CASES = {
    "gather": ([x, i], x[i], [ramp(3, 4), [0, 2, -3]], [ramp(3, 4), [0, 3]]),
    "gather before the first": ([v, i], v[i], [ramp(3), [-3]], [ramp(3), [-4]]),
    "gather of nothing": ([v, i], v[i], [ramp(0), []], [ramp(0), [0]]),
    "gather of pairs": ([x, i], x[i, i], [ramp(3, 4), [0, 2]], [ramp(3, 4), [1, 3]]),
    "row": ([x, n], x[n], [ramp(3, 4), 2], [ramp(3, 4), 3]),
    "column": ([x, n], x[:, n], [ramp(3, 4), -4], [ramp(3, 4), -5]),
    "row that the device computes": (
        [x, v], x[T.cast(v.sum(), "int64")] * 2, [ramp(3, 4), [1.0, 1.0]], [ramp(3, 4), [1.0, 3.0]],
    ),
    "scatter": (
        [v, i, u], T.inc_subtensor(v[i], u), [ramp(3), [0, 0], ramp(2)], [ramp(3), [0, 3], ramp(2)],
    ),
    "scatter of other lengths": (
        [v, i, u], T.set_subtensor(v[i], u), [ramp(3), [0, 1], ramp(2)], [ramp(3), [0, 1], ramp(3)],
    ),
    "targets": ([x, i], crossentropy(x, i), [ramp(2, 4), [0, 3]], [ramp(2, 4), [0, 4]]),
    "assertion": ([v], assert_op(v, v.sum() > 0) * 2, [ramp(3)], [-ramp(3)]),
    "assertion with words": (
        [v], Assert("too large")(v, T.all(v < 5)) * 2, [ramp(3)], [ramp(9)],
    ),
    "assertion of the host": ([v, n], assert_op(v, n > 0) * 2, [ramp(3), 1], [ramp(3), 0]),
    "lengths": ([v, u], v + u, [ramp(3), ramp(3)], [ramp(3), ramp(4)]),
    "length 1": ([v, u], v + u, [ramp(1), ramp(1)], [ramp(1), ramp(3)]),
    "inner lengths": ([x, y], T.dot(x, y), [ramp(2, 3), ramp(3, 2)], [ramp(2, 3), ramp(2, 3)]),
    "joined lengths": (
        [x, y], T.concatenate([x, y], axis=1), [ramp(2, 3), ramp(2, 1)], [ramp(2, 3), ramp(3, 1)],
    ),
    "shape": ([v, n], v.reshape((n, -1)), [ramp(6), 3], [ramp(6), 4]),
    "shape of nothing": ([v, n], v.reshape((n, 2)), [ramp(6), 3], [ramp(6), 0]),
    "negative length": ([n], T.zeros((n,)) + 1, [3], [-1]),
    "step of 0": ([v, n], v[::n], [ramp(4), -2], [ramp(4), 0]),
    "largest of nothing": ([x], x.max(axis=0), [ramp(2, 3)], [ramp(0, 3)]),
    "place of the largest of nothing": ([x], x.argmax(axis=1), [ramp(2, 3)], [ramp(3, 0)]),
}  # fmt: skip


def failure(run, args):
    """The class and the first line of an error, and whether it tells the user's line."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 (which one is compared)
        run(*args)
    text = str(caught.value)
    return type(caught.value), text.splitlines()[0], HERE in text


@pytest.mark.parametrize(("inputs", "expression", "good", "bad"), CASES.values(), ids=CASES)
def test_an_error_is_numpy_s_and_changes_nothing(inputs, expression, good, bad):
    told = []
    for mode in (CPU, DEVICE):
        before, after = shared(ramp(3)), shared(1.0)
        # One update that does not wait for what fails, and one that does.
        updates = [(before, before + 1), (after, after + expression.sum())]
        run = function(inputs, expression, updates=updates, mode=mode, name="mine")
        run(*good)
        state = [before.get_value().tolist(), float(after.get_value())]
        told.append(failure(run, bad))
        told.append(failure(run, bad))
        assert [before.get_value().tolist(), float(after.get_value())] == state
        run(*good)
        assert before.get_value().tolist() == (ramp(3) + 2).tolist()
        seen = function([], before + 0, mode=mode)()
        assert seen.tolist() == before.get_value().tolist()
    assert told[0] == told[1] == told[2] == told[3]


def test_the_first_of_two_failures_is_told():
    rows, other = T.lvector("rows"), T.lvector("other")
    for mode in (CPU, DEVICE):
        run = function([v, rows, other], [v[rows] * 2, v[other] * 3], mode=mode)
        with pytest.raises(IndexError, match="index 7"):
            run(ramp(3), [7], [0])
        with pytest.raises(IndexError, match="index 8"):
            run(ramp(3), [0], [8])
        run(ramp(3), [0], [1])


def test_a_failure_does_not_stop_other_functions(emulated):
    bad = function([v, i], v[i], mode=DEVICE)
    good = function([v], T.exp(v).sum(), mode=DEVICE)
    for _ in range(3):
        with pytest.raises(IndexError):
            bad(ramp(3), [5])
        assert good(np.zeros(4)) == 4
        assert bad(ramp(3), [2]) == [2]
    pieces = emulated.pieces
    with pytest.raises(IndexError):
        bad(ramp(3), [5])
    assert emulated.pieces == pieces


def test_state_that_is_updated_in_place_is_not_touched_by_a_call_that_fails(emulated):
    w = shared(ramp(3, 2))
    updates = [(w, T.inc_subtensor(w[i], x))]
    run = function([i, x], w.sum(), updates=updates, mode=DEVICE)
    run([0, 0], np.ones((2, 2)))
    run([1, 0], np.ones((2, 2)))
    before = w.get_value()
    for rows in ([0, 3], [3, 0], [-4, 0]):
        with pytest.raises(IndexError):
            run(rows, np.ones((2, 2)))
        np.testing.assert_array_equal(w.get_value(), before)
    assert "allocations" not in emulated.asked(lambda: run([2, 2], np.ones((2, 2))))


# Loops
def looked_up(mode):
    table = shared(ramp(4, 3))
    steps, _ = scan(
        lambda k, h: h + table[k], sequences=[i], outputs_info=[T.zeros((3,), "float64")]
    )
    return function([i], steps, updates=[(table, table + steps.sum())], mode=mode), table


def scaled(mode):
    w = shared(np.eye(3))
    steps, _ = scan(
        lambda row, h: T.dot(w, h) + row, sequences=[x], outputs_info=[T.zeros((3,))], n_steps=n
    )
    return function([x, n], steps[-1], updates=[(w, w + steps.sum())], mode=mode), w


def asserted(mode):
    w = shared(0.0)
    steps, _ = scan(
        lambda row, h: assert_op(h + row, (h + row).sum() < 50),
        sequences=[x],
        outputs_info=[T.zeros((3,))],
    )
    return function([x], steps, updates=[(w, w + steps.sum())], mode=mode), w


LOOPS = {
    "too few rows": (scaled, (ramp(4, 3), 3), (ramp(4, 3), 5)),
    "no last of no steps": (scaled, (ramp(4, 3), 3), (ramp(4, 3), 0)),
    "negative number of steps": (scaled, (ramp(4, 3), 3), (ramp(4, 3), -1)),
    "rows of another length": (scaled, (ramp(4, 3), 4), (ramp(4, 2), 4)),
    "an assertion in the third step": (asserted, (ramp(2, 3),), (ramp(4, 3) + 3,)),
    "an index in the second step": (looked_up, ([0, 1, 3],), ([0, 4, 1],)),
    "a negative index in the last step": (looked_up, ([0, 1, -4],), ([0, 2, -5],)),
}


@pytest.mark.parametrize(("make", "good", "bad"), LOOPS.values(), ids=LOOPS)
def test_an_error_in_a_step_is_numpy_s_and_changes_nothing(make, good, bad):
    told, states = [], []
    for mode in (CPU, DEVICE):
        run, state = make(mode)
        run(*good)
        before = state.get_value().tolist()
        told.append(failure(run, bad))
        assert state.get_value().tolist() == before
        run(*good)
        states.append(state.get_value().tolist())
    assert told[0] == told[1]
    np.testing.assert_allclose(states[0], states[1])


def results(run, *args):
    return [one.tolist() for one in run(*args)]


def test_a_loop_ends_where_the_device_says_so():
    s, total = T.dscalar("s"), shared(0.0)
    steps, _ = scan(lambda h: (h * 2, until(h * 2 > 50)), outputs_info=[s], n_steps=20)
    for value in (1.0, 30.0, 1e-9, 0.0):
        found = []
        for mode in (CPU, DEVICE):
            total.set_value(0.0)
            updates = [(total, total + steps.sum())]
            run = function([s], [steps, steps.shape[0]], updates=updates, mode=mode)
            found.append((results(run, value), results(run, value), float(total.get_value())))
        assert found[0] == found[1]


def test_a_loop_of_vectors_ends_where_the_device_says_so():
    steps, _ = scan(
        lambda h: (h + v, until(h.sum() > 20)), outputs_info=[T.zeros_like(v)], n_steps=30
    )
    ours, theirs = (function([v], [steps, steps[-1] * 2], mode=mode) for mode in (DEVICE, CPU))
    for value in (np.ones(3), np.full(3, 9.0), np.zeros(3), -np.ones(2)):
        assert results(ours, value) == results(theirs, value)


def test_a_branch_is_chosen_where_the_device_says_so():
    w = shared(ramp(2))
    chosen = ifelse(v.sum() > 0, v * 2, u - 1)
    for mode in (CPU, DEVICE):
        w.set_value(ramp(2))
        updates = [(w, ifelse(v.sum() > 0, w + 1, w * 10))]
        run = function([v, u], chosen, updates=updates, mode=mode)
        for value in (np.ones(2), -np.ones(2), np.ones(2)):
            expected = value * 2 if value[0] > 0 else ramp(3) - 1
            np.testing.assert_array_equal(run(value, ramp(3)), expected)
        np.testing.assert_array_equal(w.get_value(), [11.0, 21.0])


def test_the_branch_that_is_not_chosen_may_be_wrong():
    for mode in (CPU, DEVICE):
        run = function([v, i], ifelse(v.sum() > 0, v[i], v[:1]), mode=mode)
        assert run(-np.ones(3), [99]).tolist() == [-1]
        assert run(np.ones(3), [2]).tolist() == [1]
        with pytest.raises(IndexError, match="index 99"):
            run(np.ones(3), [99])


WRONG_BRANCHES = {
    "lengths": lambda: (v + u).sum(),
    "want of memory": lambda: T.zeros((n, n)).sum(),
    "assertion": lambda: assert_op(v, n < 0).sum(),
    "shape": lambda: v.reshape((n, 2)).sum(),
    "row": lambda: u[n],
}


@pytest.mark.parametrize("wrong", WRONG_BRANCHES.values(), ids=WRONG_BRANCHES)
def test_what_the_host_finds_wrong_in_a_branch_matters_only_where_it_is_chosen(wrong):
    run = function([v, u, n], ifelse(v.sum() > 0, v.sum(), wrong()), mode=DEVICE, **UNUSED)
    assert run(np.ones(3), np.ones(4), 2**31) == 3
