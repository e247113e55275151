"""Derivatives of pooling where the samples do not go: ties, NaN, both directions in one."""

import numpy as np
from bitale_autodiff import Lop, Rop, grad, verify_grad
from bitale_graph import function
from bitale_graph import language as T
from bitale_graph.pooling import images2neibs, max_pool_2d_same_size, pool_2d


def test_every_element_that_is_a_maximum_of_its_window_receives_its_cotangent():
    x = T.dmatrix()
    found = grad(pool_2d(x, 2, ignore_border=True).sum(), x).eval({x: [[1.0, 1.0], [0.0, 1.0]]})
    np.testing.assert_array_equal(found, [[1, 1], [0, 1]])


def test_where_windows_overlap_what_an_element_receives_is_added_up():
    x = T.dvector()
    y = pool_2d(x.dimshuffle("x", 0), (1, 2), ignore_border=True, stride=1)
    found = grad((y * np.array([[1.0, 10.0, 100.0]])).sum(), x).eval({x: [0.0, 3.0, 3.0, 1.0]})
    np.testing.assert_array_equal(found, [0, 11, 110, 0])


def test_a_window_with_nan_passes_nothing_back():
    x = T.dmatrix()
    found = grad(pool_2d(x, (1, 2), ignore_border=True).sum(), x)
    np.testing.assert_array_equal(found.eval({x: [[1.0, np.nan, 2.0, 1.0]]}), [[0, 0, 1, 0]])


def test_a_product_forwards_is_the_transpose_of_one_backwards(rng):
    x, v, w = T.dtensor3(), T.dtensor3(), T.dtensor3()
    for mode in ("max", "average_exc_pad"):
        y = pool_2d(x, (3, 2), True, (2, 1), (1, 1), mode)
        one = (Rop(y, x, v) * w).sum()
        other = (Lop(y, x, w) * v).sum()
        given = [rng.normal(size=(2, 7, 6)), rng.normal(size=(2, 7, 6)), rng.normal(size=(2, 4, 7))]
        found = function([x, v, w], [one, other])(*given)
        np.testing.assert_allclose(*found, rtol=1e-12)


def test_patches_and_kept_maxima_are_differentiated(rng):
    x = rng.permutation(72).reshape(1, 2, 6, 6) / 8.0
    verify_grad(lambda v: images2neibs(v, (3, 3), (1, 1), "wrap_centered"), [x], rng=rng)
    verify_grad(lambda v: images2neibs(v, (2, 3)), [x], rng=rng)
    verify_grad(lambda v: max_pool_2d_same_size(v, (2, 3)), [x], rng=rng)
