"""Derivatives of loops, first and second, against differences."""

import numpy as np
from bitale_autodiff import grad, grad_clip, verify_grad
from bitale_graph import carry_scan, function, ifelse, scan, scan_checkpoints, until
from bitale_graph import language as T


def rnn(xs, h0, w, u, **options):
    return scan(lambda x, h: T.tanh(T.dot(x, w) + T.dot(h, u)), xs, h0, **options)[0]


def rnn_points(rng, n=4):
    return [rng.normal(size=shape) for shape in [(n, 2), (3,), (2, 3), (3, 3)]]


def lstm(xs, h0, c0, w, u, b):
    def step(x, h, c):
        z = T.dot(x, w) + T.dot(h, u) + b
        i, f, o = (T.sigmoid(z[k * 2 : (k + 1) * 2]) for k in range(3))
        c = f * c + i * T.tanh(z[6:])
        return o * T.tanh(c), c

    (h, c), _ = scan(step, xs, [h0, c0])
    return T.concatenate([h, c], axis=1)


def gru(xs, h0, w, u):
    def step(x, h):
        z = T.sigmoid(T.dot(x, w) + T.dot(h, u))
        c = T.tanh(T.dot(x, w) + T.dot(z * h, u))
        return (1 - z) * h + z * c

    return scan(step, xs, h0)[0]


def test_a_plain_recurrence(verify_orders, rng):
    verify_orders(rnn, rnn_points(rng))


def test_the_last_row_alone(verify_orders, rng):
    verify_orders(lambda *v: rnn(*v)[-1], rnn_points(rng))


def test_the_last_row_of_an_output_that_is_no_state(verify_orders, rng):
    def last(xs, h0, w):
        def step(x, h):
            h = T.tanh(x + T.dot(h, w))
            return h, T.exp(h * x)

        (_, y), _ = scan(step, xs, [h0, None])
        return y[-1]

    verify_orders(last, [rng.normal(size=s) for s in [(4, 2), (2,), (2, 2)]])


def test_part_of_the_last_row_beside_other_rows(verify_orders, rng):
    def some(*v):
        h = rnn(*v)
        return T.concatenate([h[-1, :2], h[-1], h[1], T.sum(h, axis=0)])

    verify_orders(some, rnn_points(rng))


def test_gates(verify_orders, rng):
    verify_orders(lstm, [rng.normal(size=s) for s in [(3, 2), (2,), (2,), (2, 8), (2, 8), (8,)]])
    verify_orders(gru, [rng.normal(size=s) for s in [(3, 2), (2,), (2, 2), (2, 2)]])


def test_a_batch(verify_orders, rng):
    verify_orders(rnn, [rng.normal(size=s) for s in [(3, 2, 2), (2, 3), (2, 3), (3, 3)]])


def test_a_batch_of_one_known_row(verify_orders, rng):
    verify_orders(rnn, [rng.normal(size=s) for s in [(3, 1, 2), (1, 3), (2, 3), (3, 3)]])


def test_scalars_and_a_bound_on_steps(verify_orders, rng):
    def power(x, a):
        return scan(lambda p: p * x + T.sin(a), outputs_info=T.ones_like(x), n_steps=4)[0]

    verify_orders(power, [np.array(1.3), np.array(0.7)])


def test_a_loop_without_states(verify_orders, rng):
    verify_orders(
        lambda x, w: scan(lambda row: T.tanh(T.dot(row, w)), x)[0],
        [rng.normal(size=s) for s in [(3, 2), (2, 3)]],
    )


def test_backwards_and_taps(verify_orders, rng):
    def taps(xs, h0):
        def step(before, now, h2, h1):
            return T.tanh(before * now + h2 - h1 * now)

        return scan(
            step,
            [{"input": xs, "taps": [-1, 0]}],
            [{"initial": h0, "taps": [-2, -1]}],
            go_backwards=True,
        )[0]

    verify_orders(taps, [rng.normal(size=s) for s in [(5, 2), (2, 2)]])


def test_sequences_longer_than_the_steps(verify_orders, rng):
    verify_orders(lambda *v: rnn(*v, n_steps=2), rnn_points(rng))
    verify_orders(lambda *v: rnn(*v, n_steps=2, go_backwards=True), rnn_points(rng))


def test_rows_of_a_table_chosen_by_a_sequence(verify_orders, rng):
    ids = T.constant(np.array([2, 0, 2, 1]))

    def embedded(table, h0):
        return scan(lambda i, h: T.tanh(table[i] * h) + table[T.stack([i, i])][1], ids, h0)[0]

    verify_orders(embedded, [rng.normal(size=(3, 2)), rng.normal(size=2)])


