"""Functions that write into borrowed storage change no other variable, argument or array."""

import numpy as np
import pytest
from bitale_graph import Mode, function, shared
from bitale_graph import language as T

MODES = [Mode(linker="c"), Mode(linker="numpy")]


def file_map(tmp_path):
    made = np.memmap(tmp_path / "values", dtype="float64", mode="w+", shape=(6,))
    made[:] = np.arange(6.0)
    return made


OVERLAPS = {
    "the same array": lambda a: (a, a),
    "two views of all": lambda a: (a[:], a[:]),
    "an array and a view of it": lambda a: (a, a[1:5]),
    "a view and the array": lambda a: (a[1:5], a),
    "two views": lambda a: (a[:4], a[2:]),
    "a view of a view": lambda a: (a[1:], a[1:][1:]),
    "a reshaped view": lambda a: (a, a.reshape(2, 3).reshape(-1)),
    "a buffer": lambda a: (np.frombuffer(memoryview(a), "float64"), a),
    "another dtype": lambda a: (a, a.view("int64").view("float64")),
    "repeated elements": lambda a: (np.broadcast_to(a[:1], 6), a),
    "reversed": lambda a: (a[::-1], a),
}


def stepped(mode, s, t):
    """Values after functions that could write in place have run several times."""
    x = T.dscalar("x")
    both = function([x], [s.sum(), t.sum()], updates=[(s, s + x), (t, t * 2)], mode=mode)
    one = function([], s * 1, updates=[(s, T.exp(-s) + s)], mode=mode)
    part = function([], t * 1, updates=[(t, T.inc_subtensor(t[1:3], 10.0))], mode=mode)
    results = []
    for _ in range(2):
        results += [*both(0.5), one(), part()]
    return [*results, s.get_value(), t.get_value()]


@pytest.mark.parametrize("mode", MODES, ids=["c", "numpy"])
@pytest.mark.parametrize("overlap", OVERLAPS.values(), ids=list(OVERLAPS))
def test_variables_on_overlapping_memory_do_not_meet(overlap, mode):
    wanted = stepped(mode, *(shared(a.copy()) for a in overlap(np.arange(6.0))))
    first, second = overlap(np.arange(6.0))
    found = stepped(mode, shared(first, borrow=True), shared(second, borrow=True))
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("mode", MODES, ids=["c", "numpy"])
@pytest.mark.parametrize("overlap", OVERLAPS.values(), ids=list(OVERLAPS))
def test_values_set_later_on_overlapping_memory_do_not_meet(overlap, mode):
    wanted = stepped(mode, *(shared(a.copy()) for a in overlap(np.arange(6.0))))
    s, t = shared(np.zeros(1)), shared(np.zeros(1))
    for variable, array in zip((s, t), overlap(np.arange(6.0)), strict=True):
        variable.set_value(array, borrow=True)
    for a, b in zip(stepped(mode, s, t), wanted, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("mode", MODES, ids=["c", "numpy"])
def test_the_storage_of_another_variable_can_be_borrowed(mode):
    s = shared(np.arange(6.0))
    t = shared(s.get_value(borrow=True), borrow=True)
    wanted = stepped(mode, shared(np.arange(6.0)), shared(np.arange(6.0)))
    for a, b in zip(stepped(mode, s, t), wanted, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("mode", MODES, ids=["c", "numpy"])
def test_a_view_that_was_lent_keeps_its_array_as_it_is(mode):
    owner = np.arange(6.0)
    s = shared(owner[2:], borrow=True)
    function([], [], updates=[(s, s + 1)], mode=mode)()
    np.testing.assert_array_equal(owner, np.arange(6.0))
    np.testing.assert_array_equal(s.get_value(), np.arange(3.0, 7.0))


@pytest.mark.parametrize("mode", MODES, ids=["c", "numpy"])
def test_a_file_that_was_lent_keeps_its_values(mode, tmp_path):
    lent = file_map(tmp_path)
    s = shared(lent, borrow=True)
    function([], [], updates=[(s, s + 1)], mode=mode)()
    np.testing.assert_array_equal(lent, np.arange(6.0))


@pytest.mark.parametrize("mode", MODES, ids=["c", "numpy"])
@pytest.mark.parametrize(
    "view", [lambda a: a, lambda a: a[1:], lambda a: a[::-1]], ids=["whole", "part", "reversed"]
)
def test_an_argument_may_be_the_storage_or_a_view_of_it(view, mode):
    x = T.dvector("x")
    lent = np.arange(6.0)
    s = shared(lent, borrow=True)
    given = view(lent)
    before = given.copy()
    f = function([x], x * 1, updates=[(s, T.inc_subtensor(s[: x.shape[0]], x))], mode=mode)
    np.testing.assert_array_equal(f(given), before)
    wanted = np.arange(6.0)
    wanted[: before.size] += before
    np.testing.assert_array_equal(s.get_value(), wanted)


@pytest.mark.parametrize("mode", MODES, ids=["c", "numpy"])
def test_results_are_apart_from_borrowed_storage(mode):
    s = shared(np.arange(6.0), borrow=True)
    f = function([], [s, s[1:], s.reshape((2, 3))], updates=[(s, s + 1)], mode=mode)
    for result in f():
        assert not np.shares_memory(result, s.get_value(borrow=True))
        result[...] = 99
    np.testing.assert_array_equal(s.get_value(), np.arange(1.0, 7.0))
