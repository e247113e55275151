import numpy as np
import pytest
from bitale_graph import TensorType, function
from bitale_graph import language as T
from bitale_graph.base.errors import ShapeError
from hypothesis import given, settings
from hypothesis import strategies as st


def variable(array):
    return TensorType(array.dtype.name, (None,) * array.ndim)()


@pytest.mark.parametrize(
    ("left", "right"),
    [
        *(((), (3,)), ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 4))),
        *(((2, 3, 4), (4,)), ((2, 3, 4), (4, 5)), ((3,), (2, 3, 4)), ((2, 3, 4), (5, 4, 2))),
        ((2, 0), (0, 3)),
    ],
)
def test_dot_follows_numpy(left, right, rng):
    a, b = rng.standard_normal(left), rng.standard_normal(right)
    x, y = variable(np.asarray(a)), variable(b)
    found = function([x, y], T.dot(x, y))(a, b)
    np.testing.assert_allclose(found, np.dot(a, b))
    assert np.shape(found) == np.dot(a, b).shape


def test_dot_of_numbers_multiplies():
    x = T.dvector()
    np.testing.assert_array_equal(T.dot(2, x).eval({x: [1.0, 2.0]}), [2, 4])
    np.testing.assert_array_equal(x.dot(x).eval({x: [1.0, 2.0]}), 5)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_tensordot_follows_numpy(data):
    lengths = {a: data.draw(st.integers(1, 3)) for a in "abcde"}
    summed = data.draw(st.lists(st.sampled_from("abc"), unique=True, max_size=3))
    left = data.draw(st.permutations([*summed, "d"]))
    right = data.draw(st.permutations([*summed, "e"]))
    a = np.random.default_rng(0).standard_normal([lengths[k] for k in left])
    b = np.random.default_rng(1).standard_normal([lengths[k] for k in right])
    axes = [[left.index(k) for k in summed], [right.index(k) for k in summed]]
    x, y = variable(a), variable(b)
    found = function([x, y], T.tensordot(x, y, axes))(a, b)
    np.testing.assert_allclose(found, np.tensordot(a, b, axes), atol=1e-12)


def test_tensordot_by_a_number_of_axes(rng):
    a, b = rng.standard_normal((2, 3, 4)), rng.standard_normal((3, 4, 5))
    x, y = variable(a), variable(b)
    np.testing.assert_allclose(T.tensordot(x, y).eval({x: a, y: b}), np.tensordot(a, b))
    np.testing.assert_allclose(T.tensordot(x, y, 0).eval({x: a, y: b}), np.tensordot(a, b, 0))


def test_outer(rng):
    a, b = rng.standard_normal((2, 2)), rng.standard_normal(3)
    x, y = variable(a), variable(b)
    np.testing.assert_allclose(T.outer(x, y).eval({x: a, y: b}), np.outer(a, b))


def test_lengths_that_differ_are_told_with_both_shapes():
    x, y = T.dmatrices("xy")
    with pytest.raises(ShapeError, match=r"x has shape \(2, 3\), y has shape \(4, 2\)"):
        T.dot(x, y).eval({x: np.ones((2, 3)), y: np.ones((4, 2))})
    with pytest.raises(ShapeError, match="the last axis of x has length 3, the first of y 4"):
        T.dot(np.ones((2, 3)), np.ones((4, 2)))
    with pytest.raises(ShapeError, match="do not fit"):
        T.tensordot(x, y, [[0, 1], [0]])
    with pytest.raises(ShapeError, match="differ"):
        T.tensordot(np.ones((2, 3)), np.ones((4, 2)), [[1], [0]])


def test_static_shapes():
    assert T.dot(np.ones((2, 3)), T.dmatrix()).type.shape == (2, None)
    assert T.dot(T.dvector(), np.ones((3, 4))).type.shape == (4,)


def test_gemm_checks_its_operands():
    from bitale_graph.ops.product import Gemm

    z, x, y, a = T.dmatrix("z"), T.dmatrix("x"), T.dmatrix("y"), T.dscalar("a")
    with pytest.raises(ShapeError, match="gemm takes"):
        Gemm()(z, a, x, T.fmatrix(), a)
    f = function([z, a, x, y], Gemm()(z, a, x, y, a))
    with pytest.raises(ShapeError, match=r"z has shape \(3, 3\)"):
        f(np.ones((3, 3)), 1.0, np.ones((2, 3)), np.ones((3, 2)))
    with pytest.raises(ShapeError, match="gemm: shapes do not match"):
        f(np.ones((2, 2)), 1.0, np.ones((2, 3)), np.ones((2, 2)))


def test_gemm_does_not_read_what_beta_wipes_out():
    from bitale_graph.ops.product import Gemm

    found = Gemm()(np.full((2, 2), np.nan), 1.0, np.eye(2), np.eye(2), 0.0).eval()
    np.testing.assert_array_equal(found, np.eye(2))
