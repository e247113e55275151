import numpy as np
import pytest
from bitale_autodiff import grad, verify_grad
from bitale_graph import function
from bitale_graph import language as T
from bitale_graph.base.errors import ShapeError
from bitale_nnet import (
    GRU,
    LSTM,
    Bidirectional,
    Dense,
    Embedding,
    Recurrent,
    Sequential,
    SimpleRNN,
    adam,
    load_arrays,
    save_arrays,
)
from bitale_nnet.initializers import Constant, Normal
from bitale_nnet.losses import softmax_crossentropy

UNITS, FEATURES = 4, 3
LAYERS = [SimpleRNN, GRU, LSTM]
SOME_BIAS = Normal(0.5)


@pytest.fixture
def rng():
    return np.random.default_rng(4)


@pytest.fixture(params=LAYERS, ids=lambda kind: kind.__name__)
def kind(request):
    return request.param


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def numpy_step(layer, x, states):
    """One step of a layer, from a matrix of rows and matrices of states."""
    p = layer.get_values()
    h = states[0]
    if isinstance(layer, SimpleRNN):
        return (np.tanh(x @ p["W_x"] + h @ p["W_h"] + p["b"]),)
    if isinstance(layer, GRU):
        r, z = np.split(sigmoid(x @ p["W_xm"] + h @ p["W_hm"] + p["b_m"]), 2, axis=1)
        c = np.tanh(x @ p["W_xh"] + (r * h) @ p["W_hh"] + p["b_h"])
        return (z * h + (1 - z) * c,)
    i, f, o, g = np.split(x @ p["W_x"] + h @ p["W_h"] + p["b"], 4, axis=1)
    c = sigmoid(f) * states[1] + sigmoid(i) * np.tanh(g)
    return (sigmoid(o) * np.tanh(c), c)


def numpy_run(layer, x, mask=None, first=None):
    """The outputs of all steps (batch, steps, units), and the last states."""
    n, steps, _ = x.shape
    states = first or (np.zeros((n, UNITS)),) * len(layer.state_names)
    outputs = np.zeros((n, steps, UNITS))
    for t in reversed(range(steps)) if layer.backwards else range(steps):
        new = numpy_step(layer, x[:, t], states)
        counts = np.ones((n, 1), bool) if mask is None else mask[:, t, None] != 0
        states = tuple(np.where(counts, s, old) for s, old in zip(new, states, strict=True))
        outputs[:, t] = states[0]
    return outputs, states


def built(kind, rng, **described):
    layer = kind(UNITS, bias=SOME_BIAS, **described)
    layer.build((None, None, FEATURES), rng, "float64")
    return layer


class TestDescription:
    """What is known without computing."""

    def test_shapes(self, kind):
        assert kind(5).output_shape((None, 7, 3)) == (None, 5)
        assert kind(5).output_shape((7, 3)) == (5,)
        assert kind(5, return_sequences=True).output_shape((2, None, 3)) == (2, None, 5)
        assert Bidirectional(kind(5)).output_shape((None, 7, 3)) == (None, 10)

    @pytest.mark.parametrize("shape", [(3,), (2, 7, None), (1, 2, 3, 4)])
    def test_features_must_be_known(self, kind, shape):
        with pytest.raises(ShapeError, match="known number of features"):
            kind(5).build(shape)

    def test_units_are_at_least_one(self, kind):
        with pytest.raises(ValueError, match="units must be at least 1, not 0"):
            kind(0)

    def test_weights_are_regularizable_and_biases_are_not(self, kind, rng):
        layer = built(kind, rng)
        names = {p.name for p in layer.parameters("regularizable")}
        assert names == {name for name in layer.get_values() if name.startswith("W")}
        assert len(layer.parameters("trainable")) == len(layer.get_values())

    def test_biases_can_be_left_out(self, kind, rng):
        layer = kind(UNITS, bias=None)
        layer.build((None, None, FEATURES), rng)
        assert all(name.startswith("W") for name in layer.get_values())
        x = T.tensor("float64", (None, None, None))
        assert function([x], layer(x))(np.ones((2, 5, FEATURES))).shape == (2, UNITS)

    def test_recurrent_weights_are_orthogonal_gate_by_gate(self, rng):
        layer = GRU(UNITS)
        layer.build((None, None, FEATURES), rng, "float64")
        for part in np.split(layer.get_values()["W_hm"], 2, axis=1):
            assert np.allclose(part.T @ part, np.eye(UNITS))

    def test_forget_gates_are_open_at_first(self, rng):
        layer = LSTM(2)
        layer.build((None, None, FEATURES), rng)
        assert layer.get_values()["b"].tolist() == [0, 0, 1, 1, 0, 0, 0, 0]


