"""Diagonals, triangles, ranges, grids, windows and statistics beside NumPy's."""

import numpy as np
import pytest
from bitale_graph import Mode, TensorType, function
from bitale_graph import language as T
from bitale_graph.extend import DtypeError, ShapeError
from hypothesis import given, settings
from hypothesis import strategies as st

PLAIN = Mode(linker="numpy", optimizer="None")
x, v, n, k = T.dmatrix("x"), T.dvector("v"), T.lscalar("n"), T.lscalar("k")
X = np.arange(12.0).reshape(3, 4)


def run(inputs, output, *values):
    return function(inputs, output, mode=PLAIN, on_unused_input="ignore")(*values)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 4), st.integers(0, 4), st.integers(-6, 6), st.booleans())
def test_diagonals_and_triangles_are_numpys(rows, columns, offset, is_known):
    array = np.arange(1.0, 1 + rows * columns).reshape(rows, columns)
    a = TensorType("float64", (rows, columns) if is_known else (None, None))("a")
    names = ("diagonal", "tril", "triu", "trace")
    for by in (offset, k):
        made = [getattr(T, name)(a, by) for name in names]
        for name, found in zip(names, run([a, k], made, array, offset), strict=True):
            np.testing.assert_array_equal(found, getattr(np, name)(array, offset), name)
    known = T.diagonal(a, offset).type.shape[0]
    assert known == (len(np.diagonal(array, offset)) if is_known else None)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 5), st.none() | st.integers(0, 5), st.integers(-7, 7))
def test_places_of_triangles_are_numpys(rows, columns, offset):
    wide = rows if columns is None else columns
    for name in ("tril_indices", "triu_indices"):
        expected = getattr(np, name)(rows, offset, columns)
        for made in (getattr(T, name)(rows, offset, columns), getattr(T, name)(n, k, wide)):
            for found, places in zip(run([n, k], list(made), rows, offset), expected, strict=True):
                np.testing.assert_array_equal(found, places)
    np.testing.assert_array_equal(
        T.tri(rows, columns, offset).eval(), np.tri(rows, columns, offset)
    )


def test_a_diagonal_can_be_written_to():
    written = T.set_subtensor(x.diagonal(1), v)
    expected = X.copy()
    expected[[0, 1, 2], [1, 2, 3]] = [7, 8, 9]
    np.testing.assert_array_equal(run([x, v], written, X, [7.0, 8.0, 9.0]), expected)
    with pytest.raises(ShapeError):
        run([x, v], written, X, [7.0, 8.0])


@pytest.mark.parametrize("offset", [0, 2, -1])
def test_a_vector_becomes_a_diagonal(offset):
    np.testing.assert_array_equal(run([v], T.diag(v, offset), X[0]), np.diag(X[0], offset))
    np.testing.assert_array_equal(run([v, k], T.diag(v, k), X[0], offset), np.diag(X[0], offset))
    stacked = run([x], T.AllocDiag(offset, 0, 2)(x), X)
    for row, matrix in zip(X, np.moveaxis(stacked, 1, 0), strict=True):
        np.testing.assert_array_equal(matrix, np.diag(row, offset))


ends = st.floats(-100, 100, allow_subnormal=False)


@settings(deadline=None, max_examples=60)
@given(ends, ends, st.integers(0, 7), st.booleans())
def test_spaces_are_numpys(start, stop, count, endpoint):
    for num in (count, n):
        found = run([n], T.linspace(start, stop, num, endpoint), count)
        expected = np.linspace(start, stop, count, endpoint)
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)
        found = run([n], T.logspace(start / 10, stop / 10, num, endpoint), count)
        np.testing.assert_allclose(
            found, np.logspace(start / 10, stop / 10, count, endpoint), rtol=1e-10
        )
        low, high = -abs(start) - 0.5, -abs(stop) - 0.25
        found = run([n], T.geomspace(low, high, num, endpoint), count)
        np.testing.assert_allclose(found, np.geomspace(low, high, count, endpoint), rtol=1e-10)
    assert T.linspace(start, stop, count).type.shape == (count,)


