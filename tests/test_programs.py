"""Whole programs through the front door, the same answers in every mode.

They follow what tutorials of Theano teach: expressions, shared state, derivatives, small networks.
"""

import pickle
from collections import OrderedDict

import bitale
import bitale.tensor as T
import numpy as np
import pytest

MODES = {
    "default": None,
    "FAST_RUN": "FAST_RUN",
    "FAST_COMPILE": "FAST_COMPILE",
    "numpy": bitale.Mode(linker="numpy"),
    "unrewritten": bitale.Mode(linker="numpy", optimizer="None"),
}


@pytest.fixture(params=MODES.values(), ids=MODES)
def compiled(request):
    """`bitale.function` in one of the modes."""

    def function(*arguments, **keywords):
        return bitale.function(*arguments, mode=request.param, **keywords)

    return function


@pytest.fixture
def rng():
    return np.random.default_rng(8)


class TestExpressions:
    """What is computed."""

    def test_two_numbers_are_added(self, compiled):
        x, y = T.dscalars("x", "y")
        f = compiled([x, y], x + y)
        assert f(2, 8) == 10
        assert isinstance(f(1.5, 2.5), np.ndarray)

    def test_a_chain_of_scalar_functions(self, compiled):
        x = T.dscalar("x")
        fx = T.exp(T.sin(x**2))
        value, slope = compiled([x], [fx, T.grad(fx, x)])(10)
        assert value == pytest.approx(0.602681965908778, rel=1e-12)
        assert slope == pytest.approx(value * np.cos(100) * 20, rel=1e-10)

    def test_logistic_and_its_gradient(self, compiled):
        x = T.dmatrix("x")
        s = 1 / (1 + T.exp(-x))
        value, gradient = compiled([x], [s, T.grad(s.sum(), x)])([[0, 1], [-1, -2]])
        wanted = 1 / (1 + np.exp(-np.array([[0.0, 1], [-1, -2]])))
        assert np.allclose(value, wanted)
        assert np.allclose(gradient, wanted * (1 - wanted))

    def test_several_outputs_share_their_work(self, compiled):
        x, y = T.dmatrices("x", "y")
        d = x - y
        f = compiled([x, y], [d, abs(d), d**2])
        results = f([[1, 1], [1, 1]], [[0, 1], [2, 3]])
        assert [r.tolist() for r in results] == [
            [[1, 0], [-1, -2]],
            [[1, 0], [1, 2]],
            [[1, 0], [1, 4]],
        ]

    def test_outputs_by_name(self, compiled):
        x = T.dscalar("x")
        assert compiled([x], {"double": 2 * x, "half": x / 2})(3.0) == {"double": 6, "half": 1.5}

    def test_reductions_and_dimshuffle_of_a_cube(self, compiled, rng):
        x = T.ftensor3("x")
        outputs = [x.sum(), x.sum(axis=(0, 2)), x.max(axis=1), x.dimshuffle(2, 1, 0), x.mean(0)]
        v = rng.normal(size=(2, 3, 4)).astype("float32")
        wanted = [v.sum(), v.sum((0, 2)), v.max(1), v.transpose(2, 1, 0), v.mean(0)]
        for got, want in zip(compiled([x], outputs)(v), wanted, strict=True):
            assert got.dtype == "float32"
            assert np.allclose(got, want, rtol=1e-5, atol=1e-6)

    def test_rows_are_chosen_and_written_to(self, compiled):
        x, rows = T.dmatrix("x"), T.ivector("rows")
        f = compiled([x, rows], [x[rows], T.set_subtensor(x[0], 9.0), T.inc_subtensor(x[rows], 1)])
        chosen, written, added = f([[1, 2], [3, 4]], [1, 1, 0])
        assert chosen.tolist() == [[3, 4], [3, 4], [1, 2]]
        assert written.tolist() == [[9, 9], [3, 4]]
        assert added.tolist() == [[2, 3], [5, 6]]

    def test_products_of_every_rank(self, compiled, rng):
        u, v, m, n = T.dvector("u"), T.dvector("v"), T.dmatrix("m"), T.dmatrix("n")
        f = compiled([u, v, m, n], [T.dot(u, v), T.dot(m, u), T.dot(u, m), T.dot(m, n), m @ n.T])
        U, V, M, N = (rng.normal(size=s) for s in [(3,), (3,), (3, 3), (3, 3)])
        for got, want in zip(f(U, V, M, N), [U @ V, M @ U, U @ M, M @ N, M @ N.T], strict=True):
            assert np.allclose(got, want)

    def test_an_intermediate_value_can_be_an_input(self, compiled):
        a = T.dvector("a")
        c = T.sin(T.exp(a))
        whole, part = compiled([a], c**2), compiled([c], c**2)
        v = np.array([0.1, 0.2])
        assert np.allclose(whole(v), np.sin(np.exp(v)) ** 2)
        assert np.allclose(part(v), v**2)

    def test_an_input_can_be_an_output_and_is_a_copy(self, compiled):
        x = T.dvector("x")
        v = np.array([1.0, 2.0])
        same, twice = compiled([x], [x, 2 * x])(v)
        same[0] = 7
        assert (v.tolist(), twice.tolist()) == ([1, 2], [2, 4])

    def test_weak_numbers_leave_float32_as_it_is(self, compiled):
        x = T.fvector("x")
        assert compiled([x], 0.1 * x + 2)(np.float32([1, 2])).dtype == "float32"

    @pytest.mark.parametrize("shape", [(0, 3), (3, 0), (1, 1), (4, 3)])
    def test_empty_and_single_arrays(self, compiled, shape, rng):
        x = T.dmatrix("x")
        f = compiled([x], [T.tanh(x) * 2, x.sum(0), T.exp(x).sum(), T.dot(x, x.T)])
        v = rng.normal(size=shape)
        wanted = [np.tanh(v) * 2, v.sum(0), np.exp(v).sum(), v @ v.T]
        for got, want in zip(f(v), wanted, strict=True):
            assert got.shape == np.shape(want)
            assert np.allclose(got, want)

    @pytest.mark.parametrize("view", [np.s_[::-1], np.s_[:, ::2], np.s_[::2, ::-1]])
    def test_views_with_any_strides(self, compiled, view, rng):
        x = T.dmatrix("x")
        v = rng.normal(size=(6, 4))[view]
        v.flags.writeable = False
        total, product = compiled([x], [(x * 2 + 1).sum(), T.dot(x, x.T)])(v)
        assert np.allclose(total, (v * 2 + 1).sum())
        assert np.allclose(product, v @ v.T)

    def test_nan_and_infinity_go_through(self, compiled):
        x = T.dvector("x")
        v = np.array([np.nan, np.inf, -np.inf, -0.0, 1.0])
        f = compiled([x], [T.exp(x), T.maximum(x, 0), T.nnet.sigmoid(x), x.max()])
        e, m, s, top = f(v)
        assert np.allclose(e, np.exp(v), rtol=1e-15, equal_nan=True)
        assert np.array_equal(m, np.maximum(v, 0), equal_nan=True)
        assert np.allclose(s, 1 / (1 + np.exp(-v)), equal_nan=True)
        assert np.isnan(top)


