"""Loops of which a step works element by element are one kernel, and all others are traced."""

import numpy as np
import pytest
from bitale_graph import function, scan
from bitale_graph import language as T
from bitale_graph.compile.mode import Mode
from bitale_graph.extend import ShapeError
from bitale_graph.recurrence.result import until

DEVICE, CPU = Mode(device="emulated", optimizer="None"), Mode(linker="numpy", optimizer="None")
x, s, t, n = T.dmatrix("x"), T.dvector("s"), T.dvector("t"), T.lscalar("n")
pytestmark = pytest.mark.usefixtures("needs_emulation")


def rows(lengths, steps=3):
    return np.arange(1.0, 1 + steps * lengths).reshape(steps, lengths) / 7


def added():
    return scan(lambda r, a: a + r, sequences=x, outputs_info=[s])[0]


def backwards():
    return scan(lambda r, a: T.tanh(a * r), sequences=x, outputs_info=[s], go_backwards=True)[0]


def two_apart():
    return scan(lambda r, a, b: (a + r, b * 2), sequences=x, outputs_info=[s, t])[0]


def two_together():
    return scan(lambda r, a, b: (a + r + b, b * 2 + a), sequences=x, outputs_info=[s, t])[0]


def unread_sequence():
    return scan(lambda r, a: a * 2, sequences=x, outputs_info=[s])[0]


def replaced():
    return scan(lambda r, a: r, sequences=x, outputs_info=[s])[0]


def two_taps():
    return scan(
        lambda r, a, b: a - b + r, sequences=x, outputs_info=[{"initial": x[:2], "taps": [-2, -1]}]
    )[0]


def a_number_beside():
    return scan(lambda r, k: (r * k, k + 1), sequences=x, outputs_info=[None, s.sum()])[0]


def kernels(run):
    return [getattr(one, "kernel", "")[:13] for one in run.executable.plans[-1][1].commands]


LOOPS = (added, backwards, two_apart, two_together, unread_sequence, replaced, two_taps,
         a_number_beside)  # fmt: skip


@pytest.mark.parametrize("shape", [(3, 4), (1, 4), (0, 4), (2, 1), (5, 0), (4, 70)])
@pytest.mark.parametrize("loop", LOOPS, ids=lambda one: one.__name__)
def test_a_loop_gives_numpys_numbers(loop, shape):
    made = loop()
    outputs = made if isinstance(made, list) else [made]
    lengths = shape[1]
    args = (rows(lengths, shape[0]), np.arange(1.0, 1 + lengths), np.arange(2.0, 2 + lengths))
    found = []
    for mode in (DEVICE, CPU):
        run = function([x, s, t], outputs, mode=mode, on_unused_input="ignore")
        try:
            found.append([run(*args) for _ in range(2)][-1])
        except (ShapeError, ValueError, IndexError) as error:
            found.append(type(error))
    ours, theirs = found
    if isinstance(theirs, type):
        assert ours is theirs
        return
    for one, other in zip(ours, theirs, strict=True):
        assert one.shape == other.shape
        np.testing.assert_allclose(one, other, rtol=1e-13)


def test_steps_of_elements_are_one_kernel():
    run = function([x, s], added(), mode=DEVICE)
    run(rows(4), np.ones(4))
    assert kernels(run) == ["bt_recurrence"]


def test_states_of_lengths_of_their_own_are_no_one_kernel():
    run = function([x, s, t], two_apart(), mode=DEVICE)
    a, b = run(rows(4), np.ones(4), np.ones(6))
    assert (a.shape, b.shape) == ((3, 4), (3, 6))
    assert "bt_recurrence" not in kernels(run)


@pytest.mark.parametrize("loop", [two_together, replaced, added], ids=lambda one: one.__name__)
def test_lengths_are_compared_if_a_step_is_made(loop):
    made = loop()
    outputs = made if isinstance(made, list) else [made]
    for steps in (0, 1, 3):
        results = []
        for mode in (DEVICE, CPU):
            run = function([x, s, t], outputs, mode=mode, on_unused_input="ignore")
            try:
                results.append([y.shape for y in run(rows(4, steps), np.ones(5), np.ones(3))])
            except ShapeError as error:
                results.append(str(error).splitlines()[0])
        assert results[0] == results[1]
        assert isinstance(results[0], str) == (steps > 0)


def test_a_loop_of_numbers_ends_where_a_number_says_so():
    def doubled(a):
        return a * 2, until(a > 1e3)

    for mode in (DEVICE, CPU):
        run = function([s, n], scan(doubled, outputs_info=[s.sum()], n_steps=n)[0][-1], mode=mode)
        assert run([1.0, 2.0], 50) == 3072
        assert run([1.0, 2.0], 4) == 48
        with pytest.raises(IndexError):
            run([1.0, 2.0], 0)


def test_the_first_state_is_the_last_where_no_step_is_made():
    made = scan(lambda r, a: a + r, sequences=x, outputs_info=[s])[0]
    run = function([x, s], [made.shape[0], T.concatenate([s[None], made])[-1]], mode=DEVICE)
    count, last = run(rows(4, 0), np.arange(4.0))
    assert count == 0
    np.testing.assert_array_equal(last, np.arange(4.0))
