"""Linear algebra as users call it; values of single ops are in the samples."""

import builtins

import numpy as np
import pytest
import scipy.linalg
from bitale_graph import function
from bitale_graph import language as T
from bitale_graph import linalg as L
from bitale_graph.extend import DtypeError, ShapeError
from bitale_graph.linalg import Cholesky, Solve, SolveTriangular

X, Y, V = T.dmatrix("X"), T.dmatrix("Y"), T.dvector("V")
A = np.array([[4.0, 1.0, -0.5], [1.0, 5.0, 0.25], [-0.5, 0.25, 6.0]])
B = np.array([[1.0, 2.0], [3.0, 4.0], [-1.0, 0.5]])


def values(expression, x=A, y=B, v=B[:, 0]):
    return function([X, Y, V], expression, on_unused_input="ignore")(x, y, v)


@pytest.mark.parametrize("axis", [None, 0, -1, (0, 1), (1, 0)])
@pytest.mark.parametrize("ord", [None, "fro", "nuc", 0, 1, -1, 2, -2, 3, np.inf, -np.inf])
@pytest.mark.parametrize("keepdims", [False, True])
def test_norms_are_those_of_numpy(ord, axis, keepdims):
    try:
        expected = np.linalg.norm(B, ord, axis, keepdims)
    except ValueError:
        with pytest.raises(ValueError, match="norm"):
            L.norm(Y, ord, axis, keepdims)
        return
    np.testing.assert_allclose(values(L.norm(Y, ord, axis, keepdims)), expected, rtol=1e-12)


def test_norms_take_theanos_names_and_vectors():
    assert values(L.norm(X, "inf")) == np.linalg.norm(A, np.inf)
    np.testing.assert_allclose(values(L.norm(V, 3)), np.linalg.norm(B[:, 0], 3))
    np.testing.assert_allclose(values(L.norm(T.stack([X, X]))), np.sqrt(2) * np.linalg.norm(A))


@pytest.mark.parametrize("n", [-4, -1, 0, 1, 2, 3, 6, 7])
def test_powers_of_matrices_are_those_of_numpy(n):
    np.testing.assert_allclose(
        values(L.matrix_power(X, n)), np.linalg.matrix_power(A, n), rtol=1e-10
    )


def test_generalized_eigenvalues_read_one_triangle():
    b = A @ A.T
    for lower in (True, False):
        torn = np.tril(A) if lower else np.triu(A)
        found = function([X, Y], L.eigvalsh(X, Y, lower))(torn, np.tril(b) if lower else np.triu(b))
        np.testing.assert_allclose(found, scipy.linalg.eigvalsh(A, b), rtol=1e-12)


def test_factors_solve_equations():
    cases = {
        "cholesky": L.cho_solve((L.cholesky(X), True), Y),
        "upper": L.cho_solve((L.cholesky(X, lower=False), False), Y),
        "lu": L.lu_solve(L.lu_factor(X), Y),
        "symmetric": L.solve(X, Y, "sym"),
        "positive": L.solve(X, Y, "pos", lower=True),
        "least squares": L.lstsq(X, Y)[0],
        "several": L.solve(T.stack([X, X]), Y)[1],
    }
    for name, found in zip(cases, values(list(cases.values())), strict=True):
        np.testing.assert_allclose(found, np.linalg.solve(A, B), rtol=1e-12, err_msg=name)
    for trans in (0, 1, 2):
        found = values(L.lu_solve(L.lu_factor(X[::-1]), V, trans))
        expected = scipy.linalg.lu_solve(scipy.linalg.lu_factor(A[::-1]), B[:, 0], trans)
        np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_permutations_of_lu_are_those_of_scipy():
    for options in ({}, {"permute_l": True}, {"p_indices": True}):
        found = values(list(L.lu(X[::-1], **options)))
        for one, expected in zip(found, scipy.linalg.lu(A[::-1], **options), strict=True):
            np.testing.assert_allclose(one, expected, atol=1e-14)


