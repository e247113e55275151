"""`scan` as users write it: sequences, states, the number of steps, what is read from outside."""

import numpy as np
import pytest
from bitale_graph import TensorType, function, ifelse, scan, shared
from bitale_graph import language as T
from bitale_graph.base.errors import MissingInputError, ShapeError
from bitale_graph.core.body import Body
from bitale_graph.ops.scan import Scan
from hypothesis import given, settings
from hypothesis import strategies as st

x, v, m = T.dvector("x"), T.dvector("v"), T.dmatrix("m")
n = T.lscalar("n")
X = np.array([1.0, 2.0, 4.0, 8.0, 16.0])


def values(result, inputs=(), *arrays):
    outputs, updates = result
    return function(list(inputs), outputs, updates=updates)(*arrays)


def node_of(variable):
    assert isinstance(variable.owner.op, Scan)
    return variable.owner


# Sequences
def test_a_map_over_one_sequence():
    found = values(scan(lambda row: row**2, x), [x], X)
    np.testing.assert_array_equal(found, X**2)


def test_rows_of_several_sequences_come_in_order():
    found = values(scan(lambda a, b: a.sum() - b, [m, x]), [m, x], np.ones((5, 2)), X)
    np.testing.assert_array_equal(found, 2 - X)


def test_the_shortest_sequence_decides():
    y = T.dvector("y")
    f = function([x, y], scan(lambda a, b: a + b, [x, y])[0])
    np.testing.assert_array_equal(f(X, [1.0, 1.0]), X[:2] + 1)
    np.testing.assert_array_equal(f([1.0], X), [2.0])
    assert scan(lambda a, b: a + b, [np.ones(3), np.ones(2)])[0].type.shape == (2,)


def test_taps_of_a_sequence_are_read_relative_to_the_step():
    taps = {"input": x, "taps": [-1, 0, 2]}
    found = values(scan(lambda before, now, after: [before, now, after], taps), [x], X)
    np.testing.assert_array_equal(found, [[1, 2], [2, 4], [8, 16]])


@pytest.mark.parametrize(
    ("taps", "wanted"),
    [(0, X), ([1], X[1:]), (-1, X[:-1]), (np.int64(2), X[2:]), ([-2], X[:3]), (None, X)],
)
def test_one_tap(taps, wanted):
    found = values(scan(lambda row: row, {"input": x, "taps": taps}), [x], X)
    np.testing.assert_array_equal(found, wanted)


def test_backwards_a_sequence_is_read_from_its_end():
    found = values(scan(lambda row: row, x, go_backwards=True), [x], X)
    np.testing.assert_array_equal(found, X[::-1])
    found = values(scan(lambda row: row, x, n_steps=2, go_backwards=True), [x], X)
    np.testing.assert_array_equal(found, [16, 8])


def test_backwards_taps_keep_their_direction():
    taps = {"input": x, "taps": [-1, 1]}
    found = values(scan(lambda a, b: [a, b], taps, go_backwards=True), [x], X)
    np.testing.assert_array_equal(found, [[4, 2, 1], [16, 8, 4]])


def test_more_taps_than_rows_are_no_step():
    found = values(scan(lambda a, b: a + b, {"input": x, "taps": [-3, 3]}), [x], X)
    assert found.shape == (0,)


# States
def test_a_state_starts_from_its_value():
    found = values(scan(lambda row, total: total + row, x, T.constant(1.0)), [x], X)
    np.testing.assert_array_equal(found, 1 + np.cumsum(X))


def test_states_and_outputs_without_state():
    def step(row, total, product):
        return [total + row, row * 2, product * row]

    found = values(scan(step, x, [0.0, None, {"initial": 1.0}]), [x], X)
    np.testing.assert_array_equal(found, [np.cumsum(X), X * 2, np.cumprod(X)])


def test_taps_of_a_state_come_in_their_order():
    initial = np.array([1.0, 2.0, 3.0])

    def step(three, one):
        return three * 10 + one

    found = values(scan(step, None, {"initial": initial, "taps": [-3, -1]}, n_steps=4))
    history = list(initial)
    for _ in range(4):
        history.append(history[-3] * 10 + history[-1])
    np.testing.assert_array_equal(found, history[3:])


