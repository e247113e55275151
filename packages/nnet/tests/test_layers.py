import numpy as np
import pytest
from bitale_graph import function
from bitale_graph import language as T
from bitale_graph.base.errors import ShapeError
from bitale_nnet import Activation, Dense, Layer, Parameter, Sequential
from bitale_nnet.functional import relu, softmax, tanh
from bitale_nnet.initializers import Constant, Normal


@pytest.fixture
def rng():
    return np.random.default_rng(5)


def network():
    return Sequential([Dense(4, tanh), relu, Dense(3, name="last")])


class TestShapeRule:
    """What is known without computing."""

    def test_dense_replaces_the_features_by_its_units(self):
        assert Dense(5).output_shape((None, 3)) == (None, 5)

    def test_dense_keeps_the_axes_before_the_last(self, rng):
        layer = Dense(5)
        assert layer.build((None, 2, None, 3), rng, "float64") == (None, 2, None, 5)
        x = T.dtensor4()
        X = rng.normal(size=(3, 2, 4, 3))
        W, b = layer.get_values().values()
        assert np.allclose(function([x], layer(x))(X), X @ W + b)

    @pytest.mark.parametrize("shape", [64, "abc", (None, 2.5), (True, 3), (None, -1), ((3,), 4)])
    def test_what_is_no_shape_is_refused(self, shape):
        with pytest.raises(TypeError, match="an input shape is a tuple of lengths"):
            network().build(shape)

    def test_a_sequence_follows_its_layers(self):
        assert network().output_shape((20, 8)) == (20, 3)

    def test_building_gives_the_output_shape(self, rng):
        assert network().build((None, 8), rng) == (None, 3)

    @pytest.mark.parametrize("shape", [(8,), (None, None), (2, 3, None)])
    def test_dense_takes_rows_of_known_features(self, shape):
        with pytest.raises(ShapeError, match="known number of features"):
            Dense(2).build(shape)

    def test_units_are_at_least_one(self):
        with pytest.raises(ValueError, match="units must be at least 1, not 0"):
            Dense(0)


class TestParameters:
    """What a layer holds."""

    def test_names_come_from_the_places(self, rng):
        built = network()
        built.build((None, 8), rng)
        names = ["dense0.W", "dense0.b", "last.W", "last.b"]
        assert list(built.get_values()) == names
        assert [p.name for p in built.parameters()] == names

    def test_names_of_nested_sequences_are_joined(self, rng):
        outer = Sequential([Sequential([Dense(2)]), Dense(2)])
        outer.build((None, 3), rng)
        assert next(iter(outer.get_values())) == "sequential0.dense0.W"
        assert len(set(outer.get_values())) == 4

    def test_tags_select(self, rng):
        built = network()
        built.build((None, 8), rng)
        assert [p.name for p in built.parameters("regularizable")] == ["dense0.W", "last.W"]
        assert len(built.parameters("trainable")) == 4
        assert built.parameters("trainable", "frozen") == []

    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    def test_the_dtype_is_the_one_asked_for(self, dtype, rng):
        built = network()
        built.build((None, 8), rng, dtype)
        assert {v.dtype.name for v in built.get_values().values()} == {dtype}

    def test_an_integer_is_a_seed(self):
        one, two = network(), network()
        one.build((None, 3), 0)
        two.build((None, 3), np.random.default_rng(0))
        assert all(map(np.array_equal, one.get_values().values(), two.get_values().values()))

    @pytest.mark.parametrize("dtype", ["int32", "bool", "complex64"])
    def test_parameters_are_floats(self, dtype):
        with pytest.raises(TypeError, match=f"Dense: parameters are floats, and cannot be {dtype}"):
            Dense(3).build((None, 4), dtype=dtype)

    def test_a_bias_can_be_left_out(self, rng):
        layer = Dense(2, bias=None)
        layer.build((None, 3), rng)
        assert list(layer.get_values()) == ["W"]

    def test_values_are_set_all_together_or_not_at_all(self, rng):
        built = network()
        built.build((None, 8), rng)
        before = built.get_values()
        wrong = {**before, "dense0.W": before["dense0.W"] + 1, "last.b": np.zeros(4)}
        with pytest.raises(ShapeError, match=r"last\.b: expected the shape \(3,\), and got \(4,\)"):
            built.set_values(wrong)
        for name, value in built.get_values().items():
            assert np.array_equal(value, before[name])

    def test_missing_and_unknown_names_are_told(self, rng):
        built = Dense(2)
        built.build((None, 3), rng)
        with pytest.raises(ShapeError, match=r"missing: b\n  unknown: c"):
            built.set_values({"W": np.zeros((3, 2)), "c": np.zeros(2)})

    def test_an_unbuilt_layer_says_what_to_do(self):
        with pytest.raises(ValueError, match="call build"):
            network()(T.matrix())

    def test_an_unknown_parameter_is_told_with_those_there_are(self, rng):
        built = Dense(2)
        built.build((None, 3), rng)
        with pytest.raises(KeyError, match="its parameters: W, b"):
            built.variable("V")

    def test_an_unbuilt_copy_shares_no_parameters(self, rng):
        built = network()
        built.build((None, 8), rng)
        twin = built.unbuilt()
        assert not twin.is_built
        twin.build((None, 8), rng)
        assert not set(twin.parameters()) & set(built.parameters())
        assert list(twin.get_values()) == list(built.get_values())


