import copy
import pickle

import numpy as np
import pytest
from bitale_graph import function, shared
from bitale_graph import language as T
from bitale_nnet import GRU, Classifier, Dense, Sequential, SimpleRNN, sgd
from bitale_nnet.functional import ACTIVATIONS, relu
from bitale_nnet.layers import Activation
from bitale_nnet.layers.layer import Layer
from bitale_nnet.updates import RULES

X, y = np.array([[0.0, 1.0], [1.0, 0.0]] * 4), ["a", "b"] * 4


@pytest.mark.parametrize("name", RULES)
def test_an_update_can_be_given_by_its_name(name):
    settings = {"epochs": 2, "random_state": 0, "learning_rate": 0.01}
    by_name = Classifier([3], update=name, **settings).fit(X, y)
    by_function = Classifier([3], update=RULES[name], **settings).fit(X, y)
    assert by_name.history_ == by_function.history_


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_can_be_given_by_its_name(name):
    x = T.dmatrix("x")
    layer = Activation(name)
    layer.build((None, 3))
    given = np.array([[-1.0, 0.0, 2.0]])
    expected = function([x], ACTIVATIONS[name](x))(given)
    np.testing.assert_allclose(function([x], layer(x))(given), expected)


def test_layers_and_classifiers_take_the_name_of_an_activation():
    assert Dense(3, "relu").activation is relu
    assert SimpleRNN(3, "relu").activation is relu
    assert Classifier([3], activation="relu").activation == "relu"
    assert Sequential([Dense(2), Activation("relu")]).layers[1].function is relu


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: Classifier(update="adm").fit(X, y), r"no update 'adm'; did you mean 'adam'\?"),
        (lambda: Classifier(update="unset").fit(X, y), r"adagrad, adam, .*rmsprop, sgd"),
        (
            lambda: Classifier(update=0.1).fit(X, y),
            r"must be a function or one of.*not 0\.1",
        ),
        (lambda: Classifier(update=None).fit(X, y), "the update must be a function"),
        (lambda: Classifier(activation="Relu").fit(X, y), "did you mean 'relu'"),
        (lambda: Dense(3, "rleu"), "did you mean 'relu'"),
        (lambda: Dense(3, 2), "the activation must be a function"),
        (lambda: Activation("nothing"), "no activation 'nothing'"),
        (lambda: SimpleRNN(3, activation="tahn"), "did you mean 'tanh'"),
        (lambda: Dense("3"), "units must be an integer, not '3'"),
        (lambda: Dense(2.5), "units must be an integer, not 2.5"),
        (lambda: Dense(True), "units must be an integer"),
        (lambda: GRU("3"), "units must be an integer, not '3'"),
        (lambda: Dense(0), "units must be at least 1"),
        (lambda: Classifier("64").fit(X, y), "network is a list of sizes"),
        (lambda: Classifier(6.4).fit(X, y), "network is a list of sizes"),
    ],
    ids=map(str, range(16)),
)
def test_what_is_not_known_is_told_when_it_is_given(call, says):
    with pytest.raises((TypeError, ValueError), match=says):
        call()


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_rules_name_what_they_cannot_update(rule):
    W = shared(np.zeros(3), "W")
    v = T.dvector("v")
    for params in ([v], [W[1]], [W, v + W]):
        with pytest.raises(TypeError, match=r"updates change shared variables(?s:.*)hint"):
            rule((W**2).sum(), params)
    with pytest.raises(TypeError, match=r"list of parameters, and got W  TensorType"):
        rule((W**2).sum(), W)
    with pytest.raises(TypeError, match=r"learning rate must be a number.*'fast'"):
        rule((W**2).sum(), [W], "fast")


def test_the_representation_of_a_layer_shows_what_it_holds():
    layer = Dense(3, "relu", name="first")
    assert repr(layer).startswith("<Dense 'first': units=3, activation=relu, ")
    assert "not built" in repr(layer)
    layer.build((None, 4))
    assert repr(layer).endswith("W (4, 3), b (3,)>")
    network = Sequential([Dense(2), Activation("tanh")])
    network.build((None, 5))
    text = repr(network)
    for part in ("<Sequential: <Dense 'dense0': units=2", "W (5, 2)", "function=tanh"):
        assert part in text
    assert repr(GRU(3)).startswith("<GRU: units=3")


class Lazy(Layer):
    """A layer that forgets to call the constructor of its base."""

    def __init__(self):
        self.name = None


def test_the_representation_of_any_layer_can_be_shown():
    assert repr(Lazy()) == "<Lazy: not built>"


def test_the_representation_of_a_classifier_shows_what_was_given():
    assert repr(Classifier([3, 4], epochs=2)) == "Classifier(epochs=2, network=[3, 4])"
    inside = Classifier(Sequential([Dense(2)]), update=sgd)
    assert "network=<Sequential: not built; <Dense 'dense0'" in repr(inside)


@pytest.mark.parametrize(
    "again", [lambda m: pickle.loads(pickle.dumps(m)), copy.deepcopy], ids=["pickle", "copy"]
)
def test_a_layer_that_holds_deep_expressions_is_stored(again):
    layer = Dense(2, name="d")
    layer.build((None, 2))
    out = x = T.matrix("x")
    for _ in range(400):
        out = layer(out)
    layer.input, layer.output = x, out
    twin = again(layer)
    values = np.eye(2, dtype=x.dtype)
    first = function([layer.input], layer.output)(values)
    np.testing.assert_array_equal(function([twin.input], twin.output)(values), first)
    twin.variable("W").set_value(np.zeros((2, 2), x.dtype))
    assert not function([twin.input], twin.output)(values).any()
    assert layer.variable("W").get_value().any()