def test_a_single_distant_tap_has_rows_to_start_from():
    found = values(scan(lambda two: two + 1, None, {"initial": X[:2], "taps": [-2]}, n_steps=5))
    np.testing.assert_array_equal(found, [2, 3, 3, 4, 4])


def test_of_more_first_rows_the_first_are_used():
    found = values(scan(lambda two: two + 1, None, {"initial": X, "taps": [-2]}, n_steps=2))
    np.testing.assert_array_equal(found, [2, 3])


def test_rows_of_a_state_may_be_matrices():
    initial = {"initial": T.dtensor3("h"), "taps": [-1, -2]}
    f = function([initial["initial"]], scan(lambda a, b: T.dot(a, b), None, initial, n_steps=2)[0])
    h = np.arange(8.0).reshape(2, 2, 2)
    first = h[1] @ h[0]
    np.testing.assert_array_equal(f(h), [first, first @ h[1]])


def test_a_python_number_takes_the_dtype_of_the_step():
    total, _ = scan(lambda row, t: t + row, T.fvector("f"), 0)
    assert total.dtype == "float64"  # int64 and float32
    x32 = T.fvector("f")
    narrow, _ = scan(lambda row, t: T.cast(t + row, "float32"), x32, 0.0)
    assert narrow.dtype == "float32"
    np.testing.assert_array_equal(function([x32], narrow)([1, 2]), np.float32([1, 3]))


def test_a_number_that_would_change_is_refused():
    with pytest.raises(TypeError, match="the first value is no int64"):
        scan(lambda t: T.cast(t, "int64"), None, 0.5, n_steps=2)


def test_outputs_by_name():
    def step(row, total):
        return {"squares": row**2, "total": total + row}

    f = function([x], scan(step, x, {"total": 0.0, "squares": None})[0])
    found = f(X)
    np.testing.assert_array_equal(found["total"], np.cumsum(X))
    np.testing.assert_array_equal(found["squares"], X**2)
    outputs, _ = scan(lambda row: {"a": row, "b": row}, x)
    assert list(outputs) == ["a", "b"]


def test_several_variables_stay_several():
    assert isinstance(scan(lambda row: [row, row], x)[0], list)
    assert isinstance(scan(lambda row: [row], x, return_list=True)[0], list)
    assert isinstance(scan(lambda row: row, x, return_list=True)[0], list)
    assert not isinstance(scan(lambda row: [row], x)[0], list)


# Static shapes
def test_known_lengths_are_kept():
    h, _ = scan(lambda row, h: h + row, TensorType("float64", (5, 3))("x"), T.zeros((3,)))
    assert h.type.shape == (5, 3)


def test_a_length_that_a_step_does_not_keep_is_unknown():
    h, _ = scan(lambda h: T.dot(h, m), None, T.zeros((3,)), n_steps=2)
    assert h.type.shape == (2, None)
    assert node_of(h).op.inner.states[0].type.shape == (None,)
    f = function([m], h)
    np.testing.assert_array_equal(f(np.eye(3)), np.zeros((2, 3)))


def test_a_looser_state_reaches_loops_inside():
    def outer(i, s):
        inner, _ = scan(lambda k, q, z: q + z * k, T.arange(3), T.zeros((4,)), s)
        return T.dot(m, s + inner[-1] * v)

    found = values(
        scan(outer, T.arange(5), T.ones((4,))), [m, v], np.eye(4), np.array([0.0, 1, 2, 3])
    )
    np.testing.assert_array_equal(found, (1 + 3 * np.arange(4.0)) ** np.arange(1, 6)[:, None])


def test_the_function_is_called_once():
    calls = []

    def step(h):
        calls.append(h)
        return T.dot(h, m)

    scan(step, None, np.zeros((3,)), n_steps=3)
    assert len(calls) == 1


