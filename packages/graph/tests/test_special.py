"""Special functions and complex numbers, held to SciPy and NumPy."""

import sys

import numpy as np
import pytest
import scipy.special
from bitale_graph import function
from bitale_graph import language as T
from bitale_graph.extend import DtypeError, TensorType

EDGES = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 1e-300, 1e300, -7.0])
SHARES = np.array([0.0, 1.0, 0.5, 1e-300, 1e-10, 0.499999, 0.3, 0.7, 1 - 1e-10, np.nan])
NEGATIVE = np.array([-1e-300, -1e-10, -0.1, -0.7, -1.0, -30.0, -800.0, -np.inf, np.nan, 0.0])
WHOLE = np.array([0.0, 1.0, 2.0, 5.5, 100.0])


def evaluated(build, *arrays):
    inputs = [TensorType(np.asarray(x).dtype.name, np.shape(x))() for x in arrays]
    return function(inputs, build(*inputs), mode="FAST_COMPILE")(*arrays)


def _log1mexp(x):
    wide = np.asarray(x, np.longdouble)
    return np.where(wide > -0.1, np.log(-np.expm1(wide)), np.log1p(-np.exp(wide))).astype(float)


def _logit(x):
    """SciPy's before 1.15 loses digits around 1/2."""
    wide = np.asarray(x, np.longdouble)
    near = np.abs(wide - 0.5) < 0.2
    middle = np.where(near, 2 * wide - 1, 0)
    return np.where(near, 2 * np.arctanh(middle), np.log(wide / (1 - wide))).astype(float)


def _heaviside(x):
    return np.heaviside(x, 0.25)


UNARY = {
    "expit": (T.expit, scipy.special.expit, EDGES),
    "logit": (T.logit, _logit, SHARES),
    "log1mexp": (T.log1mexp, _log1mexp, NEGATIVE),
    "log1pexp": (T.log1pexp, lambda x: np.logaddexp(x, 0), EDGES),
    "xlogx": (T.xlogx, lambda x: scipy.special.xlogy(x, x), SHARES),
    "ndtri": (T.ndtri, scipy.special.ndtri, SHARES),
    "digamma": (T.digamma, scipy.special.psi, EDGES),
    "factorial": (T.factorial, lambda x: scipy.special.factorial(x), WHOLE),
    "k0": (T.k0, scipy.special.k0, np.abs(EDGES)),
    "k1": (T.k1, scipy.special.k1, np.abs(EDGES)),
    "kn": (lambda x: T.kn(2, x), lambda x: scipy.special.kn(2, x), np.abs(EDGES)),
    "sinc": (T.sinc, np.sinc, np.array([0.0, 0.5, -0.03, 0.0318, 0.0319, 1.5, 7.0, np.nan, 1e-9])),
    "heaviside": (lambda x: T.heaviside(x, 0.25), _heaviside, EDGES),
    "signbit": (T.signbit, np.signbit, EDGES),
    "isfinite": (T.isfinite, np.isfinite, EDGES),
    "isposinf": (T.isposinf, np.isposinf, EDGES),
    "isneginf": (T.isneginf, np.isneginf, EDGES),
    "nan_to_num": (T.nan_to_num, np.nan_to_num, EDGES),
    "nan_to_num of three": (
        lambda x: T.nan_to_num(x, 3.0, 4.0, -5.0),
        lambda x: np.nan_to_num(x, nan=3.0, posinf=4.0, neginf=-5.0),
        EDGES,
    ),
}


@pytest.mark.parametrize("name", UNARY)
def test_a_function_of_one_operand_has_the_values_of_scipy(name):
    build, reference, x = UNARY[name]
    with np.errstate(all="ignore"):
        expected = reference(x)
    np.testing.assert_allclose(evaluated(build, x), expected, rtol=4e-15, atol=1e-300)
    if expected.dtype != bool and name not in ("nan_to_num", "ndtri", "logit"):
        with np.errstate(all="ignore"):
            narrow = x.astype("float32")
            expected = reference(narrow).astype("float32")
        single = evaluated(build, narrow)
        assert single.dtype == "float32"
        np.testing.assert_allclose(single, expected, rtol=2e-6, atol=1e-30)