def test_ends_of_spaces_are_kept_to_the_last_digit():
    found = run([v], T.linspace(v, 0.3, 11), np.array([0.1, 0.7]))
    assert (found[0] == [0.1, 0.7]).all()
    assert (found[-1] == 0.3).all()
    values, step = T.linspace(0, 1, 5, retstep=True)
    assert step.eval() == 0.25
    assert values.dtype == "float64"
    assert T.linspace(0, 10, 4, dtype="int64").eval().tolist() == [0, 3, 6, 10]
    assert T.linspace(T.fscalar(), 1.0).dtype == "float32"
    with pytest.raises(ValueError, match="neither end can be zero"):
        T.geomspace(0.0, 1.0)


def test_grids_are_numpys():
    for found, expected in zip(T.mgrid[0:3, 1:7:2], np.mgrid[0:3, 1:7:2], strict=True):
        np.testing.assert_array_equal(found.eval(), expected)
    for found, expected in zip(T.ogrid[0:n, 0.0:1.0:3j], np.ogrid[0:4, 0.0:1.0:3j], strict=True):
        np.testing.assert_array_equal(run([n], found, 4), expected)
    assert [g.type.shape for g in T.meshgrid(T.zeros(2), T.zeros(3))] == [(3, 2)] * 2
    assert [g.type.shape for g in T.meshgrid(T.zeros(2), T.zeros(3), sparse=True)] == [
        (1, 2),
        (3, 1),
    ]
    np.testing.assert_array_equal(T.indices((2, 3)).eval(), np.indices((2, 3)))
    np.testing.assert_array_equal(T.mgrid[1:4].eval(), [1, 2, 3])
    with pytest.raises(TypeError, match="must have an end"):
        T.mgrid[1:, 2:3]
    with pytest.raises(TypeError, match="made by slices"):
        T.mgrid[1]


@pytest.mark.parametrize("points", [0, 1, 2, 7, 8])
def test_windows_are_numpys(points):
    np.testing.assert_allclose(T.bartlett(points).eval(), np.bartlett(points), atol=1e-15)
    np.testing.assert_allclose(run([n], T.bartlett(n), points), np.bartlett(points), atol=1e-15)


def test_powers_stand_in_columns():
    for dtype in ("float64", "int64"):
        a = TensorType(dtype, (None,))("a")
        array = np.array([0, 1, -2, 3], dtype)
        for count in (None, 0, 3, n):
            expected = np.vander(array, 3 if count is n else count)
            np.testing.assert_array_equal(run([a, n], T.vander(a, count), array, 3), expected)
    found = run([v], T.vander(v, 40), X[0])
    np.testing.assert_allclose(found, np.vander(X[0], 40), rtol=1e-13)


def test_classes_become_rows():
    y = T.bvector("y")
    one_hot = T.to_one_hot(y, n, dtype="float32")
    assert one_hot.dtype == "float32"
    np.testing.assert_array_equal(run([y, n], one_hot, [0, 2, -1], 3), np.eye(3)[[0, 2, -1]])
    for wrong in ([3], [-4]):
        with pytest.raises(IndexError, match="not below nb_class"):
            run([y, n], one_hot, wrong, 3)
    with pytest.raises(DtypeError, match="takes integers"):
        T.to_one_hot(v, 3)


M = np.array([[1.0, 2.5, -1.0, 4.0], [0.5, 3.0, 2.0, 7.0], [9.0, -2.0, 1.0, 0.0]])


@pytest.mark.parametrize(
    "options",
    [{}, {"bias": True}, {"ddof": 0}, {"fweights": np.array([1, 2, 0, 3])},
     {"aweights": np.array([0.5, 1.0, 2.0, 0.25])},
     {"fweights": np.array([1, 2, 0, 3]), "aweights": np.array([0.5, 1.0, 2.0, 0.25])}],
)  # fmt: skip
def test_covariances_are_numpys(options):
    np.testing.assert_allclose(run([x], T.cov(x, **options), M), np.cov(M, **options), rtol=1e-12)
    np.testing.assert_allclose(
        run([x], T.cov(x.T, rowvar=False, **options), M), np.cov(M, **options), rtol=1e-12
    )