class TestValues:
    """What is computed, held against NumPy step by step."""

    @pytest.mark.parametrize("backwards", [False, True])
    @pytest.mark.parametrize("shape", [(2, 5), (1, 1), (3, 0), (0, 4)], ids=str)
    def test_outputs_are_those_of_numpy(self, kind, backwards, shape, rng):
        layer = built(kind, rng, backwards=backwards, return_sequences=True)
        x = T.tensor("float64", (None, None, None))
        X = rng.normal(size=(*shape, FEATURES))
        outputs, last = layer.run(x)
        found = function([x], [layer(x), outputs, *last])(X)
        wanted, states = numpy_run(layer, X)
        for a, b in zip(found, [wanted, wanted, *states], strict=True):
            assert a.shape == b.shape
            assert np.allclose(a, b)

    def test_the_last_output_is_that_of_all(self, kind, rng):
        every = built(kind, rng, return_sequences=True)
        last = kind(UNITS)
        last.build((None, None, FEATURES), rng, "float64")
        last.set_values(every.get_values())
        x = T.tensor("float64", (None, None, None))
        a, b = function([x], [every(x)[:, -1], last(x)])(rng.normal(size=(2, 6, FEATURES)))
        assert np.allclose(a, b, rtol=1e-14)

    def test_backwards_is_forwards_on_the_mirror_image(self, kind, rng):
        forwards = built(kind, rng, return_sequences=True)
        backwards = kind(UNITS, return_sequences=True, backwards=True)
        backwards.build((None, None, FEATURES), rng, "float64")
        backwards.set_values(forwards.get_values())
        x = T.tensor("float64", (None, None, None))
        results = [backwards(x), forwards(x[:, ::-1])[:, ::-1]]
        a, b = function([x], results)(rng.normal(size=(2, 6, FEATURES)))
        assert np.allclose(a, b, rtol=1e-14)

    @pytest.mark.parametrize("return_sequences", [False, True])
    def test_one_sequence_is_a_batch_of_one(self, kind, return_sequences, rng):
        layer = built(kind, rng, return_sequences=return_sequences)
        one, batch = T.matrix(), T.tensor("float64", (None, None, None))
        X = rng.normal(size=(6, FEATURES))
        single = function([one], layer(one))(X)
        assert np.allclose(single, function([batch], layer(batch))(X[None])[0])

    @pytest.mark.parametrize("backwards", [False, True])
    @pytest.mark.parametrize("dtype", ["bool", "float64", "int8"])
    def test_masked_steps_keep_the_states(self, kind, backwards, dtype, rng):
        layer = built(kind, rng, backwards=backwards, return_sequences=True)
        x, mask = T.tensor("float64", (None, None, None)), T.matrix("mask", dtype=dtype)
        X = rng.normal(size=(3, 6, FEATURES))
        M = (np.arange(6) < np.array([[6], [2], [0]])).astype(dtype)
        outputs, last = layer.run(x, mask)
        found = function([x, mask], [outputs, *last])(X, M)
        wanted, states = numpy_run(layer, X, M)
        for a, b in zip(found, [wanted, *states], strict=True):
            assert np.allclose(a, b)

    def test_what_is_filled_in_does_not_matter(self, kind, rng):
        layer = built(kind, rng, backwards=True)
        x, mask = T.tensor("float64", (None, None, None)), T.matrix("mask")
        f = function([x, mask], layer(x, mask))
        X = rng.normal(size=(1, 6, FEATURES))
        short = f(X[:, :4], np.ones((1, 4)))
        X[:, 4:] = 1e6
        assert np.allclose(f(X, [[1, 1, 1, 1, 0, 0]]), short)

    def test_a_single_sequence_has_a_vector_as_its_mask(self, kind, rng):
        layer = built(kind, rng)
        x, mask = T.matrix(), T.vector()
        X = rng.normal(size=(6, FEATURES))
        found = function([x, mask], layer(x, mask))(X, [0, 1, 1, 0, 1, 0])
        assert np.allclose(found, function([x], layer(x))(X[[1, 2, 4]]))

    def test_first_states_can_be_given(self, kind, rng):
        layer = built(kind, rng)
        n = len(layer.state_names)
        x, first = T.tensor("float64", (None, None, None)), [T.matrix() for _ in range(n)]
        X, F = rng.normal(size=(2, 5, FEATURES)), list(rng.normal(size=(n, 2, UNITS)))
        found = function([x, *first], layer(x, first_states=first))(X, *F)
        assert np.allclose(found, numpy_run(layer, X, first=tuple(F))[1][0])

    def test_states_carry_over_from_piece_to_piece(self, kind, rng):
        layer = built(kind, rng)
        x = T.tensor("float64", (None, None, None))
        _, middle = layer.run(x[:, :3])
        results = [layer(x[:, 3:], first_states=middle), layer(x)]
        a, b = function([x], results)(rng.normal(size=(2, 7, FEATURES)))
        assert np.allclose(a, b)

    def test_first_states_can_be_learnt(self, kind, rng):
        layer = built(kind, rng, learn_first_states=True)
        names = [f"{s}0" for s in layer.state_names]
        assert list(layer.get_values())[-len(names) :] == names
        values = layer.get_values()
        first = [rng.normal(size=UNITS) for _ in names]
        layer.set_values({**values, **dict(zip(names, first, strict=True))})
        x, one = T.tensor("float64", (None, None, None)), T.matrix()
        X = rng.normal(size=(2, 5, FEATURES))
        wanted = numpy_run(layer, X, first=tuple(np.tile(s, (2, 1)) for s in first))[1][0]
        assert np.allclose(function([x], layer(x))(X), wanted)
        assert np.allclose(function([one], layer(one))(X[0]), wanted[0])

    def test_both_directions_lie_side_by_side(self, kind, rng):
        layer = Bidirectional(kind(UNITS, bias=SOME_BIAS, return_sequences=True))
        layer.build((None, None, FEATURES), rng, "float64")
        assert not set(layer.layers[0].parameters()) & set(layer.layers[1].parameters())
        assert {name.partition(".")[0] for name in layer.get_values()} == {"forwards", "backwards"}
        x, mask = T.tensor("float64", (None, None, None)), T.matrix()
        X, M = rng.normal(size=(2, 5, FEATURES)), np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]])
        wanted = [numpy_run(one, X, M)[0] for one in layer.layers]
        found = function([x, mask], layer(x, mask))(X, M)
        assert np.allclose(found, np.concatenate(wanted, axis=2))

    def test_the_dtype_of_parameters_is_kept(self, kind, rng):
        layer = kind(UNITS)
        layer.build((None, None, FEATURES), rng, "float32")
        assert layer(T.ftensor3()).dtype == "float32"
        assert layer(T.tensor("int8", (None, None, None))).dtype == "float32"
        assert layer(T.dtensor3()).dtype == "float64"