# To 50 digits by mpmath 1.4, where SciPy loses digits or says otherwise in another version.
# fmt: off
EXACT = {
    "gammaln": [
        (0.999999, 5.772164873855652e-07),
        (1.0000000000009095, -5.249745890076018e-13),
        (1.9999999, -4.2278430309861296e-08),
        (2.0000000000000284, 1.2016253523895452e-14),
        (2.1, 0.04543773854448518),
        (0.85, 0.10659511647811766),
    ],
    "psi": [
        (-0.9999999999999432, -17592186044415.578),
        (-2.0000000000009095, 1099511627776.9229),
        (-0.4, 0.9593807861068093),
        (-30.75, 0.30046938161754044),
        (-1000000.25, 16.957103961553827),
    ],
    "j0": [
        (26.5, 0.1298776261133854),
        (1000.125, 0.024003836048370177),
        (10000000000.0, 2.175591750246892e-06),
        (-1000000000000000.0, 6.156638646885021e-09),
        (1e22, -1.8561051065108217e-12),
        (1e300, -7.860673062724093e-151),
    ],
    "j1": [
        (26.5, 0.08702780753733148),
        (1000.125, 0.007780912523024668),
        (10000000000.0, -7.676508175684158e-06),
        (-1000000000000000.0, -2.4468665123771328e-08),
        (1e22, -7.759951744073064e-12),
        (1e300, -1.3681360450342481e-151),
    ],
}
# fmt: on


@pytest.mark.parametrize("name", EXACT)
def test_the_values_are_exact_where_scipys_are_not(name):
    x, expected = np.array(EXACT[name]).T
    np.testing.assert_allclose(evaluated(getattr(T, name), x), expected, rtol=5e-15)


def test_gamma_has_no_value_at_whole_numbers_below_0():
    found = evaluated(T.gamma, np.array([-1.0, -2.0, -np.inf, -0.0, 0.0, np.nan]))
    np.testing.assert_array_equal(found, [np.nan] * 3 + [-np.inf, np.inf, np.nan])


GRID = np.meshgrid([0.0, 0.5, 1.0, 3.0, 40.0, 1e-8], [0.0, 0.25, 1.0, 3.5, 60.0, 1e-8])
BINARY = {
    "xlogy0": (T.xlogy0, scipy.special.xlogy),
    "xlog1py": (T.xlog1py, scipy.special.xlog1py),
    "chi2sf": (lambda k, x: T.chi2sf(x, k), scipy.special.chdtrc),
    "gammau": (T.gammau, lambda k, x: scipy.special.gammaincc(k, x) * scipy.special.gamma(k)),
    "gammal": (T.gammal, lambda k, x: scipy.special.gammainc(k, x) * scipy.special.gamma(k)),
    "float_power": (T.float_power, np.float_power),
}


@pytest.mark.parametrize("name", BINARY)
def test_a_function_of_two_operands_has_the_values_of_scipy(name):
    build, reference = BINARY[name]
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(evaluated(build, *GRID), reference(*GRID), rtol=1e-14)


def test_the_share_above_a_negative_number_is_all():
    assert evaluated(T.chi2sf, np.array(-1.0), np.array(3.0)) == 1


def test_integers_become_floats():
    n = np.array([1, 2, 5])
    np.testing.assert_allclose(evaluated(T.gammaln, n), scipy.special.gammaln(n))
    np.testing.assert_allclose(evaluated(T.factorial, n), [1, 2, 120])
    assert evaluated(T.logit, np.array([0, 1], "int8")).dtype == "float32"
    np.testing.assert_allclose(evaluated(T.float_power, n, n), [1, 4, 3125])
    assert evaluated(T.nan_to_num, n).dtype == "int64"


