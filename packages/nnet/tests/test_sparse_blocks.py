import numpy as np
import pytest
from bitale_autodiff import verify_grad
from bitale_graph import function
from bitale_graph import language as T
from bitale_graph.base.errors import ShapeError
from bitale_nnet.sparse_blocks import sparse_block_dot, sparse_block_gemv, sparse_block_outer

RNG = np.random.default_rng(4)
W = RNG.normal(size=(4, 5, 3, 2))
H = RNG.normal(size=(6, 2, 3))
B = RNG.normal(size=(5, 2))
ROWS = RNG.integers(0, 4, size=(6, 2))
COLUMNS = RNG.integers(0, 5, size=(6, 3))


def products(W, h, rows, columns, start):
    out = start.copy()
    for b in range(len(h)):
        for j, column in enumerate(columns[b]):
            for i, row in enumerate(rows[b]):
                out[b, j] += h[b, i] @ W[row, column]
    return out


def test_chosen_blocks_are_multiplied():
    w, h, b, i, j = T.dtensor4(), T.dtensor3(), T.dmatrix(), T.lmatrix(), T.lmatrix()
    got = function([w, h, i, b, j], sparse_block_dot(w, h, i, b, j))(W, H, ROWS, B, COLUMNS)
    assert np.allclose(got, products(W, H, ROWS, COLUMNS, B[COLUMNS]), rtol=1e-12)


def test_one_row_is_a_batch_of_one():
    w, h, b, i, j = T.dtensor4(), T.dmatrix(), T.dmatrix(), T.lvector(), T.lvector()
    f = function([w, h, i, b, j], sparse_block_dot(w, h, i, b, j))
    expected = products(W, H, ROWS, COLUMNS, B[COLUMNS])
    assert np.allclose(f(W, H[0], ROWS[0], B, COLUMNS[0]), expected[0], rtol=1e-12)


@pytest.mark.parametrize("alpha", [None, 0.5])
def test_outer_products_are_added_to_chosen_blocks(alpha):
    o, x, y, i, j = T.dtensor4(), T.dtensor3(), T.dtensor3(), T.lmatrix(), T.lmatrix()
    right = RNG.normal(size=(6, 3, 2))
    got = function([o, x, y, i, j], sparse_block_outer(o, x, y, i, j, alpha))(
        W, H, right, ROWS, COLUMNS
    )
    expected = W.copy()
    for b in range(6):
        for m, row in enumerate(ROWS[b]):
            for n, column in enumerate(COLUMNS[b]):
                expected[row, column] += (alpha or 1) * np.outer(H[b, m], right[b, n])
    assert np.allclose(got, expected, rtol=1e-12)


def test_derivatives_of_products_of_blocks():
    weights = RNG.normal(size=(6, 3, 2))
    rng = np.random.default_rng(0)
    verify_grad(
        lambda w, h, b: T.sum(weights * sparse_block_dot(w, h, ROWS, b, COLUMNS)),
        [W, H, B],
        rng=rng,
    )
    verify_grad(
        lambda o, x, y: T.sum(W * sparse_block_outer(o, x, y, ROWS, COLUMNS)),
        [W, H, weights],
        rng=rng,
    )


def test_a_block_that_is_not_there_is_an_error():
    with pytest.raises(IndexError):
        function([], sparse_block_dot(W, H, ROWS + 9, B, COLUMNS))()


def test_ranks_are_checked():
    with pytest.raises(ShapeError, match="sparse_block_gemv takes"):
        sparse_block_gemv(B, W, H, ROWS, COLUMNS)
    with pytest.raises(ShapeError, match="sparse_block_outer takes"):
        sparse_block_outer(B, W, H, ROWS, COLUMNS)
