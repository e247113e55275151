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


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ((2, 2, 3), (2, 3, 2)),
        ((2, 3), (2, 3, 2)),
        ((3,), (2, 3, 2)),
        ((2, 2, 3), (3, 2)),
        ((2, 2, 3), (3,)),
        ((2, 1, 2, 3), (2, 2, 3, 1)),
    ],
)
def test_stacks_of_matrices(left, right, rng, verify_orders):
    def build(x, y):
        if x.ndim == 4:
            x = T.addbroadcast(x, 1)
        return T.sqr(T.matmul(T.sin(x), y))

    verify_orders(build, [rng.random(left), rng.random(right)])


@pytest.mark.parametrize(
    ("text", "shapes"),
    [
        ("bij,bkj->bik", ((2, 2, 3), (2, 2, 3))),
        ("ii,ij->j", ((2, 2), (2, 3))),
        ("iij->ji", ((2, 2, 3),)),
        ("...i,...i", ((2, 3), (2, 3))),
        ("ij,jk,kl", ((2, 2), (2, 3), (3, 2))),
        ("i,j,ij->", ((2,), (3,), (2, 3))),
    ],
)
def test_sums_by_subscripts(text, shapes, rng, verify_orders):
    points = [rng.random(s) for s in shapes]
    verify_orders(lambda *operands: T.sqr(T.einsum(text, *operands)), points)


@pytest.mark.parametrize(
    ("build", "shapes"),
    [
        (T.matvec, ((2, 2, 3), (2, 3))),
        (T.vecmat, ((2, 3), (2, 3, 2))),
        (T.vecdot, ((2, 3), (2, 3))),
        (T.batched_dot, ((2, 2, 3), (2, 3))),
        (T.batched_tensordot, ((2, 2, 2, 2), (2, 2, 2, 3))),
        (T.kron, ((2, 2), (1, 3))),
        (T.inner, ((2, 3), (2, 3))),
        (lambda x, y: T.matrix_dot(x, y, x), ((2, 3), (3, 2))),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_other_products(build, shapes, rng, verify_orders):
    verify_orders(build, [rng.random(s) for s in shapes])


def test_a_matrix_of_all_pairs_has_the_sum_of_their_gradients(rng):
    x, w = T.dtensor3(), T.dmatrix()
    (g,) = grad(T.sum(T.sqr(w @ x)), [w])
    a, b = rng.random((4, 3, 2)), rng.random((2, 3))
    wanted = np.einsum("bmn,bkn->mk", 2 * (b @ a), a)
    np.testing.assert_allclose(function([x, w], g)(a, b), wanted, rtol=1e-12)


def test_complex_stacks_have_conjugates(rng):
    shapes = [(2, 2, 3), (2, 3, 2)]
    a, b = (rng.random(s) + 1j * rng.random(s) for s in shapes)
    z, w = T.TensorType("complex128", (None,) * 3)(), T.TensorType("complex128", (None,) * 3)()
    cost = T.sum(T.sqr(T.abs_(z @ w)))
    found = function([z, w], grad(cost, z))(a, b)
    np.testing.assert_allclose(found, 2 * (a @ b) @ b.conj().swapaxes(1, 2), rtol=1e-12)


def test_rows_that_are_not_chosen_leave_no_infinities(rng):
    x, y, chosen = T.dtensor3(), T.dtensor3(), T.TensorType("bool", (None, None, 1))()
    f = function([x, y, chosen], grad(T.sum(T.switch(chosen, x @ y, 0)), [x, y]))
    a, b = rng.random((2, 3, 4)), rng.random((2, 4, 2))
    mask = np.ones((2, 3, 1), bool)
    mask[0, 1] = False
    plain = f(a, b, mask)
    a[0, 1] = np.inf
    for found, wanted in zip(f(a, b, mask), plain, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-12)


@pytest.mark.parametrize("rows", [(), (2,)], ids=["matrices", "stacks"])
def test_a_column_and_what_is_not_known_to_be_a_row(rows, rng):
    x = T.TensorType("float64", (*(None,) * len(rows), None, 1))()
    y = T.TensorType("float64", (None,) * (len(rows) + 2))()
    z = x @ y
    f = function([x, y], grad(T.sum(T.switch(z > 0, T.sqr(z), 0)), [x, y]))
    a, b = rng.normal(size=(*rows, 3, 1)), rng.normal(size=(*rows, 1, 4))
    ct = 2 * np.maximum(a @ b, 0)
    for found, wanted in zip(
        f(a, b), (ct @ b.swapaxes(-1, -2), a.swapaxes(-1, -2) @ ct), strict=True
    ):
        np.testing.assert_allclose(found, wanted, rtol=1e-12)
