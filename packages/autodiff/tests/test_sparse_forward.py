"""Forwards through sparse matrices, and by them."""

import numpy as np
import pytest
from bitale_autodiff import Lop, Rop
from bitale_graph import function
from bitale_graph import language as T

scipy_sparse = pytest.importorskip("scipy.sparse")
S = pytest.importorskip("bitale_graph.sparse")

X, W = np.array([[1.0, 0.0, 2.0], [0.0, -3.0, 0.5]]), np.arange(6.0).reshape(3, 2) - 2

EXPRESSIONS = {
    "product": lambda x, w: S.dot(S.csr_from_dense(x), w),
    "from a column format": lambda x, w: S.dot(S.csc_from_dense(x), T.exp(w)),
    "element by element": lambda x, w: S.dense_from_sparse(S.sqr(S.csr_from_dense(x))),
    "sum": lambda x, w: S.sp_sum(S.csr_from_dense(T.sin(x)), axis=0),
    "sum of two": lambda x, w: S.dense_from_sparse(S.csr_from_dense(x) + S.csr_from_dense(x * x)),
}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_dense_numbers_move_through_sparse_matrices(name, rng):
    x, w = T.dmatrix("x"), T.dmatrix("w")
    y = EXPRESSIONS[name](x, w)
    # What is stored nowhere does not move: a direction of the places of x.
    t, s = rng.normal(size=X.shape) * (X != 0), rng.normal(size=W.shape)
    value = function([x, w], y, on_unused_input="ignore")
    found = function([x, w], Rop(y, [x, w], [t, s]), on_unused_input="ignore")(X, W)
    h = 1e-6
    expected = (value(X + h * t, W + h * s) - value(X - h * t, W - h * s)) / (2 * h)
    np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-8)
    u = rng.normal(size=found.shape)
    back = function(
        [x, w], Lop(y, [x, w], u, disconnected_inputs="ignore"), on_unused_input="ignore"
    )
    total = sum(np.sum(b * a) for b, a in zip(back(X, W), (t, s), strict=True))
    assert total == pytest.approx(np.sum(found * u))


def test_a_sparse_matrix_moves_by_a_sparse_one():
    s, w = S.csr_matrix("s", dtype="float64"), T.dmatrix("w")
    along = S.csr_matrix("along", dtype="float64")
    moved = function([s, w, along], Rop(S.dot(s, w), s, along))
    given = scipy_sparse.csr_matrix(X)
    np.testing.assert_allclose(moved(given, W, given * 3), 3 * X @ W)
    with pytest.raises(TypeError):
        Rop(S.dot(s, w), s, T.dvector())
