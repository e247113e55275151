"""Comparisons of integers are exact, whatever their dtypes, as in NumPy 2."""

import numpy as np
import pytest
from bitale_graph import TensorType, function
from bitale_graph import language as T
from bitale_graph.base.dtype import INTEGERS

PAIRS = {
    "lt": (T.lt, np.less),
    "le": (T.le, np.less_equal),
    "gt": (T.gt, np.greater),
    "ge": (T.ge, np.greater_equal),
    "eq": (T.eq, np.equal),
    "neq": (T.neq, np.not_equal),
}
NUMBERS = (0, 1, -1, 300, -300, 2**31, -(2**40), 2**63, 2**64 - 1, 2**70, -(2**70))


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("dtype", [*INTEGERS, "bool"])
def test_a_number_beyond_the_dtype_is_compared_with(name, dtype):
    compare, numpy_compare = PAIRS[name]
    limits = (0, 1) if dtype == "bool" else (np.iinfo(dtype).min, 0, 1, np.iinfo(dtype).max)
    x = TensorType(dtype, (None,))("x")
    outputs = [r for n in NUMBERS for r in (compare(x, n), compare(n, x))]
    found = function([x], outputs)(np.array(limits, dtype))
    assert all(r.dtype == "bool" for r in found)
    for k, n in enumerate(NUMBERS):
        assert found[2 * k].tolist() == [numpy_compare(v, n) for v in limits]
        assert found[2 * k + 1].tolist() == [numpy_compare(n, v) for v in limits]


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("signed", ["int8", "int16", "int32", "int64"])
def test_uint64_and_signed_integers_are_compared_exactly(name, signed):
    compare, numpy_compare = PAIRS[name]
    info = np.iinfo(signed)
    a = np.array([0, 1, 2**63, 2**64 - 1, 2**53 + 1, info.max, 5], "uint64")
    b = np.array([-1, 1, info.min, -1, min(2**53, info.max), info.max, 6], signed)
    x, y = TensorType("uint64", (None,))("x"), TensorType(signed, (None,))("y")
    found = function([x, y], [compare(x, y), compare(y, x)])(a, b)
    np.testing.assert_array_equal(found[0], numpy_compare(a, b))
    np.testing.assert_array_equal(found[1], numpy_compare(b, a))


def test_operators_and_arrays_compare_as_the_functions_do():
    x, u = T.bmatrix("x"), TensorType("uint64", (None,))("u")
    data = np.array([[1, 2], [3, -4]], "int8")
    found = function([x], [x < 300, x >= 300, np.int16(300) > x, T.eq(x, np.int64(300))])(data)
    assert [r.all() for r in found] == [True, False, True, False]
    assert not found[1].any()
    assert function([u], T.eq(u, np.int8(-1)))([2**64 - 1]).tolist() == [False]
    assert function([x], x < 300)(np.ones((0, 2), "int8")).shape == (0, 2)


BOUNDS = [(-1, 1), (1, -1), (np.nan, 1), (-1, np.nan), (np.nan, np.nan), (-np.inf, np.inf), (0, 0)]
X = np.array([-3, -1, -0.0, 0.5, 1, 2, np.nan, np.inf, -np.inf])


@pytest.mark.parametrize("bounds", BOUNDS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_clip_is_that_of_numpy(bounds, dtype):
    low, high = (T.scalar(dtype=dtype) for _ in range(2))
    x = T.vector(dtype=dtype)
    outputs = [
        T.clip(x, *map(float, bounds)),
        T.clip(x, *np.array(bounds, dtype)),
        T.clip(x, low, high),
        T.clip(x, T.stack([low] * len(X)), high),
    ]
    expected = np.clip(X.astype(dtype), *np.array(bounds, dtype))
    for found in function([x, low, high], outputs)(X.astype(dtype), *np.array(bounds, dtype)):
        np.testing.assert_array_equal(found, expected)


def test_clip_of_integers_is_that_of_numpy():
    n = T.ivector()
    assert function([n], T.clip(n, 5, -5))(np.int32([1, 9, -9])).tolist() == [-5, -5, -5]


MATRIX = np.array([[1.0, -2, 0.5], [3, 4, -0.5]])


@pytest.mark.parametrize("order", [None, np.inf, -np.inf, 0, 1, 2, 3, -1, -2, 0.5, 2.5])
def test_norms_of_every_order_are_those_of_numpy(order):
    m, v, n = T.dmatrix(), T.dvector(), T.ivector()
    for axis in (0, 1, -1):
        found = function([m], m.norm(order, axis=axis, keepdims=True))(MATRIX)
        expected = np.linalg.norm(MATRIX, order, axis=axis, keepdims=True)
        np.testing.assert_allclose(found, expected, rtol=1e-14)
    np.testing.assert_allclose(
        function([v], v.norm(order))(MATRIX[1]), np.linalg.norm(MATRIX[1], order), rtol=1e-14
    )
    whole = np.int32([3, -4])
    np.testing.assert_allclose(
        function([n], n.norm(order))(whole), np.linalg.norm(whole, order), rtol=1e-14
    )


@pytest.mark.parametrize("order", ["nuc", "l2", np.nan])
def test_other_norms_are_refused(order):
    with pytest.raises(ValueError, match="norm: L is a number"):
        T.dmatrix().norm(order)