class TestDerivatives:
    """What training needs."""

    @pytest.mark.parametrize("masked", [False, True])
    @pytest.mark.parametrize("backwards", [False, True])
    def test_with_respect_to_inputs(self, kind, masked, backwards, rng):
        layer = built(kind, rng, backwards=backwards, return_sequences=True)
        mask = np.array([[1, 0, 1, 1], [1, 1, 0, 0]]) if masked else None
        verify_grad(lambda x: T.sum(T.sqr(layer(x, mask))), [rng.normal(size=(2, 4, 3))], rng=rng)

    def test_with_respect_to_parameters(self, kind, rng):
        layer = built(kind, rng, learn_first_states=True)
        x = T.tensor("float64", (None, None, None))
        X = rng.normal(size=(2, 4, FEATURES))
        loss = T.sum(T.sqr(layer(x)))
        value, gradients = function([x], loss), function([x], grad(loss, layer.parameters()))(X)
        for parameter, gradient in zip(layer.parameters(), gradients, strict=True):
            before = parameter.get_value()
            direction = rng.normal(size=before.shape)
            sides = []
            for sign in (1, -1):
                parameter.set_value(before + sign * 1e-5 * direction)
                sides.append(float(value(X)))
            parameter.set_value(before)
            slope = (sides[0] - sides[1]) / 2e-5
            assert np.sum(gradient * direction) == pytest.approx(slope, rel=1e-6)

    def test_truncated_they_go_back_a_few_steps_only(self, kind, rng):
        layer = built(kind, rng, truncate_gradient=2)
        x = T.tensor("float64", (None, None, None))
        gradient = function([x], grad(T.sum(layer(x)), x))(rng.normal(size=(2, 5, FEATURES)))
        assert np.all(gradient[:, :3] == 0)
        assert np.all(np.any(gradient[:, 3:] != 0, axis=(0, 2)))