def test_solve_is_an_op_with_theanos_structures():
    lower = Solve("lower_triangular")(X, Y)
    assert isinstance(lower.owner.op, SolveTriangular)
    expected = scipy.linalg.solve_triangular(A, B, lower=True)
    np.testing.assert_allclose(values(lower), expected, rtol=1e-14)
    np.testing.assert_allclose(values(L.solve_lower_triangular(X, Y)), expected, rtol=1e-14)
    assert Solve("symmetric", lower=True) == Solve("symmetric", True, overwrite_A=True)
    assert Solve() != Solve("symmetric")


def test_tensors_are_inverted_and_solved_for():
    t = T.dtensor4()
    a = np.random.default_rng(3).normal(size=(2, 3, 3, 2))
    found = function([t], L.tensorinv(t))(a)
    np.testing.assert_allclose(found, np.linalg.tensorinv(a), rtol=1e-10)
    b = np.ones((2, 3))
    np.testing.assert_allclose(
        function([t], L.tensorsolve(t, b))(a), np.linalg.tensorsolve(a, b), rtol=1e-10
    )
    found = function([t], L.tensorsolve(t, np.ones((3, 2)), axes=(0, 1)))(a)
    np.testing.assert_allclose(found, np.linalg.tensorsolve(a, np.ones((3, 2)), (0, 1)))
    with pytest.raises(ShapeError, match="as many elements"):
        function([t], L.tensorinv(t))(np.ones((2, 3, 3, 1)))


def test_what_is_made_of_others_is_that_of_numpy_and_scipy():
    cases = {
        "cond": (L.cond(X), np.linalg.cond(A)),
        "cond 1": (L.cond(X, 1), np.linalg.cond(A, 1)),
        "rank": (L.matrix_rank(T.dot(Y, Y.T)), 2),
        "block_diag": (L.block_diag(X, V, Y), scipy.linalg.block_diag(A, B[:, 0], B)),
        "trace": (L.trace(X), 15.0),
        "eigvals": (L.eigvals(X), np.linalg.eigvals(A)),
        "lyapunov": (
            L.solve_continuous_lyapunov(X, X),
            scipy.linalg.solve_continuous_lyapunov(A, A),
        ),
        "discrete": (
            L.solve_discrete_lyapunov(X, X),
            scipy.linalg.solve_discrete_lyapunov(A, A),
        ),
    }
    found = values([one for one, _ in cases.values()])
    for got, (name, (_, expected)) in zip(found, cases.items(), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-11, atol=1e-14, err_msg=name)


def test_functions_of_numpy_take_variables():
    w, v = np.linalg.eigh(X, "U")
    found = values([np.linalg.inv(X), w, v, np.linalg.pinv(Y, rtol=1e-9), np.linalg.solve(X, V)])
    expected = [
        np.linalg.inv(A),
        *np.linalg.eigh(A, "U"),
        np.linalg.pinv(B),
        np.linalg.solve(A, B[:, 0]),
    ]
    for got, one in zip(found, expected, strict=True):
        np.testing.assert_allclose(got, one, rtol=1e-11)
    np.testing.assert_allclose(values(np.linalg.cholesky(X, upper=True)), np.linalg.cholesky(A).T)


