import copy
import pickle

import numpy as np
import pytest
from bitale_autodiff import grad
from bitale_graph import function
from bitale_graph import language as T
from bitale_graph.base.errors import ShapeError
from bitale_nnet import (
    GRU,
    Concat,
    Dense,
    Embedding,
    Flatten,
    Input,
    Layer,
    Merge,
    Network,
    Parameter,
    Residual,
    Sequential,
    Sum,
    Training,
)
from bitale_nnet.initializers import Constant, Normal
from bitale_nnet.layers.layer import STATE

FAST = "FAST_COMPILE"


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def compute(layer, *arrays, **given):
    """The output of a layer for arrays, computed by NumPy."""
    inputs = [T.tensor(str(a.dtype), (None,) * a.ndim) for a in arrays]
    x = inputs[0] if len(inputs) == 1 else tuple(inputs)
    return function(inputs, layer(x, **given), mode=FAST)(*arrays)


class Counting(Layer):
    """Adds, in training, a number that is drawn, and counts how often it was called."""

    def declare(self, input_shape):
        return [Parameter("calls", (), Constant(0.0), STATE)]

    def output_shape(self, input_shape):
        return input_shape

    def expression(self, x, training=None):
        if training is None:
            return x
        calls = self.variable("calls")
        training.updates[calls] = training.latest(calls) + 1
        return x + training.streams.uniform((), 1, 2)


class TestTraining:
    """What a pass in training carries."""

    @pytest.mark.parametrize(
        "wrap",
        [
            lambda layer: layer,
            lambda layer: Sequential([Sequential([layer])]),
            lambda layer: Residual([layer, lambda x: x * 0 + x]),
            lambda layer: Network(x := Input(), layer(x)),
        ],
        ids=["alone", "sequence", "residual", "network"],
    )
    def test_it_reaches_the_layers(self, wrap, rng):
        network = wrap(Counting())
        network.build((None, 3), rng, "float64")
        x, training = T.dmatrix(), Training(seed=3)
        assert not network.parameters("trainable")
        (calls,) = network.parameters("state")
        predicted = function([x], network(x), mode=FAST)(np.ones((2, 3)))
        outputs = network(x, training=training)
        learn = function([x], outputs, updates=training.updates, mode=FAST)
        first, second = learn(np.ones((2, 3))), learn(np.ones((2, 3)))
        assert calls.get_value() == 2
        assert np.all(first > predicted)
        assert np.all(first != second)

    def test_a_layer_called_twice_counts_twice(self, rng):
        layer = Counting()
        layer.build((None, 3), rng)
        x, training = T.fmatrix(), Training(0)
        both = layer(x, training=training) + layer(x, training=training)
        function([x], both, updates=training.updates, mode=FAST)(np.ones((1, 3), "float32"))
        assert layer.get_values()["calls"] == 2

    @pytest.mark.parametrize("wrong", [True, False, 0, "train"])
    def test_what_is_no_pass_is_refused(self, wrong, rng):
        layer = Dense(2)
        layer.build((None, 3), rng)
        with pytest.raises(TypeError, match=r"pass training=Training\(seed\)"):
            layer(T.matrix(), training=wrong)

    def test_it_is_not_taken_for_a_mask(self, rng):
        layer = GRU(2)
        layer.build((None, 3), rng)
        with pytest.raises(TypeError, match="training by its name"):
            layer(T.matrix(), Training(0))

    def test_a_layer_that_is_the_same_in_training_need_not_know_of_it(self, rng):
        class Twice(Layer):
            def output_shape(self, input_shape):
                return input_shape

            def expression(self, x):
                return 2 * x

        network = Sequential([Twice()])
        network.build((None, 3), rng)
        assert compute(network, np.ones((1, 3)), training=Training(0)).tolist() == [[2, 2, 2]]


def branches():
    """Two inputs, a layer that is used twice, and two outputs."""
    a, b = Input("a"), Input("b")
    shared = Dense(4, "tanh", name="shared")
    joined = Concat()((shared(a), shared(b)))
    return Network((a, b), [Dense(2)(joined), joined], name="branches")


