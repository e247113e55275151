"""Recurrence and choices in C: every way in which a state or a row comes to its place."""

import numpy as np
import pytest
from bitale_graph import function, ifelse, shared
from bitale_graph import language as T
from bitale_graph.compile.mode import Mode
from bitale_graph.core.body import Body
from bitale_graph.ops.scan import Scan
from hypothesis import given, settings
from hypothesis import strategies as st

NUMPY = Mode(linker="numpy", optimizer="None")
AS_WRITTEN = Mode(linker="c", optimizer="None")

pytestmark = pytest.mark.usefixtures("compile_quickly")
STEPS = [0, 1, 2, 5, 6]


def check(inputs, outputs, *argument_lists, rtol=1e-12):
    """Compare C with NumPy; each call is made twice, so that nothing may be left over."""
    reference = function(inputs, outputs, mode=NUMPY)
    f = function(inputs, outputs, mode=AS_WRITTEN)
    assert "bitale_main" in f.source(headers=True)
    assert "callback(call" not in f.source(headers=True)
    for arguments in argument_lists:
        expected = reference(*arguments)
        for _ in range(2):
            for got, want in zip(f(*arguments), expected, strict=True):
                assert got.shape == want.shape
                assert got.dtype == want.dtype
                np.testing.assert_allclose(got, want, rtol=rtol, atol=rtol)
    return f


def body_variables():
    row, state, other = T.dvectors("row", "state", "other")
    return row, state, other, T.dmatrix("weights")


def data(steps=6, size=3):
    rng = np.random.default_rng(0)
    return rng.normal(size=(steps, size)), rng.normal(size=size), rng.normal(size=(size, size))


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("keeps", [(None, None, None), (1, 2, 3), (None, 1, None), (4, None, 1)])
def test_rows_and_states(keeps, reverse):
    row, state, _, weights = body_variables()
    n, x, h, w = T.lscalar("n"), T.dmatrix("x"), T.dvector("h"), T.dmatrix("w")
    new = T.tanh(row + T.dot(state, weights))
    body = Body([row, state, weights], [new, new, state, row.sum()])
    xs, first, ws = data()
    check(
        [n, x, h, w],
        Scan(body, 1, 1, keeps, reverse)(n, x, h, w),
        *([steps, xs, first, ws] for steps in STEPS),
    )


@pytest.mark.slow
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("stacks", ["", "old", "new", "old new", "new new", "old old", "view"])
def test_a_state_lives_where_it_is_wanted(stacks, reverse):
    row, state, _, weights = body_variables()
    n, x, h, w = T.lscalar("n"), T.dmatrix("x"), T.dvector("h"), T.dmatrix("w")
    new = T.tanh(row + T.dot(state, weights))
    rows = {"old": state, "new": new, "view": new[::-1]}
    body = Body([row, state, weights], [new, *(rows[name] for name in stacks.split())])
    outputs = Scan(body, 1, 1, reverse=reverse)(n, x, h, w)
    outputs = outputs if isinstance(outputs, list) else [outputs]
    xs, first, ws = data()
    check([n, x, h, w], outputs, *([steps, xs, first, ws] for steps in STEPS))
    if len(outputs) > 1:
        check([n, x, h, w], outputs[1:], *([steps, xs, first, ws] for steps in STEPS))


BODIES = {
    "swap": lambda row, a, b: [b, a, a + b * row],
    "shift": lambda row, a, b: [a * 0.5 + row, a, b, a],
    "both in place": lambda row, a, b: [a * 0.5 + row, b - row, b[:2]],
    "in place, read by the other": lambda row, a, b: [a + row, b + a, a],
    "one value for both": lambda row, a, b: [a + b + row, a + b + row, a + b + row],
    "constant": lambda row, a, b: [T.as_tensor(np.arange(3.0)), a, b],
    "the row": lambda row, a, b: [row, a + row, row],
    "reversed": lambda row, a, b: [a[::-1], b[::-1] + row, a[:1]],
    "untouched": lambda row, a, b: [a, b],
    "incremented": lambda row, a, b: [T.inc_subtensor(a[1:], row[:2]), b, a],
    "stack of what is in place": lambda row, a, b: [a + row, b * 2, (a + row) * 2, a[0] + b[0]],
}