class TestExpression:
    """What a layer computes."""

    def test_values_are_those_of_numpy(self, rng):
        built = network()
        built.build((None, 8), rng)
        x = T.matrix("x")
        X = rng.normal(size=(6, 8))
        W0, b0, W1, b1 = built.get_values().values()
        wanted = np.maximum(np.tanh(X @ W0 + b0), 0) @ W1 + b1
        assert np.allclose(function([x], built(x))(X), wanted)

    def test_rows_of_softmax_sum_to_one(self, rng):
        built = Sequential([Dense(4), softmax])
        built.build((None, 2), rng)
        x = T.matrix()
        assert np.allclose(function([x], built(x))(rng.normal(size=(3, 2))).sum(axis=1), 1)

    def test_an_empty_batch_gives_no_rows(self, rng):
        built = network()
        built.build((None, 8), rng)
        x = T.matrix()
        assert function([x], built(x))(np.zeros((0, 8))).shape == (0, 3)

    def test_dense_refuses_a_vector(self, rng):
        layer = Dense(2, name="hidden")
        layer.build((None, 3), rng)
        with pytest.raises(
            ShapeError, match=r"Dense 'hidden' takes \(batch, .* made at .*test_layers"
        ):
            layer(T.vector("x"))

    def test_a_layer_of_ones_own_needs_three_methods(self, rng):
        class Scale(Layer):
            def declare(self, input_shape):
                return [Parameter("factor", (input_shape[1],), Constant(3.0))]

            def output_shape(self, input_shape):
                return input_shape

            def expression(self, x):
                return x * self.variable("factor")

        built = Sequential([Scale(), Dense(1, weights=Normal(1.0))])
        built.build((None, 2), rng)
        assert next(iter(built.get_values())) == "scale0.factor"
        x = T.matrix()
        assert function([x], built.layers[0](x))([[1.0, 2.0]]).tolist() == [[3.0, 6.0]]


def test_two_layers_of_one_name_are_refused():
    with pytest.raises(ValueError, match="must differ"):
        Sequential([Dense(1, name="a"), Dense(1, name="a")])


def test_two_parameters_of_one_name_are_refused():
    network = Sequential([Dense(2, name="a.b"), Sequential([Dense(2, name="b")], name="a")])
    with pytest.raises(ValueError, match=r"two parameters would be called 'a\.b\.W'"):
        network.build((None, 2))


def test_a_layer_that_was_built_again_elsewhere_is_told(rng):
    layer = Dense(4)
    network = Sequential([layer, Dense(2)])
    network.build((None, 3), rng)
    Sequential(["relu", layer]).build((None, 3), rng)
    for use in (network.get_values, network.parameters, lambda: network(T.matrix())):
        with pytest.raises(ValueError, match="Dense 'dense0' was built again"):
            use()


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: Sequential(Dense(1)), "takes a list of layers"),
        (lambda: Sequential("relu"), "takes a list of layers"),
        (lambda: Sequential([Dense]), r"takes layers: Dense\(...\), not its class"),
        (lambda: Sequential([Dense(1)], Dense(2)), "the name of a layer is a text"),
        (lambda: Dense(1, name=""), "the name of a layer is a text"),
        (lambda: Dense(1, name="a\0b"), r"'a\\x00b' cannot be printed"),
        (lambda: Sequential([Dense(1), "rleu"]), "did you mean 'relu'"),
        (lambda: Sequential([d := Dense(1), d]), "has the same layer twice"),
    ],
    ids=map(str, range(8)),
)
def test_what_makes_no_sequence_is_told_at_once(call, says):
    with pytest.raises((TypeError, ValueError), match=says):
        call()


def test_the_name_of_a_function_is_a_layer():
    network = Sequential([Dense(2), "relu", "softmax"])
    assert [layer.name for layer in network.layers] == ["dense0", "activation1", "activation2"]
    assert network.layers[1].function is relu


def test_what_is_no_layer_is_refused():
    with pytest.raises(TypeError, match="takes layers and functions, not 3"):
        Sequential([Dense(1), 3])


def test_activations_keep_the_shape():
    assert Activation(tanh).output_shape((None, 7)) == (None, 7)