class TestRefused:
    """What does not fit."""

    @pytest.fixture
    def layer(self, rng):
        return built(LSTM, rng, name="reader")

    def test_inputs_of_another_rank(self, layer):
        with pytest.raises(ShapeError, match=r"LSTM 'reader' takes \(batch, steps, features\)"):
            layer(T.vector())

    def test_a_mask_of_another_rank(self, layer):
        with pytest.raises(ShapeError, match="an entry for each step and no axis of features"):
            layer(T.dtensor3(), T.dtensor3())

    @pytest.mark.parametrize("first", [[], [T.matrix()], [T.matrix(), T.vector()]])
    def test_first_states_that_do_not_fit(self, layer, first):
        with pytest.raises(ShapeError, match=r"takes first states \(h, c\), each of rank 2"):
            layer(T.dtensor3(), first_states=first)

    def test_what_was_not_built(self):
        with pytest.raises(ValueError, match="call build"):
            GRU(3)(T.matrix())

    def test_a_mask_where_no_layer_takes_one(self, rng):
        network = Sequential([Dense(2)])
        network.build((None, 3), rng)
        with pytest.raises(ValueError, match="has no layer that takes a mask"):
            network(T.matrix(), T.matrix())

    def test_both_directions_of_what_is_not_recurrent(self):
        with pytest.raises(TypeError, match="takes a recurrent layer"):
            Bidirectional(Dense(3))

    def test_both_directions_of_what_reads_backwards(self):
        with pytest.raises(ValueError, match="reads forwards"):
            Bidirectional(GRU(3, backwards=True))


def test_a_recurrence_of_ones_own_needs_two_methods(rng):
    class Counter(Recurrent):
        def gates(self, features):
            return []

        def step(self, x, states):
            return (states[0] + T.sum(x, axis=-1, keepdims=True),)

    layer = Counter(1)
    layer.build((None, None, 2), rng)
    x = T.dtensor3()
    assert function([x], layer(x))(np.ones((2, 5, 2))).tolist() == [[10.0], [10.0]]


class TestNetwork:
    """A recurrent layer among others."""

    @staticmethod
    def network():
        return Sequential(
            [Embedding(5, 6), GRU(8, return_sequences=True), Bidirectional(GRU(8)), Dense(2)]
        )

    def test_a_mask_reaches_the_layers_that_take_one(self, rng):
        network = self.network()
        assert network.build((None, None), rng, "float64") == (None, 2)
        words, mask = T.lmatrix(), T.bmatrix()
        f = function([words, mask], network(words, mask))
        short = f([[3, 1]], np.ones((1, 2), "int8"))
        assert np.allclose(f([[3, 1, 4, 4]], np.array([[1, 1, 0, 0]], "int8")), short)

    def test_its_parameters_are_saved_and_loaded(self, tmp_path, rng):
        first, second = self.network(), self.network()
        words = T.lmatrix()
        results = []
        for network in (first, second):
            network.build((None, None), rng)
            save_arrays(tmp_path / "parameters.npz", first.get_values())
            network.set_values(load_arrays(tmp_path / "parameters.npz"))
            results.append(function([words], network(words))([[3, 1, 0]]))
        assert "bidirectional2.backwards.W_hh" in second.get_values()
        assert np.array_equal(*results)

    def test_an_unbuilt_copy_shares_no_parameters(self, rng):
        network = self.network()
        network.build((None, None), rng)
        twin = network.unbuilt()
        twin.build((None, None), rng)
        assert not set(network.parameters()) & set(twin.parameters())

    @pytest.mark.parametrize("kind", LAYERS, ids=lambda kind: kind.__name__)
    def test_it_learns_which_of_two_symbols_came_first(self, kind):
        rng = np.random.default_rng(0)
        network = Sequential([Embedding(4, 6), kind(12), Dense(2)])
        network.build((None, None), rng, "float64")
        # Symbols 2 and 3 say nothing; 0 and 1 come once each.
        X = rng.integers(2, 4, size=(192, 8))
        places = np.array([rng.permutation(8)[:2] for _ in X])
        rows = np.arange(len(X))
        X[rows, places[:, 0]], X[rows, places[:, 1]] = 0, 1
        y = (places[:, 1] < places[:, 0]).astype(int)
        words, target = T.lmatrix(), T.lvector()
        scores = network(words)
        loss = T.mean(softmax_crossentropy(scores, target))
        learn = function([words, target], loss, updates=adam(loss, network.parameters(), 0.03))
        for _ in range(120):
            learn(X[:128], y[:128])
        found = function([words], T.argmax(scores, axis=1))(X[128:])
        assert np.mean(found == y[128:]) >= 0.9


def test_a_constant_initialiser_serves_every_gate(rng):
    layer = GRU(2, weights=Constant(1.0), recurrent_weights=Constant(2.0))
    layer.build((None, None, 3), rng)
    values = layer.get_values()
    assert np.all(values["W_xm"] == 1)
    assert np.all(values["W_hm"] == 2)