@pytest.mark.parametrize("name", BODIES)
def test_two_states(name):
    row, a, b, _ = body_variables()
    n, x, h, g = T.lscalar("n"), T.dmatrix("x"), T.dvector("h"), T.dvector("g")
    body = Body([row, a, b], BODIES[name](row, a, b))
    xs, first, _ = data()
    outputs = Scan(body, 1, 2)(n, x, h, g)
    check([n, x, h, g], outputs, *([steps, xs, first, 2 * first] for steps in STEPS))


def test_numbers_as_states():
    row, a, b, c = T.dscalars("row", "a", "b", "c")
    body = Body([row, a, b, c], [b, a + row, T.cast(a > b, "float64"), a, b * row])
    n, x = T.lscalar("n"), T.dvector("x")
    xs = data()[0].ravel()
    outputs = Scan(body, 1, 3)(n, x, 1.0, 2.0, 0.0)
    check([n, x], outputs, *([steps, xs] for steps in (0, 1, 7, 18)))


def test_a_loop_that_stops():
    row, state, _, _ = body_variables()
    n, x, h = T.lscalar("n"), T.dmatrix("x"), T.dvector("h")
    new = state * 0.9 + row
    body = Body([row, state], [new, new, state, row, new.sum() > 1.0])
    xs, first, _ = data(40)
    for keeps in ((None, None, None), (1, None, 1)):
        outputs = Scan(body, 1, 1, keeps, is_while=True)(n, x, h)
        check([n, x, h], outputs, *([steps, xs, first * 0] for steps in (0, 1, 2, 40)))


def test_numbers_that_stop_a_loop():
    a, row = T.dscalar("a"), T.dscalar("row")
    body = Body([row, a], [a + row, a + row, T.gt(a + row, 5.0)])
    n, x = T.lscalar("n"), T.dvector("x")
    outputs = Scan(body, 1, 1, is_while=True)(n, x, 0.0)
    check([n, x], outputs, *([steps, np.ones(20)] for steps in (0, 1, 6, 20)))


def test_lengths_that_only_a_step_tells():
    k, n, sizes = T.lscalar("k"), T.lscalar("n"), T.lvector("sizes")
    loop = Scan(Body([k], [T.arange(k), T.arange(k) * 2]), 1, 0, (None, 1))
    f = check([n, sizes], loop(n, sizes), [0, [4, 4]], [1, [4, 4]], [2, [4, 4, 5]])
    with pytest.raises(ValueError, match=r"rows of an output must be of one shape.*\(5,\)"):
        f(3, [4, 4, 5])


def test_a_state_keeps_its_shape():
    row, state, _, _ = body_variables()
    x, h = T.dmatrix("x"), T.dvector("h")
    loop = Scan(Body([row, state], [T.join(0, state, row[:1])]), 1, 1)
    f = function([x, h], loop(x.shape[0], x, h), mode=AS_WRITTEN)
    with pytest.raises(ValueError, match="has to keep its shape"):
        f(np.ones((2, 3)), np.ones(3))
    assert f(np.ones((0, 3)), np.ones(3)).tolist() == [1, 1, 1]


def test_too_few_rows_and_negative_steps():
    row, state, _, _ = body_variables()
    x, h, n = T.dmatrix("x"), T.dvector("h"), T.lscalar("n")
    f = function([n, x, h], Scan(Body([row, state], [state + row]), 1, 1)(n, x, h), mode=AS_WRITTEN)
    with pytest.raises(ValueError, match="4 steps, but sequence 0 has only 3 rows"):
        f(4, np.ones((3, 2)), np.ones(2))
    with pytest.raises(ValueError, match="negative"):
        f(-1, np.ones((3, 2)), np.ones(2))
    with pytest.raises(ValueError, match="shape"):
        f(3, np.ones((3, 2)), np.ones(5))
    # Checks are made before the loop, and must not fail where no step runs.
    assert f(0, np.ones((3, 2)), np.ones(5)).shape == (5,)