@pytest.mark.parametrize("axis", [None, 0, 1, -1, (0, 1), ()])
@pytest.mark.parametrize("keepdims", [False, True])
def test_logsumexp_is_scipys(axis, keepdims):
    x = np.array([[1000.0, 1000.5, -np.inf], [-2000.0, -1999.5, 3.0], [-np.inf] * 3])
    if axis == ():
        expected = x
    else:
        with np.errstate(all="ignore"):
            expected = scipy.special.logsumexp(x, axis, keepdims=keepdims)
    found = evaluated(lambda x: T.logsumexp(x, axis, keepdims), x)
    np.testing.assert_allclose(found, expected, rtol=1e-15)


def test_logsumexp_of_nothing_of_infinity_and_of_nan():
    assert evaluated(T.logsumexp, np.zeros(0)) == -np.inf
    assert evaluated(T.logsumexp, np.array([np.inf, 3.0])) == np.inf
    assert np.isnan(evaluated(T.logsumexp, np.array([np.nan, 3.0])))
    assert evaluated(T.logsumexp, np.array(0.3)) == 0.3
    with pytest.raises(DtypeError, match="complex"):
        T.logsumexp(T.zvector())


@pytest.mark.parametrize("n", [0, 1, 2, 3, 7])
def test_polygamma_is_scipys_and_ends_far_left(n):
    x = np.array([0.3, 1.0, 20.0, -0.5, -3.3, -0.0, -2.0, np.nan, np.inf])
    found = evaluated(T.polygamma, np.full(x.shape, float(n)), x)
    with np.errstate(all="ignore"):
        expected = scipy.special.polygamma(n, x)
    np.testing.assert_allclose(found, expected, rtol=1e-13)
    far = evaluated(T.polygamma, np.array(float(n)), np.array(-1e300))
    assert not np.isfinite(far)


def test_polygamma_beside_0_is_infinite():
    found = evaluated(T.polygamma, np.array([1.0, 2.0, 3.0]), np.full(3, -5e-324))
    np.testing.assert_array_equal(found, [np.inf, np.inf, np.inf])


def test_polygamma_of_orders_that_are_not_whole_is_nan():
    assert np.isnan(evaluated(T.polygamma, np.array([0.5, -1.0, np.inf]), np.ones(3))).all()


def test_rounding_half_away_from_zero():
    x = np.array([0.5, -0.5, 1.5, 2.5, -2.5, 0.49999999999999994, -0.2, 1e300, np.inf, 7.0])
    expected = [1, -1, 2, 3, -3, 0, 0, 1e300, np.inf, 7]
    for build in (T.round_half_away_from_zero, lambda x: T.round(x, "half_away_from_zero")):
        np.testing.assert_array_equal(evaluated(build, x), expected)
    assert np.signbit(evaluated(T.round_half_away_from_zero, np.array(-0.2)))
    assert evaluated(T.iround, np.array([0.5, 1.5])).tolist() == [0, 2]
    assert evaluated(T.iround, np.array([0.5])).dtype == "int64"
    half = evaluated(lambda x: T.iround(x, "half_away_from_zero"), np.array([0.5, -1.5]))
    assert half.tolist() == [1, -2]
    with pytest.raises(ValueError, match="half_up"):
        T.round(T.dvector(), "half_up")


def test_ceil_intdiv_rounds_up_without_overflow():
    a, b = np.array([7, -7, 6, 127, -128], "int8"), np.array([2, 2, 3, 2, 2], "int8")
    assert evaluated(T.ceil_intdiv, a, b).tolist() == [4, -3, 2, 64, -64]


def test_smallest_and_largest_of_several():
    x, y, z = np.array([1.0, 5.0]), np.array([2.0, 2.0]), np.array(3.0)
    assert evaluated(T.smallest, x, y, z).tolist() == [1, 2]
    assert evaluated(T.largest, x, y, z).tolist() == [3, 5]
    assert evaluated(T.largest, x).tolist() == [1, 5]
    with pytest.raises(TypeError, match="smallest"):
        T.smallest()


