"""Derivatives of what is made of rows of the scalar table, and where series take over."""

import numpy as np
import pytest
import scipy.special
from bitale_autodiff import NullTypeGradError, grad
from bitale_graph import function
from bitale_graph import language as T

X = np.array([0.3, 0.55, 0.9])
P = np.array([0.7, 1.6, 2.4])
MADE = {
    "logit": (T.logit, [X]),
    "log1mexp": (T.log1mexp, [-P]),
    "xlogx": (T.xlogx, [P]),
    "xlogy0": (T.xlogy0, [X, P]),
    "xlog1py": (T.xlog1py, [X, P]),
    "logsumexp": (lambda x: T.logsumexp(x, axis=0), [np.stack([X, P, -P])]),
    "logsumexp of all": (lambda x: T.logsumexp(x, keepdims=True), [800 * np.stack([X, P])]),
    "ndtri": (T.ndtri, [X]),
    "chi2sf by x": (lambda x: T.chi2sf(x, 2.5), [P]),
    "gammau by x": (lambda x: T.gammau(1.5, x), [P]),
    "gammal by x": (lambda x: T.gammal(1.5, x), [P]),
    "factorial": (T.factorial, [P]),
    "k0": (T.k0, [P]),
    "k1": (T.k1, [P]),
    "kn": (lambda x: T.kn(2, x), [P]),
    "sinc": (T.sinc, [P]),
    "sinc by its series": (T.sinc, [np.array([0.02, -0.01, 0.03])]),
    "j1 by its series": (T.j1, [np.array([0.02, -0.08, 0.0])]),
    "i1 by its series": (T.i1, [np.array([0.02, -0.08, 0.0])]),
    "float_power": (T.float_power, [P, X]),
    "smallest": (T.smallest, [X, P, P - 1.3]),
    "nan_to_num": (T.nan_to_num, [P]),
    "size of polar": (lambda r, a: T.real(T.complex_from_polar(r, a)), [P, X]),
}


@pytest.mark.parametrize("name", MADE)
def test_first_and_second_derivatives_agree_with_differences(name, verify_orders):
    verify_orders(*MADE[name])


def slope(build, *values):
    inputs = [T.dvector() for _ in values]
    return function(inputs, grad(T.sum(build(*inputs)), inputs))(*values)


def test_the_gradient_of_logsumexp_is_softmax():
    x = np.array([1000.0, 1001.0, -np.inf])
    (found,) = slope(T.logsumexp, x)
    np.testing.assert_allclose(found, scipy.special.softmax(x))


def test_a_product_with_a_logarithm_has_the_derivative_zero_at_zero():
    (found,) = slope(T.xlogx, np.array([0.0, 1.0]))
    assert found.tolist() == [0, 1]


def test_steps_are_flat():
    for build in (T.round_half_away_from_zero, lambda x: T.heaviside(x, 0.5)):
        (found,) = slope(build, np.array([0.3, -1.7]))
        assert found.tolist() == [0, 0]


def test_equal_infinities_share_the_gradient_of_a_sum_of_exponentials():
    for x in (np.inf, -np.inf, 3.0):
        a, b = slope(T.logaddexp, np.array([x]), np.array([x]))
        assert [a.item(), b.item()] == [0.5, 0.5]


def test_the_length_of_a_vector_without_length_has_the_gradient_zero():
    found = slope(T.hypot, np.zeros(1), np.zeros(1))
    assert [g.item() for g in found] == [0, 0]


def test_derivatives_of_bessel_functions_keep_their_digits_where_series_begin():
    x = np.array([1e-9, 0.0999999, 0.1000001])
    second = function([v := T.dvector()], grad(T.sum(grad(T.sum(T.j1(v)), v)), v))(x)
    np.testing.assert_allclose(second, scipy.special.jvp(1, x, 2), rtol=1e-12)


def test_what_has_no_derivative_by_an_order_has_one_through_the_argument():
    v, x = T.dscalar(), T.dscalar()
    with pytest.raises(NullTypeGradError, match=r"jv.*input 0.*not implemented.*numeric_grad"):
        grad(T.jv(v, x), v)
    found = function([v, x], grad(T.jv(v, x), x))(1.5, 2.0)
    assert found == pytest.approx(scipy.special.jvp(1.5, 2.0))