def test_a_failed_loop_changes_nothing():
    total = shared(np.zeros(2), "total")
    row, state, index = T.dvector("row"), T.dvector("state"), T.lscalar("index")
    body = Body([row, index, state], [T.inc_subtensor(state[index], row[0])])
    x, at = T.dmatrix("x"), T.lvector("at")
    new = Scan(body, 2, 1)(x.shape[0], x, at, total)
    f = function([x, at], [], updates=[(total, new)], mode=AS_WRITTEN)
    with pytest.raises(IndexError):
        f(np.ones((3, 2)), [0, 1, 2])
    assert total.get_value().tolist() == [0, 0]
    f(np.ones((3, 2)), [0, 1, 1])
    assert total.get_value().tolist() == [1, 2]


def test_loops_inside_loops():
    row, a, number, first = (
        T.dvector("row"),
        T.dscalar("a"),
        T.dscalar("number"),
        T.dscalar("first"),
    )
    inner = Scan(Body([number, a], [a + number * number, a]), 1, 1)
    last, steps = inner(row.shape[0], row, first)
    outer = Scan(Body([row, first], [last * 0.5, steps, last]), 1, 1)
    n, x, start = T.lscalar("n"), T.dmatrix("x"), T.dscalar("start")
    xs = data()[0]
    check([n, x, start], outer(n, x, start), *([steps, xs, 0.3] for steps in STEPS))


def test_a_loop_in_a_loop_over_vectors():
    row, state, other, weights = body_variables()
    inner = Scan(Body([row, state, weights], [T.tanh(T.dot(state, weights) + row), state]), 1, 1)
    block = T.dmatrix("block")
    last, rows = inner(block.shape[0], block, other, weights)
    outer = Scan(Body([block, other, weights], [last, rows[::-1], rows.sum()]), 1, 1)
    x, h, w, n = T.dtensor3("x"), T.dvector("h"), T.dmatrix("w"), T.lscalar("n")
    xs, first, ws = data(24)
    xs = xs.reshape(4, 6, 3)
    check([n, x, h, w], outer(n, x, h, w), *([n, xs, first, ws] for n in (0, 1, 4)))


def test_strides():
    row, state, _, weights = body_variables()
    n, x, h, w = T.lscalar("n"), T.dmatrix("x"), T.dvector("h"), T.dmatrix("w")
    new = T.tanh(row + T.dot(state, weights))
    outputs = Scan(Body([row, state, weights], [new, new, state]), 1, 1)(n, x.T, h[::-1], w.T)
    xs, first, ws = data()
    check([n, x, h, w], outputs, [4, xs.T, first, ws], [6, xs.T[:, ::-1], first, ws[::-1]])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "sizes",
    [
        (3, 1, 5, 7),
        (2, 8, 33, 64),
        (2, 17, 64, 100),
        (3, 9, 1, 1),
        (2, 33, 100, 257),
        (2, 130, 20, 40),
        (2, 0, 3, 4),
        (2, 5, 0, 4),
        (1, 16, 8, 32),
    ],
)
def test_products_with_packed_weights(dtype, sizes):
    t, m, k, n = sizes
    rng = np.random.default_rng(1)

    def matrix(*shape):
        return (rng.normal(size=shape) / np.sqrt(max(shape[-1], 1))).astype(dtype)

    def kind(rank):
        return T.tensor(dtype, (None,) * rank)

    x, h, v, w, u = kind(3), kind(2), kind(1), kind(2), kind(2)
    row, state, vector, weights, recurrent = kind(2), kind(2), kind(1), kind(2), kind(2)
    product = T.dot(row, weights) + T.dot(state, recurrent.T)
    outputs = Scan(Body([row, state, weights, recurrent], [T.tanh(product), product]), 1, 1)(
        x.shape[0], x, h, w, u
    )
    rtol = 1e-4 if dtype == "float32" else 1e-11
    apart = matrix(t, m, 2 * k)[:, :, ::2]
    check(
        [x, h, w, u],
        outputs,
        [matrix(t, m, k), matrix(m, n), matrix(k, n), matrix(n, n)],
        [apart, matrix(n, m).T, matrix(n, k).T, matrix(n, n)[::-1]],
        rtol=rtol,
    )
    product = T.dot(vector, recurrent) + T.dot(recurrent, vector)
    outputs = Scan(Body([vector, recurrent], [T.tanh(product), product]), 0, 1)(t, v, u)
    check(
        [v, u], outputs, [matrix(n), matrix(n, n)], [matrix(2 * n)[::2], matrix(n, n).T], rtol=rtol
    )