def test_allclose_is_one_truth_value():
    x = np.array([1.0, np.inf, np.nan])
    assert not evaluated(T.allclose, x, x)
    assert evaluated(lambda x, y: T.allclose(x, y, equal_nan=True), x, x * (1 + 1e-9))


@pytest.mark.parametrize("dtype", ["int8", "uint16", "int64", "bool"])
def test_shifts_are_numpys_where_they_shift_everything_out_too(dtype):
    x = np.array([1, 0, 1], dtype) if dtype == "bool" else np.array([-7, 100, 3]).astype(dtype)
    places = np.array([0, 1, 63], "int64" if dtype == "int64" else "int8")
    for build, ufunc in ((T.left_shift, np.left_shift), (T.right_shift, np.right_shift)):
        np.testing.assert_array_equal(evaluated(build, x, places), ufunc(x, places))
    assert (T.bvector() << 2).owner.op == T.left_shift(T.bvector(), 2).owner.op
    assert (8 >> T.bvector()).owner.op == T.right_shift(8, T.bvector()).owner.op


# Complex numbers
Z = np.array([1 + 2j, -3.5j, -2.0, 0, complex(np.inf, np.nan)])


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
def test_parts_of_complex_numbers(dtype):
    z = Z.astype(dtype)
    for build, reference in (
        (T.real, np.real),
        (T.imag, np.imag),
        (T.conj, np.conj),
        (lambda z: z.real, np.real),
        (lambda z: z.imag, np.imag),
        (lambda z: z.conj(), np.conj),
        (lambda z: z.conjugate(), np.conj),
        (np.conjugate, np.conj),
        (np.real, np.real),
        (np.imag, np.imag),
    ):
        found = evaluated(build, z)
        np.testing.assert_array_equal(found, reference(z))
        assert found.dtype == reference(z).dtype
    found = evaluated(T.angle, z)
    assert found.dtype == "float64"
    np.testing.assert_allclose(found, np.angle(z.astype("complex128")))
    np.testing.assert_allclose(evaluated(lambda z: np.angle(z, deg=True), z), np.angle(z, True))


def test_parts_of_real_numbers():
    x = T.dvector()
    assert T.real(x) is x
    assert x.conj() is x
    assert x.imag.dtype == "float64"
    assert evaluated(T.imag, np.array([1, 2])).tolist() == [0, 0]
    assert evaluated(T.angle, np.array([-1, 2, 0])).tolist() == [np.pi, 0, 0]


def test_complex_numbers_are_put_together():
    re, im = np.array([1.0, np.inf, -0.0]), np.array([np.nan, 2.0, -0.0])
    found = evaluated(T.complex, re, im)
    np.testing.assert_array_equal(found.real, re)
    np.testing.assert_array_equal(found.imag, im)
    assert np.signbit(found.real[2])
    assert evaluated(T.complex, re.astype("float32"), im.astype("float32")).dtype == "complex64"
    assert T.complex(T.lscalar(), T.lscalar()).dtype == "complex128"
    assert T.complex(T.wvector(), T.fvector()).dtype == "complex64"
    polar = evaluated(T.complex_from_polar, np.array([2.0, 1.0]), np.array([0.0, np.pi / 2]))
    np.testing.assert_allclose(polar, [2, 1j], atol=1e-16)
    np.testing.assert_array_equal(evaluated(T.nan_to_num, Z[:4]), Z[:4])
    with pytest.raises(DtypeError, match="complex"):
        T.complex(T.zvector(), 1.0)


def test_without_scipy_a_value_is_an_error_that_says_what_to_install(monkeypatch):
    x = T.dvector()
    y = T.gammaln(x)
    monkeypatch.setitem(sys.modules, "scipy.special", None)
    with pytest.raises(ImportError, match=r"gammaln(.|\n)*pip install scipy"):
        function([x], y, mode="FAST_COMPILE")(np.ones(2))