def test_the_op_is_made_anew_for_looser_lengths():
    row, state = (TensorType("float64", (3,))(name) for name in ("row", "state"))
    op = Scan(Body([row, state], [state + T.exp(row), state]), 1, 1)
    last, stack = op(n, m, v)
    assert last.type.shape == (None,)
    assert stack.type.shape == (None, None)
    assert op(n, np.ones((2, 3)), T.zeros((3,)))[0].type.shape == (3,)
    found = function([n, m, v], last)(2, np.zeros((2, 3)), np.ones(3))
    np.testing.assert_array_equal(found, [3, 3, 3])


# The number of steps
def test_n_steps_without_sequences():
    total = scan(lambda t: t * 2, None, 1.0, n_steps=n)
    found = values(total, [n], 4)
    np.testing.assert_array_equal(found, [2, 4, 8, 16])


def test_n_steps_cut_sequences():
    f = function([x, n], scan(lambda row: row, x, n_steps=n)[0])
    np.testing.assert_array_equal(f(X, 3), X[:3])
    with pytest.raises(ShapeError, match="6 steps, but sequence 0 has only 5 rows"):
        f(X, 6)
    with pytest.raises(ValueError, match="must not be negative"):
        f(X, -1)


def test_no_step_gives_no_rows():
    outputs = scan(lambda row, t: [t + row, T.dot(m, v)], x, [0.0, None], n_steps=0)
    total, product = values(outputs, [x, m, v], X, np.ones((2, 3)), np.ones(3))
    assert total.shape == (0,)
    assert product.shape == (0, 2)
    assert values(scan(lambda row: row, m), [m], np.ones((0, 3))).shape == (0, 3)


# What is read from outside
def test_non_sequences_are_passed_as_they_are():
    w = shared(np.float64(3.0), "w")
    seen = []

    def step(row, *others):
        seen.extend(others)
        return row * others[0] + others[1]

    found = values(scan(step, x, non_sequences=[w, v.sum()]), [x, v], X, np.ones(2))
    np.testing.assert_array_equal(found, X * 3 + 2)
    assert seen[0] is w


def test_variables_from_outside_are_found():
    w = shared(np.float64(3.0), "w")
    found = values(scan(lambda row: row * w + v.sum(), x), [x, v], X, np.ones(2))
    np.testing.assert_array_equal(found, X * 3 + 2)


def test_what_was_computed_outside_is_not_computed_in_the_loop():
    outside = T.exp(v)
    node = node_of(scan(lambda row: row + outside + T.cos(v), m)[0])
    non_sequences = node.op.outer(node.inputs).non_sequences
    assert outside in non_sequences
    assert v in non_sequences
    inside = {str(a.op) for a in node.op.body.graph.apply_nodes}
    assert "Elementwise{cos}" in inside
    assert "Elementwise{exp}" not in inside


def test_a_loop_in_a_step_belongs_to_it():
    def outer(row):
        return scan(lambda a, t: t + a * v.sum(), row, 0.0)[0][-1]

    node = node_of(scan(outer, m)[0])
    assert node.op.outer(node.inputs).non_sequences == [v]
    assert any(isinstance(a.op, Scan) for a in node.op.body.graph.apply_nodes)
    found = values(scan(outer, m), [m, v], np.ones((2, 3)), np.ones(2))
    np.testing.assert_array_equal(found, [6, 6])


def test_strict_refuses_shared_variables_that_are_not_listed():
    w = shared(1.0, "w")
    twice = w * 2
    for step in (lambda row: row * w, lambda row: row + twice):
        with pytest.raises(MissingInputError, match=r"forbids:\n  w  Tensor.*\n  hint"):
            scan(step, m, strict=True)
    for listed in ([w], [w, twice], [twice]):
        found = scan(lambda row, *a: row * a[-1] + v, m, non_sequences=listed, strict=True)
        expected = [[2.0 if listed == [w] else 3.0] * 3] * 2
        assert values(found, [m, v], np.ones((2, 3)), np.ones(3)).tolist() == expected


# Options of the op
def test_options_reach_the_op():
    h, _ = scan(lambda row, t: t + row, x, 0.0, truncate_gradient=3, name="sums")
    assert node_of(h).op.truncate == 3
    assert str(node_of(h).op) == "Scan{sums}"
    accepted = scan(lambda row: row, x, mode="FAST_RUN", profile=True, allow_gc=False)
    np.testing.assert_array_equal(values(accepted, [x], X), X)