class TestNetwork:
    """A graph of layers."""

    def test_values_are_those_of_numpy(self, rng):
        network = branches()
        assert network.build(((None, 3), (None, 3)), rng, "float64") == ((None, 2), (None, 8))
        v = network.get_values()
        assert list(v) == ["shared.W", "shared.b", "dense2.W", "dense2.b"]
        assert network.count() == 12 + 4 + 16 + 2
        assert network.count("regularizable") == 12 + 16
        A, B = rng.normal(size=(2, 5, 3))
        hidden = [np.tanh(X @ v["shared.W"] + v["shared.b"]) for X in (A, B)]
        joined = np.concatenate(hidden, axis=1)
        scores, given = compute(network, A, B)
        assert np.allclose(given, joined)
        assert np.allclose(scores, joined @ v["dense2.W"] + v["dense2.b"])

    @pytest.mark.parametrize(
        "again",
        [lambda n: n.unbuilt(), copy.deepcopy, lambda n: pickle.loads(pickle.dumps(n))],
        ids=["unbuilt", "deepcopy", "pickle"],
    )
    def test_copies_share_no_parameters_and_compute_the_same(self, again, rng):
        network = branches()
        network.build(((None, 3), (None, 3)), rng, "float64")
        twin = again(network)
        if not twin.is_built:
            twin.build(((None, 3), (None, 3)), rng, "float64")
            twin.set_values(network.get_values())
        assert not set(network.parameters()) & set(twin.parameters())
        A, B = rng.normal(size=(2, 5, 3))
        assert np.array_equal(compute(network, A, B)[0], compute(twin, A, B)[0])

    def test_a_network_is_a_layer(self, rng):
        x = Input()
        inner = Network(x, Residual([Dense(3)])(x))
        y = Input()
        outer = Network(y, Sequential([inner, Dense(2)])(y))
        outer.build((None, 3), rng, "float64")
        names = list(outer.get_values())
        assert names[0] == "sequential0.network0.residual0.dense0.W"
        X = rng.normal(size=(4, 3))
        W, b, V, c = outer.get_values().values()
        assert np.allclose(compute(outer, X), (X + X @ W + b) @ V + c)

    def test_masks_reach_the_layers_that_take_one(self, rng):
        words, given = Input("words", "int"), Input("mask")
        vectors = Embedding(5, 3)(words)
        own = Network((words, given), GRU(4)(vectors, mask=given))
        one = Network(words, GRU(4)(vectors))
        assert own.input_dtype == ("int", "float")
        assert one.input_dtype == "int"
        own.build(((None, None), (None, None)), rng, "float64")
        W, M = np.array([[1, 2, 3]]), np.array([[1.0, 1, 0]])
        a, values = compute(own, W, M), own.get_values()
        one.build((None, None), rng, "float64")
        one.set_values(values)
        w, m = T.lmatrix(), T.dmatrix()
        b = function([w, m], one(w, m), mode=FAST)(W, M)
        c = compute(one, W[:, :2])
        assert np.allclose(a, b)
        assert np.allclose(a, c)

    def test_a_shared_layer_has_the_gradient_of_all_its_uses(self, rng):
        x = Input()
        layer = Dense(1, weights=Constant(1.0))
        network = Network(x, Sum()((layer(x), layer(x))))
        network.build((None, 2), rng, "float64")
        X = T.dmatrix()
        slope = grad(T.sum(network(X)), network.variable("dense0.W"))
        assert function([X], slope, mode=FAST)([[1.0, 2.0]]).tolist() == [[2.0], [4.0]]

    def test_inputs_take_what_the_layers_that_read_them_take(self):
        words, age, both = Input("words"), Input("age"), Input("both", "int")
        vectors = Embedding(5, 3)(Flatten()(words))
        network = Network((words, age, both), [vectors, Dense(2)(age), Dense(2)(both)])
        assert network.input_dtype == ("int", "float", "int")
        x = Input("x")
        outer = Network((x, age), Concat()((Dense(2)(age), Embedding(5, 2)(x))))
        a, b = Input("a"), Input("b")
        assert Network((a, b), outer((b, a))).input_dtype == ("float", "int")
        wrong = Input("words", "float")
        with pytest.raises(ValueError, match=r"'words'> is 'float', and .* takes integers"):
            Network(wrong, Embedding(5, 3)(wrong))

    def test_places_are_added_multiplied_and_picked(self, rng):
        x = Input("x")
        pair = Network(inner := Input(), [Dense(3)(inner), Dense(3)(inner)])(x)
        network = Network(x, pair[1] * x + pair[0])
        assert network.build((None, 3), rng, "float64") == (None, 3)
        twin = pickle.loads(pickle.dumps(network))
        X = rng.normal(size=(4, 3))
        W, b, V, c = network.get_values().values()
        wanted = (X @ V + c) * X + X @ W + b
        assert np.allclose(compute(network, X), wanted)
        assert np.allclose(compute(twin, X), wanted)

    def test_what_is_no_place_is_neither_added_nor_picked(self):
        x = Input("x")
        with pytest.raises(TypeError):
            x + 1
        with pytest.raises(TypeError):
            list(x)
        with pytest.raises(TypeError, match="takes one of several"):
            Network(x, x[0]).build((None, 3))
        with pytest.raises(TypeError, match="place must be an integer"):
            x["a"]
        pair = Network(inner := Input(), [Dense(3)(inner), Dense(3)(inner)])
        with pytest.raises(ShapeError, match="no place 2 among 2"):
            Network(x, pair(x)[2]).build((None, 3))

    def test_a_deep_graph_is_read(self):
        layer, place = Residual([]), Input("x")
        first = place
        for _ in range(3000):
            place = layer(place)
        assert Network(first, place).output_shape((None, 2)) == (None, 2)

    def test_it_serves_a_classifier(self, rng):
        from bitale_nnet import Classifier

        x = Input()
        network = Network(x, Dense(2)(Residual([Dense(2), T.tanh])(x)))
        classifier = Classifier(network, epochs=2, progress=False, mode=FAST)
        assert classifier.fit(rng.normal(size=(8, 2)), [0, 1] * 4).predict([[0, 1]]).shape == (1,)

    @pytest.mark.parametrize(
        ("make", "error", "says"),
        [
            (lambda x: Network("x", x), TypeError, "are made by Input"),
            (lambda x: Network(x, 3), TypeError, "called with places, not 3"),
            (lambda x: Network((x, Input("y")), Dense(2)(x)), ValueError, "no output needs"),
            (lambda x: Network(Input("y"), Dense(2)(x)), ValueError, "which is not among"),
            (lambda x: Network((x, x), Dense(2)(x)), ValueError, "each once"),
            (lambda x: Network([], Dense(2)(x)), ValueError, "needs inputs"),
            (lambda x: Concat()((x, T.matrix())), TypeError, "and got both"),
            (lambda x: Dense(2)(x, training=Training(0)), TypeError, "training goes to the"),
            (lambda x: Input("x", "float32"), ValueError, "'float' or 'int', not 'float32'"),
            (lambda x: Input((None, 3)), TypeError, "is a text"),
        ],
        ids=map(str, range(10)),
    )
    def test_what_makes_no_graph_is_refused(self, make, error, says):
        with pytest.raises(error, match=says):
            make(Input("x"))

    def test_shapes_and_inputs_that_do_not_fit_are_told(self, rng):
        network = branches()
        with pytest.raises(
            ShapeError, match=r"has 2 inputs \(a, b\) and takes a tuple of 2 shapes"
        ):
            network.build((None, 3))
        with pytest.raises(ShapeError, match="called several times, and would need"):
            network.build(((None, 3), (None, 4)))
        network.build(((None, 3), (None, 3)), rng)
        with pytest.raises(ShapeError, match="takes a tuple of 2 tensors"):
            network(T.matrix())