def test_ops_without_c_text_call_back_at_every_step():
    row, state, _, _ = body_variables()
    x, h = T.dmatrix("x"), T.dvector("h")
    body = Body([row, state], [T.arange(0.0, 3.0, 1.0) + row + state, T.arange(row[0])])
    last, _ = Scan(body, 1, 1)(x.shape[0], x, h)
    f = function([x, h], last, mode=AS_WRITTEN)
    assert "callback(call" in f.source(headers=True)
    np.testing.assert_allclose(f(np.ones((4, 3)), np.zeros(3)), [4, 8, 12])


@pytest.mark.slow
@given(
    st.lists(
        st.sampled_from(["a", "b", "row", "a+b", "a*row", "b[::-1]", "dot", "a-"]),
        min_size=2,
        max_size=2,
    ),
    st.lists(st.sampled_from(["a", "b", "row", "a+b", "dot", "new", "sum"]), max_size=3),
    st.booleans(),
)
@settings(max_examples=25, deadline=None)
def test_random_bodies(news, rows, reverse):
    row, a, b, w = body_variables()
    terms = {
        "a": a, "b": b, "row": row, "a+b": a + b, "a*row": a * row, "b[::-1]": b[::-1],
        "dot": T.tanh(T.dot(a, w)), "a-": a - row, "sum": (a * b).sum(),
    }  # fmt: skip
    new = [terms[name] for name in news]
    terms["new"] = new[0]
    body = Body([row, a, b, w], [*new, *(terms[name] for name in rows)])
    n, x, h, g, u = T.lscalar("n"), T.dmatrix("x"), T.dvector("h"), T.dvector("g"), T.dmatrix("u")
    xs, first, ws = data()
    outputs = Scan(body, 1, 2, reverse=reverse)(n, x, h, g, u)
    check(
        [n, x, h, g, u],
        [*outputs, n, x[0], h[0], g[0], u[0]],
        *([steps, xs, first, -first, ws] for steps in (0, 1, 4)),
    )


def test_choices():
    c, x, y = T.lscalar("c"), T.dvector("x"), T.dvector("y")
    large = T.tanh(x) * 2
    outputs = [
        *ifelse(c, [large + 1, x.sum(), x, x[:2]], [y * 2, y.sum() * 2, y[::-1], y]),
        large,
        ifelse(c, x, y) + 1,
    ]
    check([c, x, y], outputs, *([c, np.arange(3.0), np.arange(5.0)] for c in (0, 1)))


def test_a_choice_of_one_number_in_both_branches():
    c, x = T.lscalar("c"), T.dscalar("x")
    check([c, x], [ifelse(c, x, x)], *([c, np.array(2.0)] for c in (0, 1)))


def test_a_choice_at_every_step():
    x, h = T.dvector("x"), T.dvector("h")
    number, state = T.dscalar("number"), T.dvector("state")
    chosen = ifelse(number > 0, T.tanh(state) * number, state[::-1] + number)
    outputs = Scan(Body([number, state], [chosen, state]), 1, 1)(x.shape[0], x, h)
    check([x, h], outputs, [np.array([1.0, -1, 0.5, 2, -3]), np.arange(3.0)])


def test_a_loop_in_a_branch():
    row, state, _, _ = body_variables()
    c, x, h = T.lscalar("c"), T.dmatrix("x"), T.dvector("h")
    last, rows = Scan(Body([row, state], [T.tanh(state + row), state]), 1, 1)(x.shape[0], x, h)
    outputs = ifelse(c, [last, rows.sum()], [h, h.sum()])
    xs, first, _ = data()
    check([c, x, h], outputs, [0, xs, first], [1, xs, first], [1, xs[:0], first])


