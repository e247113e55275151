import numpy as np
import pytest
from bitale_graph import function
from bitale_graph import language as T
from bitale_graph.base.errors import ShapeError
from bitale_nnet import clip_by_norm, clip_by_value, norm_constraint, total_norm_constraint

A = np.array([[3.0, 0.0], [4.0, 1.0]])
B = np.array([12.0])


def test_values_are_clipped():
    a = T.dmatrix()
    assert function([a], clip_by_value([a], 2.0))(A - 3)[0].tolist() == [[0, -2], [1, -2]]


def test_each_gradient_is_clipped_by_its_own_norm():
    a, b = T.dmatrix(), T.dvector()
    x, y = function([a, b], clip_by_norm([a, b], 6.0))(A, B)
    assert np.array_equal(x, A)
    assert np.allclose(y, [6.0])


def test_all_gradients_are_scaled_by_one_factor():
    a, b = T.dmatrix(), T.dvector()
    scaled, norm = total_norm_constraint([a, b], 6.5, return_norm=True)
    x, y, before = function([a, b], [*scaled, norm])(A, B)
    true = np.sqrt(np.sum(A**2) + np.sum(B**2))
    assert before == pytest.approx(true)
    assert np.allclose(x, A * 6.5 / true)
    assert np.allclose(y, B * 6.5 / true)


@pytest.mark.parametrize("limit", [100.0, T.constant(100.0)])
def test_what_is_within_the_limit_stays_bit_for_bit(limit):
    a, b = T.dmatrix(), T.dvector()
    together = total_norm_constraint([a, b], limit)
    each = clip_by_norm([a, b], limit)
    x, y, z, w = function([a, b], [*together, *each])(A / 3, B / 3)
    assert np.array_equal(x, A / 3)
    assert np.array_equal(y, B / 3)
    assert np.array_equal(z, A / 3)
    assert np.array_equal(w, B / 3)


def test_gradients_of_zero_stay_zero():
    a = T.dmatrix()
    f = function([a], [*clip_by_norm([a], 1.0), *total_norm_constraint([a], 1.0)])
    assert all(np.array_equal(z, np.zeros((2, 2))) for z in f(np.zeros((2, 2))))


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_gradients_keep_their_dtype(dtype):
    a = T.matrix(dtype=dtype)
    rules = [clip_by_value, clip_by_norm, total_norm_constraint]
    results = function([a], [rule([a], 2.0)[0] for rule in rules])(A.astype(dtype) * 300)
    assert {r.dtype.name for r in results} == {dtype}
    assert np.linalg.norm(results[2].astype("float64")) == pytest.approx(2, rel=2e-3)


def test_units_are_held_to_a_norm():
    a = T.dmatrix()
    f = function([a], [norm_constraint(a, 2.0), norm_constraint(a, 2.0, norm_axes=(1,))])
    by_column, by_row = f(A)
    assert np.allclose(np.linalg.norm(by_column, axis=0), [2, 1])
    assert np.allclose(np.linalg.norm(by_row, axis=1), [2, 2])


def test_units_of_filters_are_their_first_axis():
    a = T.dtensor4()
    x = np.random.default_rng(0).normal(size=(3, 2, 4, 4)) * [[[[1]]], [[[9]]], [[[0.01]]]]
    held = function([a], norm_constraint(a, 1.0))(x)
    assert np.allclose(np.linalg.norm(held.reshape(3, -1), axis=1)[:2], 1)
    assert np.array_equal(held[2], x[2])


def test_the_axes_of_a_vector_are_to_be_told():
    with pytest.raises(ShapeError, match="tell norm_axes"):
        norm_constraint(T.dvector(), 1.0)


@pytest.mark.parametrize("rule", [clip_by_value, clip_by_norm, total_norm_constraint])
def test_a_limit_is_positive(rule):
    with pytest.raises(ValueError, match="limit must be positive"):
        rule([T.dvector()], -1)