def test_dtypes_are_kept_and_integers_are_floats():
    f = T.fmatrix()
    for make in (L.inv, L.cholesky, L.expm, lambda x: L.eigh(x)[0], lambda x: L.solve(x, x)):
        assert make(f).dtype == "float32"
        assert make(T.imatrix()).dtype == "float64"
    assert L.solve(f, X).dtype == "float64"
    assert [v.dtype for v in L.eigh(T.cmatrix())] == ["float32", "complex64"]


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: L.inv(V), ShapeError, "inv takes a matrix"),
        (lambda: L.inv(np.ones((2, 3))), ShapeError, "2 rows and 3 columns"),
        (lambda: L.det(T.TensorType("float16", (3, 3))()), DtypeError, "float16"),
        (lambda: L.solve(X, 1.0), ShapeError, "right-hand side is a vector"),
        (
            lambda: L.solve(np.eye(3), np.ones(2)),
            ShapeError,
            "has 3 rows, and the right-hand side 2",
        ),
        (lambda: L.solve(X, Y, "diagonal"), ValueError, "A_structure is one of"),
        (lambda: L.solve_triangular(X, Y, trans="X"), ValueError, "trans is"),
        (lambda: L.qr(X, "full"), ValueError, "mode is one of"),
        (lambda: L.eigh(X, "M"), ValueError, "UPLO is 'L' or 'U'"),
        (lambda: L.cholesky(X, on_error="zero"), ValueError, "'raise' or 'nan'"),
        (lambda: L.matrix_power(X, 0.5), TypeError, "is an integer"),
        (lambda: L.tensorinv(X, 2), ValueError, "ind is between 1 and 1"),
        (lambda: L.lstsq(X, T.dtensor3()), ShapeError, "lstsq takes a matrix"),
        (lambda: L.solve_sylvester(X, np.ones((2, 3)), Y), ShapeError, "do not go together"),
        (lambda: L.block_diag(T.dtensor3()), ShapeError, "block_diag takes matrices"),
    ],
)
def test_what_does_not_fit_is_told_as_it_is_written(call, error, text):
    with pytest.raises(error, match=text):
        call()


@pytest.mark.parametrize(
    ("expression", "arrays", "error", "text"),
    [
        (L.inv(X), (B,), ShapeError, "takes a square matrix, and got one of shape"),
        (L.inv(X), (np.zeros((2, 2)),), np.linalg.LinAlgError, "inv: the matrix is singular"),
        (L.solve(X, Y), (A, B[:2]), ShapeError, "do not go together"),
        (L.solve_triangular(X, Y), (np.zeros((3, 3)),), np.linalg.LinAlgError, "singular"),
        (L.solve(X, Y, "pos"), (-A,), np.linalg.LinAlgError, "not positive definite"),
        (L.cholesky(X), (-A,), np.linalg.LinAlgError, r"on_error='nan'"),
        (L.eig(X)[0], (np.array([[0.0, 1], [-1, 0]]),), np.linalg.LinAlgError, "complex128"),
        (L.logm(X), (-A,), np.linalg.LinAlgError, "complex128"),
    ],
)
def test_what_does_not_work_tells_which_node_it_was(expression, arrays, error, text):
    with pytest.raises(error, match=text) as caught:
        values(expression, *arrays)
    assert "Apply node that caused the error" in str(caught.value)


def test_a_real_matrix_with_complex_eigenvalues_can_be_cast():
    turn = np.array([[0.0, 1.0], [-1.0, 0.0]])
    found = function([X], L.eigvals(T.cast(X, "complex128")))(turn)
    np.testing.assert_allclose(sorted(found.imag), [-1, 1])


def test_what_is_not_positive_definite_can_be_nan():
    assert np.isnan(values(Cholesky(on_error="nan")(X), -A)).all()


def test_without_scipy_an_error_tells_what_to_install(monkeypatch):
    usual = builtins.__import__

    def without(name, *rest):
        if name.startswith("scipy"):
            raise ImportError(name)
        return usual(name, *rest)

    monkeypatch.setattr("importlib.import_module", lambda name: without(name))
    with pytest.raises(ImportError, match="pip install scipy"):
        values(L.expm(X))
    np.testing.assert_allclose(values(L.inv(X)), np.linalg.inv(A))
    for lower in (True, False):
        for trans in ("N", "T"):
            for unit in (True, False):
                facts = {"trans": trans, "lower": lower, "unit_diagonal": unit}
                found = values(L.solve_triangular(X, Y, **facts))
                expected = scipy.linalg.solve_triangular(A, B, **facts)
                np.testing.assert_allclose(found, expected, rtol=1e-13)
