import numpy as np
import pytest
from bitale_graph import TensorType, function
from bitale_graph import language as T
from bitale_graph.base.errors import DtypeError, ShapeError
from bitale_graph.core.traversal import leaves
from bitale_graph.tensor.conversion import constant_int
from hypothesis import given, settings
from hypothesis import strategies as st

x = T.dtensor3("x")
X = np.arange(24.0).reshape(2, 3, 4)
row = T.drow("row")


def check(expression, wanted, *arrays):
    inputs = [v for v in (x, row) if v in leaves([expression])]
    found = function(inputs, expression)(*arrays)
    np.testing.assert_array_equal(found, wanted)
    assert found.shape == wanted.shape


@pytest.mark.parametrize(
    "pattern", [(2, 0, 1), (0, "x", 1, 2), ("x", 2, 1, 0), (-1, 0, 1), (0, 1, 2)]
)
def test_dimshuffle(pattern):
    axes = [p for p in pattern if p != "x"]
    wanted = np.expand_dims(X.transpose(axes), [i for i, p in enumerate(pattern) if p == "x"])
    check(x.dimshuffle(*pattern), wanted, X)
    check(T.dimshuffle(x, pattern), wanted, X)


def test_dimshuffle_drops_axes_of_length_1():
    check(row.dimshuffle(1), np.arange(3.0), np.arange(3.0)[None])
    with pytest.raises(ShapeError, match=r"drops axis 0 .* not known to have length 1"):
        x.dimshuffle(1, 2)


@pytest.mark.parametrize("pattern", [(0, 0, 1, 2), (3,), (-4, 0, 1), (0.5, 1, 2), ("y",)])
def test_dimshuffle_checks_its_pattern(pattern):
    with pytest.raises((ShapeError, TypeError), match="dimshuffle"):
        x.dimshuffle(*pattern)


def test_dimshuffle_by_nothing_is_the_variable_itself():
    assert x.dimshuffle(0, 1, 2) is x


def test_transpose():
    check(x.T, X.T, X)
    check(x.transpose(1, 0, 2), X.transpose(1, 0, 2), X)
    check(x.transpose((2, 1, 0)), X.T, X)
    check(T.transpose(x, [0, -1, 1]), X.transpose(0, 2, 1), X)
    check(x.swapaxes(0, -1), X.swapaxes(0, 2), X)
    with pytest.raises(ShapeError, match="not an order"):
        x.transpose(0, 1)
    with pytest.raises(ShapeError, match="no axis 3"):
        x.swapaxes(0, 3)


@pytest.mark.parametrize("shape", [(6, 4), (24,), (-1,), (2, -1, 2), (1, 24, 1), (2, 3, 4)])
def test_reshape(shape):
    check(x.reshape(shape), X.reshape(shape), X)
    fixed = TensorType("float64", (2, 3, 4))()
    assert fixed.reshape(shape).type.shape == X.reshape(shape).shape


def test_reshape_to_symbolic_lengths():
    n, lengths = T.iscalar("n"), T.lvector("lengths")
    f = function(
        [x, n, lengths], [x.reshape((n, -1)), x.reshape(lengths, ndim=2), x.reshape(x.shape)]
    )
    found = f(X, 4, [3, 8])
    assert [a.shape for a in found] == [(4, 6), (3, 8), (2, 3, 4)]
    assert x.reshape((n, 1)).broadcastable == (False, True)
    with pytest.raises(ShapeError, match="give ndim"):
        x.reshape(lengths)


@pytest.mark.parametrize("shape", [(5, 5), (-1, -1), (-2, 12), (7, -1)])
def test_reshape_refuses_at_once_what_cannot_be(shape):
    with pytest.raises(ShapeError, match="reshape"):
        TensorType("float64", (2, 3, 4))().reshape(shape)


def test_reshape_refuses_when_it_runs():
    with pytest.raises(ShapeError, match="24 elements cannot take the shape"):
        x.reshape((5, 5)).eval({x: X})


def test_reshape_takes_one_tuple_of_integers():
    with pytest.raises(TypeError, match="one tuple"):
        x.reshape(2, 12)
    with pytest.raises(DtypeError, match="use // rather than /"):
        x.reshape((x.shape[0] / 2, -1))