class TestState:
    """Shared variables and updates."""

    def test_outputs_are_computed_before_the_updates(self, compiled):
        x, target = T.fvector("x"), T.fscalar("target")
        W = bitale.shared(np.asarray([0.2, 0.7]), "W")
        y = (x * W).sum()
        (gradient,) = T.grad(T.sqr(target - y), [W])
        step = compiled([x, target], y, updates=[(W, W - 0.1 * gradient)])
        got = [float(step([1.0, 1.0], 20.0)) for _ in range(10)]
        assert got == pytest.approx([20 - 19.1 * 0.6**n for n in range(10)], rel=1e-6)

    def test_a_counter_without_outputs(self, compiled):
        n = bitale.shared(0.0, "n")
        step = compiled([], updates=OrderedDict([(n, n + 1)]))
        assert step() == []
        n.set_value(100.0)
        step()
        assert n.get_value() == 101

    def test_two_variables_swap(self, compiled):
        a, b = bitale.shared(np.ones(3), "a"), bitale.shared(np.zeros(3), "b")
        compiled([], [], updates={a: b, b: a})()
        assert (a.get_value().tolist(), b.get_value().tolist()) == ([0, 0, 0], [1, 1, 1])

    def test_an_update_reads_the_old_values_of_all(self, compiled):
        a, b = bitale.shared(np.arange(4.0), "a"), bitale.shared(np.ones(4), "b")
        compiled([], [], updates=[(a, a + b), (b, a[::-1] * 2)])()
        assert a.get_value().tolist() == [1, 2, 3, 4]
        assert b.get_value().tolist() == [6, 4, 2, 0]

    def test_a_shared_variable_can_grow(self, compiled):
        a = bitale.shared(np.zeros(1), "a")
        grow = compiled([], a.sum(), updates=[(a, T.concatenate([a, a + 1]))])
        assert [float(grow()) for _ in range(4)] == [0, 1, 4, 12]
        assert a.get_value().shape == (16,)

    def test_a_value_got_is_a_copy(self, compiled):
        a = bitale.shared(np.zeros(2), "a")
        before = a.get_value()
        compiled([], [], updates=[(a, a + 1)])()
        assert before.tolist() == [0, 0]

    def test_a_result_is_not_written_to_by_the_next_call(self, compiled):
        a = bitale.shared(np.zeros(2), "a")
        step = compiled([], [a, a * 2], updates=[(a, a + 1)])
        first, second = step(), step()
        assert [r.tolist() for r in first] == [[0, 0], [0, 0]]
        assert [r.tolist() for r in second] == [[1, 1], [2, 2]]

    def test_givens_take_a_minibatch_out_of_shared_data(self, compiled):
        data = np.arange(20.0).reshape(10, 2)
        i, x = T.iscalar("i"), T.dmatrix("x")
        f = compiled([i], x.sum(), givens={x: bitale.shared(data)[i : i + 2]})
        assert f(4) == data[4:6].sum()

    def test_an_input_can_keep_state_and_have_a_default(self, compiled):
        x, total = T.dscalar("x"), T.dscalar("total")
        f = compiled(
            [bitale.In(x, value=1.0), bitale.In(total, value=0.0, update=total + x)], total + x
        )
        assert [float(f()), float(f(5.0)), float(f(x=2.0))] == [1, 6, 8]

    def test_a_pickled_function_goes_on_by_itself(self, compiled):
        a, x = bitale.shared(np.eye(2), "a"), T.dvector("x")
        f = compiled([x], T.dot(x, a), updates=[(a, a * 2)])
        g = pickle.loads(pickle.dumps(f))
        assert [g([1, 2]).tolist(), g([1, 2]).tolist()] == [[1, 2], [2, 4]]
        assert f([1, 2]).tolist() == [1, 2]


