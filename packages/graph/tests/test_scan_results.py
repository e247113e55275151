"""What the step of `scan` returns: outputs, updates, a condition to stop; and what is refused."""

import re
import traceback

import numpy as np
import pytest
from bitale_graph import OrderedUpdates, config, function, scan, shared, until
from bitale_graph import language as T
from bitale_graph.base.errors import ShapeError

x, v, m = T.dvector("x"), T.dvector("v"), T.dmatrix("m")
n = T.lscalar("n")
X = np.array([1.0, 2.0, 4.0, 8.0, 16.0])


@pytest.fixture
def k():
    return shared(0, "k")


# Combinations
FORMS = {
    "outputs, dict": lambda a, u: (a, u),
    "dict, outputs": lambda a, u: (u, a),
    "outputs, pairs": lambda a, u: (a, list(u.items())),
    "pairs, outputs": lambda a, u: (list(u.items()), a),
    "list, dict": lambda a, u: ([a], u),
    "tuple, pairs as lists": lambda a, u: ((a,), [list(p) for p in u.items()]),
    "outputs, mapping": lambda a, u: (a, OrderedUpdates(u)),
    "names, dict": lambda a, u: ({"a": a}, u),
}


@pytest.mark.parametrize("stops", [False, True])
@pytest.mark.parametrize("form", FORMS)
def test_outputs_and_updates(form, stops, k):
    def step(row):
        pair = FORMS[form](row * 2, {k: k + 1})
        return (pair, until(row > 3)) if stops else pair

    outputs, updates = scan(step, x)
    assert list(updates) == [k]
    found = function([x], outputs, updates=updates)(X)
    found = found["a"] if isinstance(found, dict) else found
    np.testing.assert_array_equal(found, X[:3] * 2 if stops else X * 2)
    assert k.get_value() == (3 if stops else 5)


def test_outputs_updates_and_a_condition_side_by_side(k):
    def step(row, t):
        return [t + row, row], {k: k + 2}, until(row > 3)

    outputs, updates = scan(step, x, [0.0, None])
    found = function([x], outputs, updates=updates)(X)
    np.testing.assert_array_equal(found, [[1, 3, 7], [1, 2, 4]])
    assert k.get_value() == 6


def test_several_outputs_and_a_condition_side_by_side():
    (a, b), _ = scan(lambda row: (row, row * 2, until(row > 3)), x)
    np.testing.assert_array_equal(function([x], [a, b])(X), [X[:3], X[:3] * 2])


def test_updates_alone(k):
    outputs, updates = scan(lambda row: {k: k + T.cast(row, "int64")}, x)
    assert outputs is None
    function([x], updates=updates)(X)
    assert k.get_value() == 31
    assert scan(lambda: [(k, k + 1)], n_steps=2, return_list=True)[0] == []


def test_updates_and_a_condition(k):
    _, updates = scan(lambda row: ({k: k + 1}, until(row > 1)), x)
    function([x], updates=updates)(X)
    assert k.get_value() == 2


def test_an_empty_list_beside_outputs_is_no_update():
    for step in (lambda row: (row, []), lambda row: ({}, row)):
        outputs, updates = scan(step, x)
        assert updates == {}
        np.testing.assert_array_equal(function([x], outputs)(X), X)


def test_a_number_is_an_output():
    np.testing.assert_array_equal(function([x], scan(lambda row: 7, x)[0])(X), [7] * 5)


# until
def test_until_keeps_the_step_that_stops():
    f = function([n], scan(lambda t: (t * 2, until(t > 10)), None, 1, n_steps=n)[0])
    np.testing.assert_array_equal(f(99), [2, 4, 8, 16, 32])
    np.testing.assert_array_equal(f(3), [2, 4, 8])
    assert f(0).shape == (0,)


def test_any_dtype_may_stop():
    outputs, _ = scan(lambda row: (row, until(row - 4)), x)
    np.testing.assert_array_equal(function([x], outputs)(X), [1])


def test_only_a_scalar_may_stop():
    with pytest.raises(ShapeError, match=r"until takes a 0-d condition, .*T\.any or T\.all"):
        until(x > 1)


# Updates
def test_every_step_sees_the_update_of_the_one_before(k):
    outputs, updates = scan(lambda: (k, {k: k * 2 + 1}), n_steps=4)
    np.testing.assert_array_equal(function([], outputs, updates=updates)(), [0, 1, 3, 7])
    assert k.get_value() == 15


def test_updates_of_a_loop_inside_go_on(k):
    def outer(row):
        total, updates = scan(lambda e: (e, {k: k + 1}), row)
        return total.sum(), updates

    outputs, updates = scan(outer, m)
    np.testing.assert_array_equal(
        function([m], outputs, updates=updates)(np.ones((3, 4))), [4, 4, 4]
    )
    assert k.get_value() == 12