def test_flatten():
    check(x.flatten(), X.ravel(), X)
    check(x.ravel(), X.ravel(), X)
    check(x.flatten(2), X.reshape(2, 12), X)
    assert x.flatten(3) is x
    assert T.dscalar().flatten().ndim == 1
    for ndim in (0, 4):
        with pytest.raises(ValueError, match="cannot make rank"):
            x.flatten(ndim)


@pytest.mark.parametrize("shape", [(0, 3, 4), (2, 0, 4), (2, 3, 0)])
def test_flatten_keeps_empty_axes(shape):
    check(x.flatten(2), np.zeros((shape[0], shape[1] * shape[2])), np.zeros(shape))
    check(x.flatten(), np.zeros(0), np.zeros(shape))


def test_new_axes():
    check(T.shape_padleft(x, 2), X[None, None], X)
    check(T.shape_padright(x), X[..., None], X)
    for axis in (0, 2, 3, -1):
        check(T.shape_padaxis(x, axis), np.expand_dims(X, axis), X)
    with pytest.raises(IndexError, match="out of range"):
        T.shape_padaxis(x, 4)


def test_squeeze():
    check(row.squeeze(), np.arange(3.0), np.arange(3.0)[None])
    check(row.squeeze(0), np.arange(3.0), np.arange(3.0)[None])
    check(row.squeeze(axis=(-2,)), np.arange(3.0), np.arange(3.0)[None])
    with pytest.raises(ShapeError, match="no axis 2"):
        row.squeeze(2)
    f = function([row], row.squeeze(1))
    np.testing.assert_array_equal(f(np.ones((1, 1))), [1.0])
    with pytest.raises(ShapeError):
        f(np.ones((1, 3)))
    with pytest.raises(ShapeError, match="drops axis 0"):
        T.specify_shape(x, (2, None, None)).squeeze(0)


def test_shape_is_an_int64_vector():
    check(x.shape, np.array([2, 3, 4]), X)
    check(x.shape[1], np.array(3), X)
    check(x.size, np.array(24), X)
    assert x.shape.dtype == "int64"
    s = T.dscalar("s")
    assert s.shape.eval({s: 1.0}).shape == (0,)
    assert T.get_vector_length(x.shape) == 3


def test_known_lengths_are_told_without_running():
    fixed = TensorType("float64", (2, None))("fixed")
    assert constant_int(fixed.shape[0]) == 2
    assert fixed.shape[1].owner.op.axis == 1
    assert T.shape_i(fixed, -2).data == 2
    with pytest.raises(ValueError, match="not known"):
        T.get_vector_length(T.dvector())


def test_promised_shapes_are_checked():
    promised = T.specify_shape(x, (2, None, 4))
    assert promised.type.shape == (2, None, 4)
    assert constant_int(promised.shape[0]) == 2
    check(promised, X, X)
    with pytest.raises(ShapeError, match=r"expected the shape \(2, None, 4\), and got \(1, 3, 4\)"):
        promised.eval({x: X[:1]})
    with pytest.raises(ShapeError, match="known to have length 2"):
        T.specify_shape(promised, (3, None, None))
    with pytest.raises(ShapeError, match="rank 3"):
        T.specify_shape(x, (2, 3))
    assert T.specify_shape(promised, (2, None, None)) is promised


def test_an_axis_can_be_declared_to_broadcast():
    m = T.dmatrix("m")
    f = function([m], T.addbroadcast(m, 0) + np.zeros((3, 1)))
    assert f(np.ones((1, 4))).shape == (3, 4)
    with pytest.raises(ShapeError, match="specify_shape"):
        f(np.ones((3, 4)))
    with pytest.raises(ShapeError, match="no axis 2"):
        T.addbroadcast(m, 2)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_moving_axes_there_and_back_changes_nothing(data):
    order = data.draw(st.permutations(range(3)))
    moved = x.dimshuffle(*order).dimshuffle(*np.argsort(order).tolist())
    np.testing.assert_array_equal(function([x], moved)(X), X)