class TestNetworks:
    """Small programs that learn."""

    def test_xor_is_learnt(self, compiled):
        rng = np.random.default_rng(2)
        x, y = T.dvector("x"), T.dscalar("y")

        def layer(x, w):
            return T.nnet.sigmoid(T.dot(w.T, T.concatenate([x, np.array([1.0])])))

        w1, w2 = (
            bitale.shared(rng.uniform(-1, 1, (3, 4))),
            bitale.shared(rng.uniform(-1, 1, (5, 1))),
        )
        out = T.sum(layer(layer(x, w1), w2))
        cost = (out - y) ** 2
        step = compiled(
            [x, y], cost, updates=[(w, w - 0.5 * T.grad(cost, wrt=w)) for w in (w1, w2)]
        )
        rows = [([0, 1], 1), ([1, 1], 0), ([1, 0], 1), ([0, 0], 0)]
        costs = [[float(step(*row)) for row in rows] for _ in range(1500)]
        assert sum(costs[0]) > 0.8
        assert sum(costs[-1]) < 0.05

    def test_logistic_regression_by_minibatches(self, compiled, rng):
        X = rng.normal(size=(120, 5)).astype("float32")
        t = (X @ rng.normal(size=(5, 3))).argmax(axis=1).astype("int32")
        x, y = T.fmatrix("x"), T.ivector("y")
        W = bitale.shared(np.zeros((5, 3), "float32"), "W")
        b = bitale.shared(np.zeros(3, "float32"), "b")
        p = T.nnet.softmax(T.dot(x, W) + b)
        loss = -T.mean(T.log(p)[T.arange(y.shape[0]), y])
        updates = [(v, v - 0.5 * g) for v, g in zip([W, b], T.grad(loss, [W, b]), strict=True)]
        step = compiled([x, y], loss, updates=updates)
        wrong = compiled([x, y], T.mean(T.neq(T.argmax(p, axis=1), y)))
        losses = [float(step(X[i::4], t[i::4])) for _ in range(30) for i in range(4)]
        assert losses[0] == pytest.approx(np.log(3), rel=1e-6)
        assert losses[-1] < 0.4
        assert wrong(X, t) < 0.1
        assert W.get_value().dtype == "float32"

    def test_modes_agree_on_a_training_step(self, rng):
        """The same step, rewritten and compiled or not, within rounding."""

        def trained(mode):
            draw = np.random.default_rng(1)
            W = [
                bitale.shared(0.3 * draw.normal(size=s), f"W{i}")
                for i, s in enumerate([(6, 8), (8, 4)])
            ]
            x, t = T.dmatrix("x"), T.ivector("t")
            p = T.nnet.softmax(T.dot(T.nnet.relu(T.dot(x, W[0])), W[1]))
            loss = T.nnet.categorical_crossentropy(p, t).mean() + 0.01 * sum(
                T.sqr(w).sum() for w in W
            )
            updates = [(w, w - 0.1 * g) for w, g in zip(W, T.grad(loss, W), strict=True)]
            step = bitale.function([x, t], loss, updates=updates, mode=mode)
            X, classes = draw.normal(size=(10, 6)), draw.integers(0, 4, 10).astype("int32")
            losses = [float(step(X, classes)) for _ in range(5)]
            return losses, [w.get_value() for w in W]

        losses, weights = trained(MODES["unrewritten"])
        for mode in MODES.values():
            other_losses, other_weights = trained(mode)
            assert np.allclose(other_losses, losses, rtol=1e-9)
            for a, b in zip(other_weights, weights, strict=True):
                assert np.allclose(a, b, rtol=1e-8, atol=1e-10)


class TestStability:
    """What the rewriter makes safe, seen from outside."""

    def test_softmax_by_hand_does_not_overflow(self):
        x = T.dvector("x")
        f = bitale.function([x], T.exp(x) / T.exp(x).sum(), mode="FAST_RUN")
        assert np.allclose(f([1000.0, 1000.0]), [0.5, 0.5])

    def test_log_of_sigmoid_does_not_underflow(self):
        x = T.dvector("x")
        f = bitale.function([x], T.log(T.nnet.sigmoid(x)), mode="FAST_RUN")
        assert np.allclose(f([-1000.0, 0.0]), [-1000.0, -np.log(2)])

    def test_a_number_over_itself_is_one_even_at_zero(self):
        x = T.dscalar("x")
        assert bitale.function([x], x / x, mode="FAST_RUN")(0.0) == 1
