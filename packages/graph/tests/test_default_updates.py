"""Which shared variables a function default-updates, and from what, where givens replace some."""

import numpy as np
import pytest
from bitale_graph import function, shared
from bitale_graph import language as T

b = T.dscalar("b")


def counter(value=1.0, step=3.0, name="s"):
    s = shared(value, name)
    s.default_update = s + step
    return s


def updates_of(f):
    return len(f.maker.update_targets)


def test_a_replaced_variable_is_not_updated():
    s = counter()
    f = function([b], s + 10, givens={s: b})
    assert f(5) == 15
    assert s.get_value() == 1
    assert (updates_of(f), f.get_shared()) == (0, [])


@pytest.mark.parametrize(
    "read",
    [lambda s: s * 2 + T.exp(s), lambda s: T.switch(s > 0, s, -s), lambda s: s],
    ids=["in two places", "in a switch", "as it is"],
)
def test_however_it_is_read_a_replaced_variable_is_not_updated(read):
    s, t = counter(), shared(4.0)
    f = function([], read(s), givens=[(s, t)])
    assert f() == function([], read(t))()
    assert s.get_value() == 1


def test_the_default_update_of_a_replacement_is_made():
    s, t = counter(), counter(10.0, 5.0, "t")
    f = function([], s, givens={s: t * 2})
    assert [f(), f()] == [20, 30]
    assert (s.get_value(), t.get_value()) == (1, 20)


def test_a_replacement_that_nothing_reads_makes_no_update():
    s, t = counter(), counter(10.0)
    function([], T.as_tensor(1.0), givens={s: t})()
    assert (s.get_value(), t.get_value()) == (1, 10)


def test_a_replacement_that_reads_the_variable_is_made_in_its_default_update():
    # What Theano's own test asks for: 1 + 10 + 10, and then 1 + 10 + 3 + 10 + 10.
    s = counter()
    f = function([], s + 10, givens={s: s + 10})
    assert [f(), f()] == [21, 34]


def test_variables_that_stand_for_each_other_are_both_updated():
    s, t = counter(1.0, 3.0), counter(10.0, 5.0)
    assert function([], s - t, givens={s: t, t: s})() == 9
    assert (s.get_value(), t.get_value()) == (13, 6)


def test_an_explicit_update_of_a_replaced_variable_is_made_of_the_replacement():
    s = counter()
    f = function([b], s, givens={s: b}, updates=[(s, s * 2)])
    assert f(5) == 5
    assert s.get_value() == 10


def test_an_explicit_update_that_reads_a_replaced_variable_does_not_update_it():
    s, t = counter(), shared(0.0)
    function([b], [], givens={s: b}, updates=[(t, t + s)])(5)
    assert (s.get_value(), t.get_value()) == (1, 5)


def test_a_default_update_reads_what_replaces_another_variable():
    s, r = counter(), shared(100.0)
    r.default_update = r + s
    f = function([b], r, givens={s: b})
    assert [f(5), f(7), f(0)] == [100, 105, 112]
    assert s.get_value() == 1


def test_default_updates_of_what_default_updates_read_are_made():
    s, r = counter(), shared(100.0)
    r.default_update = r + s
    f = function([], r)
    assert [f(), f(), f()] == [100, 101, 105]


def test_a_replaced_expression_hides_the_variables_in_it():
    s = counter()
    middle = s * 2
    assert function([b], middle + 1, givens={middle: b})(5) == 6
    assert s.get_value() == 1
    assert function([b], middle + s, givens={middle: b})(5) == 6
    assert s.get_value() == 4


def test_givens_within_givens_hide_what_they_replace():
    s, t = counter(), counter(10.0)
    u = T.dscalar("u")
    assert function([b], u, givens={u: s + t, s: b, t: b * 2})(5) == 15
    assert (s.get_value(), t.get_value()) == (1, 10)


def test_what_an_input_was_computed_from_is_neither_replaced_nor_updated():
    s = counter()
    middle = s * 2
    assert function([middle, b], middle + b, givens={s: b}, on_unused_input="ignore")(7, 1) == 8
    assert function([middle], middle + 1, updates=[(s, middle)])(7) == 8
    assert s.get_value() == 7


def test_storage_that_clones_share_is_updated_once():
    s = counter()
    f = function([], s + s.clone())
    assert [f(), f()] == [2, 8]
    assert updates_of(f) == 1
    f = function([], s.clone(), updates=[(s, s * 0)])
    assert [f(), f()] == [7, 0]


def test_replacing_a_variable_leaves_its_clone_to_be_read_and_updated():
    s = counter()
    other = s.clone()
    f = function([b], s * 100 + other, givens={s: b})
    assert f(5) == 501
    # The default update is written in `s`, and so made of what stands for it.
    assert s.get_value() == 8


def test_default_updates_are_left_out_by_clone_too():
    s = counter()
    for left_out in ([s], [s.clone()], (s,), {s}, s, True):
        f = function([], s.clone() + s, no_default_updates=left_out)
        assert updates_of(f) == 0
    with pytest.raises(TypeError, match=r"no_default_updates takes .* got 's'"):
        function([], s, no_default_updates=["s"])


def test_a_default_update_left_out_is_left_out_where_a_replacement_reads_it():
    s, t = counter(), counter(10.0)
    function([], s, givens={s: t}, no_default_updates=[t])()
    assert (s.get_value(), t.get_value()) == (1, 10)
    function([], s, givens={s: t}, no_default_updates=[s])()
    assert (s.get_value(), t.get_value()) == (1, 13)


def test_a_stream_of_numbers_that_is_replaced_does_not_move_on():
    # Shaped as streams of random numbers are: a state, and a sample with the state after it.
    def stream(seed):
        state = shared(np.array([seed, 1], "int64"))
        state.default_update = (state * 48271) % 2147483647
        return state, state[0] % 1000

    (one, sample), (other, _) = stream(7), stream(11)
    f = function([], sample, givens={one: other})
    drawn = [int(f()), int(f())]
    assert drawn == [11, 11 * 48271 % 2147483647 % 1000]
    np.testing.assert_array_equal(one.get_value(), [7, 1])