def test_reductions_and_softmax_in_a_step(verify_orders, rng):
    def attention(xs, h0, keys):
        def step(x, h):
            weights = T.softmax(T.dot(keys, h + x))
            return T.dot(weights, keys) + T.sum(T.exp(h), keepdims=True) * T.max(x)

        return scan(step, xs, h0)[0]

    verify_orders(attention, [rng.normal(size=s) for s in [(3, 2), (2,), (4, 2)]])


def test_a_state_that_never_changes(verify_orders, rng):
    def constant_state(xs, a, h0):
        (_, h), _ = scan(lambda x, a, h: (a, T.tanh(a * x + h)), xs, [a, h0])
        return h

    verify_orders(constant_state, [rng.normal(size=s) for s in [(3, 2), (2,), (2,)]])


def test_states_that_change_places(verify_orders, rng):
    def swapped(xs, a, b):
        (x, y), _ = scan(lambda x, a, b: (b * x, a), xs, [a, b])
        return T.concatenate([x, y])

    verify_orders(swapped, [rng.normal(size=s) for s in [(4, 2), (2,), (2,)]])


def test_work_that_depends_on_no_step(verify_orders, rng):
    def fixed(xs, h0, w):
        return scan(lambda x, h: T.tanh(T.dot(h, T.exp(w)) + x * T.sum(T.sin(w))), xs, h0)[0]

    verify_orders(fixed, [rng.normal(size=s) for s in [(3, 2), (2,), (2, 2)]])


def test_until(verify_orders, rng):
    def bounded(xs, h0, w):
        def step(x, h):
            h = h + T.sqr(x) * w
            return h, until(T.sum(h) > 3.0)

        return scan(step, xs, h0)[0]

    points = [np.ones((6, 2)), np.zeros(2), np.array([0.5, 0.7])]
    assert function([], bounded(*map(T.constant, points)))().shape == (3, 2)
    verify_orders(bounded, points)
    verify_orders(lambda *v: bounded(*v)[-1], points)


def test_until_in_a_reversed_loop(verify_orders):
    """Rows at the end of the sequence are read; stacks have as many as there were steps."""

    def back(xs, h0):
        def step(x, h):
            h = h + T.sqr(x)
            return h, until(h > 2.5)

        stack, _ = scan(step, xs, h0)
        node = stack.owner
        op = node.op.changed(reverse=True)
        return op.make_node(*node.inputs).outputs[1] * T.arange(1, 4)

    points = [np.array([0.1, 0.2, 0.9, 0.8, 1.0]), np.array(0.5)]
    assert function([], back(*map(T.constant, points)))().shape == (3,)
    verify_orders(back, points)


def test_stacks_of_the_last_rows_only(verify_orders, rng):
    def some_rows(*v, keep, **attributes):
        node = rnn(*v).owner
        op = node.op.changed(keeps=(keep,), **attributes)
        return op.make_node(*node.inputs).outputs[1]

    points = rnn_points(rng)
    for keep, reverse in [(2, False), (3, True), (9, False)]:
        verify_orders(lambda *v, k=keep, r=reverse: some_rows(*v, keep=k, reverse=r), points)
        verify_orders(lambda *v, k=keep, r=reverse: some_rows(*v, keep=k, reverse=r)[1], points)


def test_markers_in_a_step():
    xs, h0 = T.dmatrix(), T.dvector()

    def step(x, h):
        return grad_clip(T.sqr(h) * x, -0.5, 0.5)

    h, _ = scan(step, xs, h0)
    h1 = step(xs[0], h0)
    values = np.array([[1.0], [2.0]]), np.array([0.7])
    looped = function([xs, h0], grad(T.sum(h), [xs, h0]))(*values)
    written_out = T.sum(h1) + T.sum(step(xs[1], h1))
    expected = function([xs, h0], grad(written_out, [xs, h0]))(*values)
    assert all(np.allclose(a, b) for a, b in zip(looped, expected, strict=True))


def test_outputs_of_a_step_that_are_what_it_was_given(verify_orders, rng):
    def given_back(xs, h0, w):
        def step(x, h):
            return T.tanh(h * w), x, w, h, x, T.constant(np.ones(2))

        return T.concatenate(scan(step, xs, [h0, *[None] * 5])[0], axis=1)

    verify_orders(given_back, [rng.normal(size=s) for s in [(3, 2), (2,), (2,)]])