def test_default_updates_are_made_in_every_step(k):
    k.default_update = k + 3
    outputs, updates = scan(lambda: k * 1, n_steps=3)
    assert list(updates) == [k]
    f = function([], outputs, updates=updates)
    np.testing.assert_array_equal([f(), f()], [[0, 3, 6], [9, 12, 15]])


def test_an_update_is_cast_where_nothing_is_lost():
    s, row = shared(0.0, "s"), shared(np.zeros((1, 2)), "row", broadcastable=(True, False))
    _, updates = scan(lambda: {s: T.constant(np.float32(2)), row: T.dot(row, m)}, n_steps=2)
    function([m], updates=updates)(np.eye(2))
    assert s.get_value() == 2
    _, updates = scan(lambda: {s: 3}, n_steps=2)
    function([], updates=updates)()
    assert s.get_value() == 3


def test_ordered_updates():
    a, b = shared(1.0, "a"), shared(2.0, "b")
    new = a + 1
    one, other = OrderedUpdates({b: b * 2}), OrderedUpdates([(a, new)])
    both = one + other
    assert isinstance(both, OrderedUpdates)
    assert list(both) == [b, a]
    assert list({a: new} + one) == [a, b]
    assert list(one | other) == [b, a]
    both.update({a: new})
    assert both.setdefault(b) is one[b]
    one |= other
    assert list(one.copy()) == [b, a]
    with pytest.raises(KeyError, match="two updates of a"):
        both.update({a: a * 3})
    for wrong in (x, "a"):
        with pytest.raises(TypeError, match="only shared variables have updates"):
            both[wrong] = new


# What is refused
def refused(error, text, *args, **keywords):
    with pytest.raises(error, match=text) as caught:
        scan(*args, **keywords)
    return str(caught.value)


def test_a_state_keeps_its_dtype():
    text = refused(TypeError, "float32 becomes float64", lambda r, t: t + r, x, T.fscalar("h"))
    assert "output 0 changes its type\n  first value: h  TensorType(float32, scalar)" in text
    assert f"made at {__file__}:" in text
    assert "hint: cast what fn returns to float32" in text


def test_a_state_keeps_its_rank():
    refused(
        TypeError,
        "has to keep its rank(.|\n)*output 'h'",
        lambda t: {"h": t + v},
        None,
        {"h": T.dscalar()},
        n_steps=2,
    )


def test_a_state_keeps_known_lengths():
    refused(
        ShapeError, "has to keep its shape", lambda t: T.zeros((4,)), None, T.zeros((3,)), n_steps=2
    )


def test_a_state_keeps_its_lengths_when_it_runs():
    f = function([m, v], scan(lambda t: T.dot(m, t), None, v, n_steps=2)[0])
    with pytest.raises(ShapeError, match=r"state 0 .* from \(3,\) to \(2,\) in step 0"):
        f(np.ones((2, 3)), np.ones(3))


def test_sequences_have_rows():
    refused(TypeError, "sequence 0 is 0-d", lambda r: r, T.dscalar())
    refused(ValueError, "sequence 1 has no 'input'", lambda r: r, [x, {"taps": [0]}])
    refused(ValueError, "unknown keys", lambda r: r, {"input": x, "tap": [0]})


@pytest.mark.parametrize(
    ("taps", "error", "text"),
    [
        ([0.5], TypeError, "must be integers"),
        ([True], TypeError, "must be integers"),
        ([n], TypeError, "must be integers"),
        ([], ValueError, "empty list of taps"),
        ([-1, -1], ValueError, "a tap twice"),
    ],
)
def test_taps_are_integers(taps, error, text):
    refused(error, text, lambda *r: r[0], {"input": x, "taps": taps})
    refused(error, text, lambda *r: r[0], None, {"initial": x, "taps": taps}, n_steps=1)


def test_taps_of_states_are_negative():
    for taps in ([0], [1, -1]):
        refused(ValueError, "must be negative", lambda *t: t[0], None, {"initial": x, "taps": taps})


def test_states_have_enough_to_start_from():
    refused(ValueError, "no 'initial' value", lambda t: t, None, {"taps": [-1]}, n_steps=1)
    refused(
        ShapeError,
        "starts from 2 earlier values",
        lambda t: t,
        None,
        {"initial": T.zeros((1,)), "taps": [-2]},
        n_steps=1,
    )
    refused(
        ShapeError,
        "starts from 2 earlier values",
        lambda t: t,
        None,
        {"initial": 0.0, "taps": [-2]},
        n_steps=1,
    )
    f = function([x], scan(lambda t: t, None, {"initial": x, "taps": [-2]}, n_steps=1)[0])
    with pytest.raises(IndexError):
        f(X[:1])