def test_correlations_and_averages_are_numpys():
    np.testing.assert_allclose(run([x], T.corrcoef(x), M), np.corrcoef(M), rtol=1e-12)
    np.testing.assert_allclose(run([v], T.cov(v, v * 2), M[0]), np.cov(M[0], 2 * M[0]), rtol=1e-12)
    assert T.cov(v).ndim == 0
    found = run([x, v], T.average(x, 1, v, returned=True), M, np.arange(4.0))
    for one, expected in zip(found, np.average(M, 1, np.arange(4.0), returned=True), strict=True):
        np.testing.assert_allclose(one, expected, rtol=1e-12)
    with pytest.raises(ShapeError, match="the weights have the shape"):
        T.average(x, None, v)


def test_differences_are_numpys():
    for order in range(4):
        np.testing.assert_array_equal(run([x], T.diff(x, order), M), np.diff(M, order))
    np.testing.assert_array_equal(
        run([x], T.diff(x, 1, 0, prepend=0.0, append=x), M), np.diff(M, 1, 0, 0.0, M)
    )
    flags = T.lvector() > 0
    assert T.diff(flags).dtype == "bool"
    np.testing.assert_array_equal(run([x], T.ediff1d(x, [1.0], 2.0), M), np.ediff1d(M, [1.0], 2.0))
    with pytest.raises(ValueError, match="not negative"):
        T.diff(x, -1)


def test_what_rounding_adds_to_a_variance_is_taken_off():
    array = (np.float32(1e4) + np.random.default_rng(0).normal(size=5000)).astype("float32")
    a = T.fvector("a")
    exact = np.var(array.astype("float64"))
    found = run([a], T.var(a, corrected=True), array)
    assert abs(found - exact) < 1e-5
    np.testing.assert_allclose(run([x], x.std(0, corrected=True), M), M.std(0), rtol=1e-12)


def test_empty_tensors_have_a_shape_and_a_dtype():
    assert T.empty((2, n), "int8").type.shape == (2, None)
    assert run([n], T.empty((2, n), "int8"), 3).shape == (2, 3)
    assert T.empty_like(x).dtype == "float64"
    assert T.AllocEmpty("float32")(2, 3).type == TensorType("float32", (2, 3))
    assert T.identity(3).eval().tolist() == np.identity(3).tolist()
    assert T.zeros_like(x, opt=True).ndim == 2
    with pytest.raises(ShapeError, match="cannot be negative"):
        run([n], T.empty((n,)), -1)


PLACES = np.array([[-1.0, 0.0, 0.25], [1.0, 2.5, np.nan], [3.0, 4.0, 3.5]])
POINTS, VALUES = np.array([0.0, 1.0, 1.5, 4.0]), np.array([2.0, -1.0, 3.0, 5.0])


@pytest.mark.parametrize("options", [{}, {"left": -7.0}, {"right": 9.0}, {"period": 2.5}])
@pytest.mark.parametrize("count", [1, 2, 4])
def test_values_between_points_are_numpys(options, count):
    w = T.dvector("w")
    points, values = POINTS[:count], VALUES[:count]
    # A single point is NumPy's value for NaN as well.
    places = PLACES if count > 1 else np.nan_to_num(PLACES)
    found = run([x, v, w], T.interp(x, v, w, **options), places, points, values)
    np.testing.assert_allclose(found, np.interp(places, points, values, **options), rtol=1e-12)


def test_products_of_vectors_are_numpys():
    a, b = np.arange(12.0).reshape(4, 3), np.array([1.0, -2.0, 0.5])
    np.testing.assert_array_equal(run([x, v], T.cross(x, v), a, b), np.cross(a, b))
    np.testing.assert_array_equal(run([x, v], T.cross(x.T, v, 0), a, b), np.cross(a.T, b, 0))
    found = run([x, v], T.cross(x.T, v.dimshuffle(0, "x"), axis=0), a, b)
    np.testing.assert_array_equal(found, np.cross(a.T, b[:, None], axis=0))
    with pytest.raises(ShapeError, match="the length 3"):
        T.cross(T.zeros(2), v)
    with pytest.raises(ShapeError):
        run([x, v], T.cross(x, v), a[:, :2], b)
