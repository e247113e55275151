"""Derivatives of loops, against differences and against the same steps written out one by one."""

from dataclasses import dataclass

import numpy as np
from bitale_autodiff import grad, verify_grad, zero_grad
from bitale_graph import carry_scan, function, scan, scan_checkpoints, until
from bitale_graph import language as T
from hypothesis import given, settings
from hypothesis import strategies as st


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


# Against differences


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
    def last(xs, h0):
        return scan_checkpoints(lambda x, h: T.tanh(h * x + T.sin(h)), xs, h0, save_every_N=3)[0]

    verify_grad(last, [rng.normal(size=s) for s in [(7, 2), (2,)]], rng=rng)


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


# Against the same steps, written out


@dataclass
class Case:
    """A recurrence drawn at random."""

    rows: int
    size: int
    sequence_taps: list
    state_taps: list
    plain: bool
    backwards: bool
    n_steps: int | None
    truncate: int
    read: str

    def usable(self):
        return self.rows - max(0, *self.sequence_taps) + min(0, *self.sequence_taps)

    def steps(self):
        return self.usable() if self.n_steps is None else min(self.usable(), self.n_steps)

    def step(self, rows, earlier, w):
        total = T.sum(T.stack(rows), axis=0)
        every = T.add(*(v for taps in earlier for v in taps))
        new = []
        for k, taps in enumerate(earlier):
            mixed = T.dot(taps[0], w) + every * (0.3 + k)
            new.append(T.tanh(mixed + total * taps[-1] * 0.5))
        return new + [T.exp(0.3 * new[-1] * total)] * self.plain

    def inputs(self):
        depths = [-min(taps) for taps in self.state_taps]
        return [
            T.dmatrix("xs"),
            *(T.dvector(f"h{k}") if d == 1 else T.dmatrix(f"h{k}") for k, d in enumerate(depths)),
            T.dmatrix("w"),
        ]

    def values(self, rng):
        depths = [-min(taps) for taps in self.state_taps]
        shapes = [(d, self.size) if d > 1 else (self.size,) for d in depths]
        shapes = [(self.rows, self.size), *shapes, (self.size, self.size)]
        return [rng.normal(size=s) for s in shapes]

    def looped(self, xs, *rest):
        *firsts, w = rest
        counts = [len(taps) for taps in self.state_taps]

        def fn(*args):
            rows, flat = args[: len(self.sequence_taps)], iter(args[len(self.sequence_taps) :])
            return self.step(list(rows), [[next(flat) for _ in range(n)] for n in counts], w)

        return scan(
            fn,
            {"input": xs, "taps": self.sequence_taps},
            [
                *({"initial": f, "taps": t} for f, t in zip(firsts, self.state_taps, strict=True)),
                *[None] * self.plain,
            ],
            n_steps=self.n_steps,
            go_backwards=self.backwards,
            truncate_gradient=self.truncate,
            return_list=True,
        )[0]

    def unrolled(self, xs, *rest):
        *firsts, w = rest
        n, usable = self.steps(), self.usable()
        behind = -min(0, *self.sequence_taps)
        known = [
            [f[i] for i in range(-min(taps))] if min(taps) < -1 else [f]
            for f, taps in zip(firsts, self.state_taps, strict=True)
        ]
        depths = [len(k) for k in known]
        plain = []
        for t in range(n):
            cut = self.truncate > 0 and t < n - self.truncate
            at = behind + (usable - 1 - t if self.backwards else t)
            rows = [xs[at + tap] for tap in self.sequence_taps]
            earlier = [
                [known[k][d + t + tap] for tap in taps]
                for k, (taps, d) in enumerate(zip(self.state_taps, depths, strict=True))
            ]
            new = self.step(rows, earlier, w)
            if cut:
                new = [zero_grad(v) for v in new]
            for k in range(len(known)):
                known[k].append(new[k])
            if self.plain:
                plain.append(new[-1])
            if self.truncate > 0 and t + 1 == n - self.truncate:
                known = [[zero_grad(v) for v in k] for k in known]
        stacks = [k[d:] for k, d in zip(known, depths, strict=True)]
        return [T.stack(s) for s in [*stacks, *[plain] * self.plain]]

    def cost(self, outputs):
        terms = []
        for k, y in enumerate(outputs):
            if self.read in ("all", "both"):
                terms.append(T.sum(T.sqr(y)) * (k + 1.0))
            if self.read in ("last", "both"):
                terms.append(T.sum(T.sin(y[-1])) * (k + 0.5))
        return T.add(*terms)


taps = st.sampled_from([[0], [-1], [-1, 0], [0, 1], [-2, 0, 1]])
earlier_taps = st.lists(st.sampled_from([[-1], [-2], [-2, -1], [-3, -1]]), min_size=1, max_size=2)
cases = st.builds(
    Case,
    st.integers(4, 7),
    st.integers(1, 2),
    taps,
    earlier_taps,
    st.booleans(),
    st.booleans(),
    st.sampled_from([None, 1]),
    st.just(-1),
    st.sampled_from(["all", "last", "both"]),
)
truncated_cases = st.builds(
    Case,
    st.integers(4, 7),
    st.integers(1, 2),
    st.sampled_from([[0], [-1, 0]]),
    st.sampled_from([[[-1]], [[-1], [-1]], [[-2, -1]], [[-1], [-3, -1]]]),
    st.booleans(),
    st.booleans(),
    st.sampled_from([None, 3]),
    st.integers(1, 7),
    st.sampled_from(["all", "last", "both"]),
)


def agrees(case, seed, second=False):
    inputs = case.inputs()
    values = case.values(np.random.default_rng(seed))
    results = []
    for form in (case.looped, case.unrolled):
        outputs = form(*inputs)
        cost = case.cost(outputs)
        if second:
            first = grad(cost, inputs, disconnected_inputs="ignore")
            cost = T.add(*(T.sum(T.sin(g) * (1.0 + i)) for i, g in enumerate(first)))
        gradient = grad(cost, inputs, disconnected_inputs="ignore")
        results.append(function(inputs, [*outputs, *gradient], on_unused_input="ignore")(*values))
    for found, expected in zip(*results, strict=True):
        assert found.shape == expected.shape
        assert np.allclose(found, expected, rtol=1e-9, atol=1e-10)


@settings(max_examples=20, deadline=None)
@given(cases, st.integers(0, 1000))
def test_a_loop_agrees_with_its_steps_written_out(case, seed):
    agrees(case, seed)


@settings(max_examples=20, deadline=None)
@given(truncated_cases, st.integers(0, 1000))
def test_truncation_agrees_with_steps_that_count_as_constant(case, seed):
    agrees(case, seed)


@settings(max_examples=8, deadline=None)
@given(cases, st.integers(0, 1000))
def test_second_derivatives_agree_with_steps_written_out(case, seed):
    agrees(case, seed, second=True)