# Everything at random
tap_lists = st.lists(st.integers(-2, 2), min_size=1, max_size=3, unique=True)
state_taps = st.lists(st.integers(-3, -1), min_size=1, max_size=3, unique=True)


def by_hand(sequences, states, n_steps, go_backwards):
    """What `test_scan_agrees_with_a_python_loop` computes, step by step."""
    usable = [len(a) - max(0, *taps) + min(0, *taps) for a, taps in sequences]
    steps = max(min(usable), 0) if n_steps is None else n_steps
    history = [list(initial[: -min(taps)]) for initial, taps in states]
    squares = []
    for t in range(steps):
        read = []
        for a, taps in sequences:
            first = len(a) - 1 - max(0, *taps) if go_backwards else -min(0, *taps)
            at = first - t if go_backwards else first + t
            read += [a[at + tap] for tap in taps]
        read += [h[tap] for h, (_, taps) in zip(history, states, strict=True) for tap in taps]
        total = sum((k + 1) * value for k, value in enumerate(read))
        for k, h in enumerate(history):
            h.append(np.sin(total + k))
        squares.append(total**2)
    made = [h[-min(taps) :] for h, (_, taps) in zip(history, states, strict=True)]
    return [*made, squares]


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_scan_agrees_with_a_python_loop(data):
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    lengths = data.draw(st.lists(st.integers(0, 7), max_size=2))
    sequences = [(rng.normal(size=k), data.draw(tap_lists)) for k in lengths]
    states = [
        (rng.normal(size=-min(taps) + data.draw(st.integers(0, 1))), taps)
        for taps in data.draw(st.lists(state_taps, max_size=2))
    ]
    usable = [len(a) - max(0, *taps) + min(0, *taps) for a, taps in sequences]
    most = max(min([*usable, 6]), 0)
    wants = st.integers(0, most) if min(usable, default=0) >= 0 else st.just(0)
    n_steps = data.draw(wants) if not sequences else data.draw(st.none() | wants)
    if min(usable, default=0) < 0:
        n_steps = None
    backwards = data.draw(st.booleans())
    inputs = [T.dvector() for _ in (*sequences, *states)]

    def step(*read):
        total = sum(((k + 1) * value for k, value in enumerate(read)), T.constant(0.0))
        return [*(T.sin(total + k) for k in range(len(states))), total**2]

    pairs = list(zip(inputs, [*sequences, *states], strict=True))
    firsts = pairs[len(sequences) :]
    infos = [{"initial": i[0] if taps == [-1] else i, "taps": taps} for i, (_, taps) in firsts]
    outputs, updates = scan(
        step,
        [{"input": i, "taps": taps} for i, (_, taps) in pairs[: len(sequences)]],
        [*infos, None],
        n_steps=n_steps if n_steps is None or data.draw(st.booleans()) else n,
        go_backwards=backwards,
        return_list=True,
    )
    assert not updates
    arrays = [a for a, _ in (*sequences, *states)]
    f = function([*inputs, n], outputs, on_unused_input="ignore")
    found = f(*arrays, n_steps or 0)
    for got, wanted in zip(found, by_hand(sequences, states, n_steps, backwards), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-12)


def test_a_looser_state_reaches_choices_inside():
    def step(h):
        return T.dot(m, ifelse(h.sum() > 8, h + 1, h * 2))

    found = values(scan(step, None, T.ones((4,)), n_steps=4), [m], np.eye(4))
    np.testing.assert_array_equal(found[:, 0], [2, 4, 5, 6])


def test_rows_of_a_state_have_its_shape_where_no_step_is_made():
    x, w, n = T.dvector("x"), T.dvector("w"), T.lscalar("n")
    states = scan(lambda h, w: T.sin(w), outputs_info=x, non_sequences=w, n_steps=n)[0]
    f = function([x, w, n], states)
    assert f(np.ones(2), np.ones(1), 0).shape == (0, 2)
    with pytest.raises(ShapeError, match="has to keep its shape"):
        f(np.ones(2), np.ones(1), 1)
