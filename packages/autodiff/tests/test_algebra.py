"""Derivatives of linear algebra and of transforms; those of single ops are in the samples."""

import numpy as np
import pytest
from bitale_autodiff import NullTypeGradError, Rop, grad
from bitale_graph import fft, function
from bitale_graph import language as T
from bitale_graph import linalg as L

COMPLEX = {
    "inv": L.inv,
    "det": L.det,
    "logdet": L.logdet,
    "pinv": lambda z: L.pinv(z[:, :2]),
    "solve": lambda z: L.solve(z, z[:, :2] * 2),
    "solve_triangular": lambda z: L.solve_triangular(z, z[0], "C"),
    "cho_solve": lambda z: L.cho_solve((L.cholesky(hermitian(z)), True), z),
    "cholesky": lambda z: L.cholesky(hermitian(z)),
    "cholesky upper": lambda z: L.cholesky(hermitian(z), lower=False),
    "qr": lambda z: T.sum(L.qr(z[:, :2])[0] * 2) + T.sum(L.qr(z[:, :2])[1]),
    "svdvals": L.svdvals,
    "svd": lambda z: projected(*L.svd(z[:, :2], full_matrices=False)[:2]),
    "eigvalsh": lambda z: L.eigvalsh(hermitian(z)),
    "eigh": lambda z: projected(*reversed(L.eigh(hermitian(z), "U"))),
    "expm": lambda z: L.expm(0.1 * z),
    "sqrtm": lambda z: L.sqrtm(hermitian(z)),
    "lu": lambda z: L.lu(z[::-1])[2],
    "solve_sylvester": lambda z: L.solve_sylvester(z, z[:2, :2], z[:, :2]),
    "lyapunov": lambda z: L.solve_continuous_lyapunov(z, hermitian(z)),
    "discrete": lambda z: L.solve_discrete_lyapunov(0.1 * z, z),
    "lstsq": lambda z: L.lstsq(z[:, :2], z[:, 2])[0],
    "fft": lambda z: fft.fft(z, norm="ortho"),
    "ifftn": fft.ifftn,
    "rfftn": lambda z: fft.rfftn(T.real(z) * T.imag(z)),
    "irfftn": lambda z: fft.irfftn(z * z),
}
REAL = {
    "norm 2": lambda x: L.norm(x, 2),
    "norm nuc": lambda x: L.norm(x, "nuc"),
    "cond": L.cond,
    "matrix_power": lambda x: L.matrix_power(x, -3),
    "eigvalsh of two": lambda x: L.eigvalsh(x, T.dot(x, x.T), lower=False),
    "tensorinv": lambda x: L.tensorinv(T.reshape(x, (3, 3, 1)), 1),
    "tensorsolve": lambda x: L.tensorsolve(T.reshape(x, (3, 1, 3)), T.reshape(x[0], (3, 1))),
    "riccati": lambda x: L.solve_discrete_are(
        x / 5, x[:, :2], T.dot(x, x.T), T.dot(x[:2], x[:2].T)
    ),
    "block_diag": lambda x: L.inv(L.block_diag(x, x[:2, :2])),
    "lu_solve": lambda x: L.lu_solve(L.lu_factor(x[::-1]), x[:2].T, 1),
    "full values": lambda x: L.svd(x[:2])[1],
    "complete": lambda x: L.qr(x[:, :2], "complete")[1],
    "rfft": lambda x: fft.irfft(T.sqr(fft.rfft(x, "ortho")), "no_norm", is_odd=True),
}


def hermitian(z):
    return T.dot(z, T.conj(z.T)) + T.eye(3)


def projected(v, w):
    """What does not depend on the phases of vectors."""
    scaled = v * w
    return T.dot(scaled, T.conj(v.T)) * T.constant(np.arange(9.0).reshape(3, 3) / 400)


def matrix(rng):
    return rng.uniform(-1, 1, (3, 3)) + np.diag([2.0, 4.0, 7.0])


@pytest.mark.parametrize("name", COMPLEX)
def test_derivatives_by_complex_matrices_agree_with_differences(name, rng, verify_orders):
    def cost(x, y):
        found = COMPLEX[name](T.complex(x, y))
        return T.sum(T.sqr(T.real(found)) + 2 * T.imag(found) + T.real(found))

    verify_orders(cost, [matrix(rng), rng.uniform(-1, 1, (3, 3))])


@pytest.mark.parametrize("name", REAL)
def test_derivatives_of_what_is_made_of_them_agree_with_differences(name, rng, verify_orders):
    verify_orders(REAL[name], [matrix(rng)])


def test_products_forwards_agree_with_the_gradient(rng):
    x, d = matrix(rng), rng.normal(size=(3, 3))
    v = T.dmatrix()
    for build in (L.inv, L.det, lambda x: L.eigh(x)[1], lambda x: fft.rfft(x)):
        y = T.sum(T.tanh(build(v)))
        slope, gradient = function([v], [Rop(y, v, T.constant(d)), grad(y, v)])(x)
        np.testing.assert_allclose(slope, (gradient * d).sum(), rtol=1e-10)


def test_what_has_no_derivative_says_what_to_take_instead():
    x = T.tensor("float64", (4, 2))
    for cost, text in (
        (L.qr(x, "raw")[0], "take the mode 'reduced'"),
        (L.qr(x, "complete")[0], "take mode='reduced'"),
        (L.svd(x)[0], "take full_matrices=False"),
        (L.lstsq(x, x[:, 0])[1], "sum the squares"),
    ):
        with pytest.raises(NullTypeGradError, match=text):
            grad(T.sum(cost), x)


def test_added_vectors_are_found_out_when_it_runs(rng):
    x = T.dmatrix()
    for cost in (L.svd(x)[0], L.qr(x, "complete")[0]):
        gradient = function([x], grad(T.sum(cost), x))
        gradient(matrix(rng))
        with pytest.raises(AssertionError, match="have no derivatives"):
            gradient(matrix(rng)[:, :2])


def test_gradients_of_a_matrix_of_which_one_triangle_is_read_lie_in_it(rng):
    x = T.dmatrix()
    a = matrix(rng)
    for cost in (L.cholesky(x), L.eigvalsh(x), L.eigh(x)[1], L.solve(x, x[0], "symmetric", True)):
        found = function([x], grad(T.sum(cost[-1]), x))(a @ a.T)
        assert not np.triu(found, 1)[1:].any()