def test_branches_in_a_step(verify_orders, rng):
    def branching(xs, h0):
        def step(x, h):
            return ifelse(T.sum(h) > 0, T.tanh(h * x), T.exp(-h * x) * x)

        return scan(step, xs, h0)[0]

    verify_orders(branching, [rng.normal(size=s) for s in [(4, 2), (2,)]])


def test_a_derivative_taken_in_a_step(rng):
    """Three loops deep: descent in a loop, on a cost that has one, and the derivative of that."""

    def cost(w):
        return T.sum(scan(lambda h: T.tanh(h * w), outputs_info=T.ones_like(w), n_steps=3)[0])

    def descent(w0):
        return scan(lambda w: w - 0.1 * grad(cost(w), w), outputs_info=w0, n_steps=3)[0]

    verify_grad(descent, [rng.normal(size=2)], rng=rng)


def test_a_hessian_row_by_row():
    x = T.dvector()
    g = grad(T.sum(T.exp(x) * T.sum(x**3)), x)
    hessian, _ = scan(lambda i: grad(g[i], x), T.arange(3))
    v = np.array([0.1, 0.2, 0.3])
    e, cubes = np.exp(v), np.sum(v**3)
    mixed = np.outer(e, 3 * v**2)
    expected = np.diag(e * cubes + 6 * v * np.sum(e)) + mixed + mixed.T
    assert np.allclose(function([x], hessian)(v), expected)


def test_a_loop_in_a_loop(verify_orders, rng):
    def nested(xs, h0, w):
        def outer(x, h):
            inner, _ = scan(lambda c, g: T.tanh(c * g + T.dot(g, w)), T.stack([x, h]), h)
            return inner[-1] + T.sum(inner, axis=0)

        return scan(outer, xs, h0)[0]

    verify_orders(nested, [rng.normal(size=s) for s in [(3, 2), (2,), (2, 2)]])


def test_an_inner_loop_of_changing_length(verify_orders, rng):
    """Its rows cannot be stacked over the outer steps, so they are computed again."""
    counts = T.constant(np.array([1, 3, 2]))

    def ragged(xs, h0):
        def outer(n, x, h):
            inner, _ = scan(lambda g: T.tanh(g * x), outputs_info=h, n_steps=n)
            return T.sum(inner, axis=0)

        return scan(outer, [counts, xs], h0)[0]

    verify_orders(ragged, [rng.normal(size=s) for s in [(3, 2), (2,)]])


def test_values_whose_shape_changes_are_computed_again(verify_orders, rng):
    counts = T.constant(np.array([1, 3, 2]))

    def ragged(xs, w):
        return scan(lambda n, x, h: h * T.sum(T.exp(T.dot(w[:n], x))), [counts, xs], 1.0)[0]

    verify_orders(ragged, [rng.normal(size=s) for s in [(3, 2), (4, 2)]])


def test_checkpoints(verify_orders, rng):
    def step(carry, x):
        h = T.tanh(carry * x + T.sin(carry))
        return h, h

    verify_orders(
        lambda xs, h0: carry_scan(step, h0, xs, checkpoint=True)[1],
        [rng.normal(size=s) for s in [(4, 2), (2,)]],
    )


def test_a_loop_in_pieces(rng):
    def kept(xs, h0):
        return scan_checkpoints(lambda x, h: T.tanh(h * x + T.sin(h)), xs, h0, save_every_N=3)[0]

    verify_grad(
        lambda xs, h0: kept(xs, h0)[-1], [rng.normal(size=s) for s in [(7, 2), (2,)]], rng=rng
    )
    verify_grad(kept, [rng.normal(size=s) for s in [(7, 2), (2,)]], rng=rng)


def test_float32():
    xs, h0 = T.fmatrix(), T.fvector()
    h, _ = scan(lambda x, h: T.tanh(x * h), xs, h0)
    dx, dh = grad(T.sum(h), [xs, h0])
    assert (dx.dtype, dh.dtype) == ("float32", "float32")
    x, y = np.full((2, 1), 0.5, "float32"), np.full(1, 0.5, "float32")
    found = function([xs, h0], [dx, dh])(x, y)
    assert all(g.dtype == np.float32 for g in found)
    d1 = 1 - np.tanh(0.25) ** 2
    d2 = 1 - np.tanh(0.5 * np.tanh(0.25)) ** 2
    assert np.allclose(found[1], d1 * 0.5 * (1 + 0.5 * d2), rtol=1e-5)