def test_n_steps_is_a_natural_number():
    refused(TypeError, "n_steps must be given", lambda: 1)
    refused(TypeError, "must be a 0-d integer", lambda: 1, n_steps=2.0)
    refused(TypeError, "use // rather than /", lambda: 1, n_steps=T.dscalar())
    refused(TypeError, "must be a 0-d integer", lambda: 1, n_steps=T.lvector())
    refused(TypeError, "must be a 0-d integer", lambda: 1, n_steps=True)
    refused(ValueError, "must not be negative", lambda: 1, n_steps=-1)
    refused(
        ShapeError,
        "n_steps is 5, but sequence 0 with taps .* 3 steps only",
        lambda a, b: a,
        {"input": np.ones(4), "taps": [0, 1]},
        n_steps=5,
    )


@pytest.mark.parametrize("k", [0, -2, 1.5, True])
def test_truncation_is_a_number_of_steps(k):
    refused(
        ValueError, "truncate_gradient must be a positive int", lambda r: r, x, truncate_gradient=k
    )


def test_outputs_info_fits_the_outputs():
    refused(
        ValueError,
        "fn returned 1 outputs, and outputs_info has 2",
        lambda a, b: a,
        None,
        [0.0, 1.0],
        n_steps=1,
    )
    refused(
        TypeError,
        r"names \['a'\], and fn gave \['b'\]",
        lambda a: {"b": a},
        None,
        {"a": 0.0},
        n_steps=1,
    )
    refused(TypeError, "1 outputs without names", lambda a: a, None, {"a": 0.0}, n_steps=1)
    refused(TypeError, "by name", lambda a: {"a": a}, None, [0.0], n_steps=1)
    refused(TypeError, "must be names of outputs", lambda a: a, None, {1: 0.0}, n_steps=1)


def test_a_step_returns_something():
    refused(TypeError, "neither outputs nor updates", lambda row: None, x)
    refused(TypeError, "neither outputs nor updates", lambda row: until(row > 1), x)
    refused(TypeError, "cannot tell outputs from updates", lambda row: "row", x)
    refused(TypeError, "cannot tell outputs from updates", lambda row: (row, {x: row}, row), x)
    refused(TypeError, "only shared variables", lambda row: {x: row}, x)
    refused(TypeError, "cannot tell", lambda row: (until(row > 1), row), x)


def test_an_update_keeps_the_type_of_its_variable(k):
    refused(
        TypeError, "the update of k changes its type(.|\n)*cast it to int64", lambda r: {k: r}, x
    )
    refused(
        TypeError,
        r"returned by a step: m  \S*, matrix\)  made at \S* in \S*: `.*`$",
        lambda r: {k: m},
        x,
    )


# Errors in a step
def test_a_step_takes_what_it_is_given():
    text = (
        "fn is called with 3 arguments, which it does not take: too many positional arguments\n"
        r"  rows of sequences: x\[t\], v\[t\]\n  earlier values, by outputs_info: none\n"
        "  non_sequences: n$"
    )
    refused(TypeError, text, lambda a, b: a + b, [x, v], non_sequences=n)
    refused(TypeError, "missing a required argument: 'total'", lambda row, total: row + total, x)
    refused(TypeError, "cannot tell outputs from updates", type, x)  # no arguments are known of it


def test_an_error_in_a_step_names_the_node_and_the_steps():
    def outer(row):
        return scan(lambda e, t: t + T.sum(v * row) * e, row, 0.0, name="inner")[0][-1]

    f = function([m, v], scan(outer, m, name="outer")[0])
    with pytest.raises(ShapeError) as caught, config.change_flags(exception_verbosity="low"):
        f(np.ones((2, 3)), np.ones(2))
    text = str(caught.value)
    assert text.startswith("Input dimension mis-match")
    assert text.count("Apply node that caused the error: Elementwise{mul}") == 1
    inner, outside = (
        text.index("That was in step 0 of Scan{inner}"),
        text.index("step 0 of Scan{outer}"),
    )
    assert inner < outside
    assert text.count("HINT") == 1
    assert re.search(r"line \d+, in outer", text)
    printed = "".join(traceback.format_exception(caught.value))
    assert printed.count("Input dimension mis-match") == 1


def test_the_number_of_the_step_is_told():
    steps = scan(lambda i, t: t + T.dvector("x").type.make_constant(X)[i], T.lvector("i"), 0.0)[0]
    f = function([steps.owner.inputs[1]], steps)
    with pytest.raises(IndexError, match="That was in step 2 of Scan"):
        f([0, 1, 9])