class TestResidual:
    """Layers beside which the input is carried on."""

    def test_values_are_those_of_numpy(self, rng):
        layer = Residual(
            [Dense(4, "tanh"), Dense(2)], shortcut=Dense(2, bias=None), activation="relu"
        )
        assert layer.build((None, 3), rng, "float64") == (None, 2)
        v = layer.get_values()
        assert list(v) == ["dense0.W", "dense0.b", "dense1.W", "dense1.b", "shortcut.W"]
        X = rng.normal(size=(5, 3))
        inner = np.tanh(X @ v["dense0.W"]) @ v["dense1.W"]
        assert np.allclose(compute(layer, X), np.maximum(inner + X @ v["shortcut.W"], 0))

    def test_shapes_that_differ_are_told(self):
        with pytest.raises(ShapeError, match=r"shapes differ; shortcut=layer makes"):
            Residual([Dense(4)]).build((None, 3))
        with pytest.raises(ShapeError, match=r"shapes differ$"):
            Residual([Dense(4)], shortcut=Dense(2)).build((None, 3))
        with pytest.raises(TypeError, match="Residual takes layers and functions"):
            Residual([3])
        with pytest.raises(TypeError, match="shortcut of a Residual is a layer"):
            Residual([Dense(4)], shortcut=T.tanh)


