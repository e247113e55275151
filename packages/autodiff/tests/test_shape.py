import numpy as np
import pytest
from bitale_autodiff import DisconnectedInputError, grad, verify_grad
from bitale_graph import function
from bitale_graph import language as T
from hypothesis import given, settings
from hypothesis import strategies as st

EXPRESSIONS = {
    "transpose": lambda x: x.T,
    "dimshuffle": lambda x: x.dimshuffle(1, "x", 0),
    "reshape": lambda x: x.reshape((3, 2)),
    "reshape with -1": lambda x: x.reshape((-1,)),
    "reshape by its own shape": lambda x: x.reshape((x.shape[1], x.shape[0])),
    "flatten": lambda x: x.flatten(),
    "flatten to rank 2": lambda x: T.flatten(x.dimshuffle("x", 0, 1), 2),
    "swapaxes": lambda x: T.swapaxes(x, 0, 1),
    "padleft": T.shape_padleft,
    "padright": T.shape_padright,
    "padaxis": lambda x: T.shape_padaxis(x, 1),
    "specify_shape": lambda x: T.specify_shape(x, (2, None)),
}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_elements_go_back_to_where_they_were(name, rng, verify_orders):
    verify_orders(lambda x: T.exp(EXPRESSIONS[name](T.sin(x))), [rng.random((2, 3))])


@given(st.permutations([0, 1, 2]), st.sets(st.integers(0, 3), max_size=2))
@settings(max_examples=30, deadline=None)
def test_dimshuffle_is_undone(order, inserted):
    pattern = list(order)
    for at in sorted(inserted):
        pattern.insert(at, "x")
    x = np.arange(24.0).reshape(2, 3, 4)
    v = T.dtensor3()
    moved = v.dimshuffle(*pattern)
    weights = np.random.default_rng(1).random(function([v], moved)(x).shape)
    g = function([v], grad(T.sum(moved * T.constant(weights)), v))(x)
    back = np.moveaxis(
        np.squeeze(weights, tuple(i for i, p in enumerate(pattern) if p == "x")), range(3), order
    )
    assert np.array_equal(g, back)


def test_dropped_axes_come_back():
    x = T.drow()
    g = function([x], grad(T.sum(T.squeeze(x) * T.constant(np.array([1.0, 2.0]))), x))
    assert g([[5.0, 6.0]]).tolist() == [[1, 2]]


@pytest.mark.parametrize("shape", [(0, 3), (3, 0)])
def test_empty_tensors(shape):
    x = T.dmatrix()
    for expression in (x.T, x.flatten(), x.dimshuffle(1, "x", 0)):
        assert function([x], grad(T.sum(T.sqr(expression)), x))(np.ones(shape)).shape == shape


def test_addbroadcast(rng, verify_orders):
    other = T.constant(rng.random((4, 3)))
    verify_grad(lambda x: T.addbroadcast(x, 0) * other, [rng.random((1, 3))])
    x = T.dmatrix()
    g = function([x], grad(T.sum(T.addbroadcast(x, 0) * other), x))
    assert g(np.ones((1, 3))).shape == (1, 3)


def test_lengths_are_not_connected():
    x = T.dvector()
    with pytest.raises(DisconnectedInputError):
        grad(T.cast(x.shape[0], "float64"), x)
    y = T.dscalar()
    g = grad(y * T.cast(x.shape[0], "float64"), y)
    assert g.eval({x: np.ones(4), y: 2.0}) == 4


def test_vectors_of_scalars_give_each_its_element(verify_orders):
    points = [np.array(0.5), np.array(2.0)]
    verify_orders(lambda a, b: T.sqr(T.stack([a, b, a * b])), points)
