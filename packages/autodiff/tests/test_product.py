import itertools

import numpy as np
import pytest
from bitale_autodiff import grad, verify_grad
from bitale_graph import function
from bitale_graph import language as T
from bitale_graph.ops.product import Gemm


@pytest.mark.parametrize(("left", "right"), list(itertools.product([(3,), (2, 3)], [(3,), (3, 4)])))
def test_vectors_and_matrices(left, right, rng, verify_orders):
    points = [rng.random(left), rng.random(right)]
    verify_orders(lambda x, y: T.sqr(T.dot(T.sin(x), y)), points)


@pytest.mark.parametrize(("left", "right"), [((1, 3), (3, 4)), ((2, 1), (1, 4)), ((2, 3), (3, 1))])
def test_axes_of_length_one(left, right, rng, verify_orders):
    verify_orders(T.dot, [rng.random(left), rng.random(right)])


@pytest.mark.parametrize(("left", "right"), [((0, 3), (3, 4)), ((2, 0), (0, 4)), ((2, 3), (3, 0))])
def test_empty_axes(left, right):
    x, y = T.dmatrices("xy")
    f = function([x, y], grad(T.sum(T.dot(x, y)), [x, y]))
    assert [g.shape for g in f(np.ones(left), np.ones(right))] == [left, right]


def test_a_matrix_times_itself(rng, verify_orders):
    verify_orders(lambda x: T.dot(x, T.dot(x.T, x)), [rng.random((2, 2))])


def test_products_of_higher_rank(rng, verify_orders):
    points = [rng.random((2, 2, 3)), rng.random((3, 2))]
    verify_orders(T.dot, points, orders=1)
    verify_orders(lambda x, y: T.tensordot(x, y, [[0, 2], [1, 0]]), points)
    verify_orders(T.outer, [rng.random(2), rng.random(3)])


def test_gemm(rng, verify_orders):
    shapes = [(2, 4), (), (2, 3), (3, 4), ()]
    verify_orders(Gemm(), [rng.random(s) for s in shapes])


def test_float32_stays_float32(rng):
    points = [rng.random((2, 3)).astype("float32"), rng.random(3).astype("float32")]
    verify_grad(T.dot, points, n_tests=1)
    x, y = T.fmatrix(), T.fvector()
    assert [g.dtype for g in grad(T.sum(T.dot(x, y)), [x, y])] == ["float32", "float32"]


def test_mixed_floats_keep_their_own_dtypes():
    x, y = T.fmatrix(), T.dvector()
    assert [g.dtype for g in grad(T.sum(T.dot(x, y)), [x, y])] == ["float32", "float64"]