class TestMerge:
    """Several inputs made one."""

    @pytest.mark.parametrize("axis", [0, 1, -1])
    def test_side_by_side(self, axis, rng):
        arrays = rng.normal(size=(2, 3, 4, 5))
        layer = Concat(axis)
        wanted = np.concatenate(list(arrays), axis=axis)
        assert layer.output_shape([(3, 4, 5)] * 2) == wanted.shape
        layer.build([(3, 4, 5)] * 2)
        assert np.array_equal(compute(layer, *arrays), wanted)

    @pytest.mark.parametrize(
        ("kept", "where"),
        [("lower", slice(0, 2)), ("upper", slice(3, 5)), ("center", slice(1, 3))],
    )
    def test_cropped(self, kept, where, rng):
        a, b = rng.normal(size=(3, 5)), rng.normal(size=(3, 2))
        for layer, wanted in [
            (Sum(cropping=[None, kept]), a[:, where] + b),
            (Merge(T.maximum, [None, kept]), np.maximum(a[:, where], b)),
            (Concat(0, [None, kept]), np.concatenate([a[:, where], b])),
        ]:
            assert layer.build([(3, 5), (3, 2)]) == wanted.shape
            assert layer.output_shape([(None, 5), (None, None)]) == (None, None)
            assert np.allclose(compute(layer, a, b), wanted)

    def test_sums_have_factors(self, rng):
        a, b, c = rng.normal(size=(3, 2, 2))
        layer = Sum([1, -1, 0.5])
        layer.build([(2, 2)] * 3)
        assert np.allclose(compute(layer, a, b, c), a - b + c / 2)
        with pytest.raises(ShapeError, match="3 weights, and got 2"):
            layer((T.matrix(), T.matrix()))

    def test_lengths_of_one_are_repeated(self, rng):
        layer = Merge(T.mul)
        assert layer.build([(None, 1), (None, 3)]) == (None, 3)
        assert layer.output_shape([(None, 1), (4, None)]) == (4, None)
        a, b = rng.normal(size=(2, 1)), rng.normal(size=(2, 3))
        x, y = T.dcol(), T.dmatrix()
        assert np.allclose(function([x, y], layer((x, y)), mode=FAST)(a, b), a * b)

    @pytest.mark.parametrize(
        ("layer", "shape"),
        [
            (Sum(), ((2, 3), (2, 4))),
            (Sum(), ((2, 3), (2, 3, 1))),
            (Sum(), (2, 3)),
            (Concat(), ((2, 3), (1, 3))),
            (Concat(2), ((2, 3), (2, 3))),
            (Sum(cropping=["lower"]), ((2, 3), (2, 3))),
        ],
        ids=map(str, range(6)),
    )
    def test_shapes_that_do_not_fit_are_refused(self, layer, shape):
        with pytest.raises(ShapeError):
            layer.build(shape)

    def test_what_is_no_tuple_of_tensors_is_refused(self):
        layer = Sum()
        layer.build([(2,), (2,)])
        for wrong in (T.matrix("x"), 3, ()):
            with pytest.raises(TypeError, match="called with a tuple of tensors"):
                layer(wrong)
        with pytest.raises(ShapeError, match="of one rank"):
            layer((T.vector(), T.matrix()))
        for cropping in (["middle"], "lower"):
            with pytest.raises(ValueError, match="cropping has None"):
                Sum(cropping=cropping)
        with pytest.raises(TypeError, match="takes a function of two"):
            Merge(3)


def test_states_are_saved_and_restored_like_other_parameters(rng):
    network = Sequential([Counting(), Dense(2, weights=Normal(1.0))])
    network.build((None, 3), rng)
    twin = network.unbuilt()
    twin.build((None, 3))
    network.set_values({**network.get_values(), "counting0.calls": np.float32(4)})
    twin.set_values(network.get_values())
    assert twin.get_values()["counting0.calls"] == 4
    assert [p.name for p in twin.parameters("state")] == ["counting0.calls"]