def test_two_views_of_one_memory_have_panels_of_their_own():
    state = T.dvector("state")
    w = shared(np.random.default_rng(0).normal(size=(4, 6)), "w")
    weights = T.dmatrix("weights")
    body = Body([state, weights], [T.dot(T.dot(state, weights), weights.reshape((6, 4)))])
    h = T.dvector("h")
    check([h], [Scan(body, 0, 1)(3, h, w)], [np.arange(4.0)])


def test_panels_where_the_number_of_rows_changes():
    length, weights, x = T.lscalar("length"), T.dmatrix("weights"), T.dmatrix("x")
    body = Body([length, x, weights], [T.dot(x[:length], weights).sum()])
    lengths, a, w = T.lvector("lengths"), T.dmatrix("a"), T.dmatrix("w")
    rng = np.random.default_rng(0)
    outputs = [Scan(body, 1, 0)(lengths.shape[0], lengths, a, w)]
    check(
        [lengths, a, w],
        outputs,
        [[0, 3, 200, 1], rng.normal(size=(200, 4)), rng.normal(size=(4, 5))],
        rtol=1e-10,
    )


def test_a_stack_shares_no_buffer_with_what_every_step_writes():
    scale, matrix, vector = T.dscalar("scale"), T.dmatrix("matrix"), T.dvector("vector")
    weighted = T.softmax(matrix * scale)
    body = Body(
        [vector, scale, matrix], [scale + 1, vector * weighted.sum(), weighted.sum() + scale]
    )
    x, m = T.dmatrix("x"), T.dmatrix("m")
    _, stack, sums = Scan(body, 1, 1)(x.shape[0], x, 1.0, m)
    rng = np.random.default_rng(0)
    check([x, m], [stack.sum(axis=0), sums], [rng.normal(size=(4, 4)), rng.normal(size=(4, 4))])


def test_a_state_that_is_the_condition():
    go_on, number = T.scalar("stop", dtype="bool"), T.dscalar("number")
    body = Body([go_on, number], [number > 2, number + 1, number, go_on])
    outputs = Scan(body, 0, 2, is_while=True)(10, T.constant(np.array(False)), T.dscalar("x"))
    check([outputs[0].owner.inputs[2]], outputs, [0.0], [5.0])


@pytest.mark.parametrize("kind", ["reshape", "slice", "arange", "alloc", "index"])
def test_what_fails_at_a_step_does_not_fail_where_none_runs(kind):
    state, k = T.dvector("state"), T.lscalar("k")
    cubes = T.dtensor3("cubes")
    row = {
        "reshape": lambda: state.reshape((k, -1)).sum(),
        "slice": lambda: state[::k].sum(),
        "arange": lambda: T.cast(T.arange(3, 0, k).sum(), "float64"),
        "alloc": lambda: T.zeros((k, 4)).sum(),
        "index": lambda: T.dot(state, cubes[k].T).sum(),
    }[kind]()
    body = Body([state, k, cubes], [state * 2, row])
    n, h, c = T.lscalar("n"), T.dvector("h"), T.dtensor3("c")
    bad = {"alloc": -1, "index": 10**9}.get(kind, 0)
    a = np.ones((2, 4, 4))
    check(
        [n, h, k, c],
        Scan(body, 0, 1)(n, h, k, c),
        [0, np.ones(4), bad, a],
        [2, np.ones(4), -1 if kind == "arange" else 1, a],
    )


def test_the_last_row_of_a_loop_that_takes_no_step():
    value = T.dvector("value")
    body = Body([value], [value * 2, value, value.sum() > 1])
    n, h = T.lscalar("n"), T.dvector("h")
    stack = Scan(body, 0, 1, (1,), is_while=True)(n, h)[1]
    check([n, h], [stack, stack * 2], [0, np.ones(3)], [4, np.zeros(3)], [4, np.ones(3)])
