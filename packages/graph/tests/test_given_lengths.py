"""Shapes, axes and places that calls give."""

import numpy as np
import pytest
from bitale_graph import TensorType, function
from bitale_graph import language as T
from bitale_graph.extend import ShapeError

m, v, n, k = T.dmatrix("m"), T.lvector("v"), T.lscalar("n"), T.iscalar("k")
M = np.arange(12.0).reshape(3, 4)
CUBE = np.arange(24.0).reshape(2, 3, 4)


@pytest.mark.parametrize("shape", [(4, 3), (-1, 6), (2, -1), (-1, 1), (12, -1)])
def test_one_length_of_a_given_shape_may_be_deduced(shape):
    outputs = [T.reshape(m, v, ndim=2), m.reshape((n, k)), T.reshape(m, v, ndim=2).shape]
    found = function([m, v, n, k], outputs)(M, list(shape), *shape)
    expected = M.reshape(shape)
    np.testing.assert_array_equal(found[0], expected)
    np.testing.assert_array_equal(found[1], expected)
    assert tuple(found[2]) == expected.shape


def test_a_length_is_deduced_for_what_is_empty_or_a_number():
    s = T.dscalar("s")
    assert function([m, v], T.reshape(m, v, ndim=2))(np.ones((0, 3)), [-1, 3]).shape == (0, 3)
    assert function([s, v], T.reshape(s, v, ndim=2))(3.0, [-1, 1]).tolist() == [[3.0]]
    assert function([m, v], T.reshape(m, v, ndim=1))(M, [-1]).shape == (12,)


@pytest.mark.parametrize("shape", [(-1, -1), (-1, 5), (-2, 6), (-1, 0), (5, 2)])
def test_a_given_shape_that_does_not_fit_is_refused(shape):
    with pytest.raises(ValueError, match="reshape"):
        function([m, v], T.reshape(m, v, ndim=2))(M, list(shape))


INDICES = {
    "x[a, None]": np.s_[[0, 1], None],
    "x[None, a]": np.s_[None, [0, 1]],
    "x[a, None, 0]": np.s_[[0, 1], None, 0],
    "x[:, None, a]": np.s_[:, None, [0, 1]],
    "x[a, None, a]": np.s_[[0, 1], None, [0, 1]],
    "x[:, a, None, a]": np.s_[:, [0, 1], None, [0, 1]],
    "x[0, None, a]": np.s_[0, None, [0, 1]],
    "x[None, a, None]": np.s_[None, [0, 1], None],
    "x[..., None, a]": np.s_[..., None, [0, 1]],
    "x[None, :, a]": np.s_[None, :, [0, 1]],
    "x[matrix, None]": np.s_[[[0, 1], [1, 0]], None],
    "x[:1, None, a, None, a]": np.s_[:1, None, [0, 1], None, [0, 1]],
    "x[a, None, ..., a]": np.s_[[0, 1], None, ..., [0, 1]],
}


@pytest.mark.parametrize("name", INDICES)
def test_none_beside_arrays_is_where_numpy_has_it(name):
    key = INDICES[name]
    x = T.dtensor3("x")
    expected = CUBE[key]
    values = np.random.default_rng(0).random(expected.shape)
    read, written, added = function(
        [x], [x[key], T.set_subtensor(x[key], values), T.inc_subtensor(x[key], values)]
    )(CUBE)
    np.testing.assert_array_equal(read, expected)
    copy = CUBE.copy()
    copy[key] = values
    np.testing.assert_array_equal(written, copy)
    copy = CUBE.copy()
    np.add.at(copy, key, values)
    np.testing.assert_array_equal(added, copy)


@pytest.mark.parametrize("axis", [0, 1, -1, -2])
def test_the_axis_of_a_join_may_be_given(axis):
    w = T.dmatrix("w")
    outputs = [T.join(k, m, w), T.concatenate([m, w], axis=k), T.join(k, m, w).shape]
    found = function([k, m, w], outputs)(axis, M, M + 1)
    expected = np.concatenate([M, M + 1], axis)
    np.testing.assert_array_equal(found[0], expected)
    np.testing.assert_array_equal(found[1], expected)
    assert tuple(found[2]) == expected.shape


def test_a_given_axis_need_fit_only_itself():
    w = T.dmatrix("w")
    f = function([k, m, w], T.join(k, m, w))
    assert f(0, M, M[:1]).shape == (4, 4)
    assert f(1, M, M[:, :1]).shape == (3, 5)
    row, two = TensorType("float64", (1, 3))(), TensorType("float64", (2, 3))()
    g = function([k, row, two], T.join(k, row, two))
    assert g(0, np.ones((1, 3)), np.ones((2, 3))).shape == (3, 3)
    with pytest.raises(ShapeError, match="axis must be one"):
        g(1, np.ones((1, 3)), np.ones((2, 3)))


@pytest.mark.parametrize("axis", [2, -3, 7])
def test_an_axis_that_is_not_there_is_refused(axis):
    with pytest.raises(ShapeError, match="axis must be one along which"):
        function([k, m], T.join(k, m, m))(axis, M)


def test_a_constant_axis_is_an_axis():
    assert T.join(T.constant(1), m, m).owner.op.axis == 1
    with pytest.raises(TypeError, match="axis must be an integer"):
        T.join(T.dscalar(), m, m)
