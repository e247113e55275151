"""A derivative depends on what it was taken by, and so does its own derivative."""

import numpy as np
import pytest
from bitale_autodiff import grad
from bitale_graph import TensorType, function
from bitale_graph import language as T

s, v, n = T.dscalar("s"), T.dvector("v"), T.iscalar("n")
fixed = TensorType("float64", (3,))("fixed")
ones = TensorType("float64", (1, 1))("ones")
VALUES = {s: 2.0, v: [1.0, 2.0, 3.0], n: 3, fixed: [1.0, 2.0, 3.0], ones: [[2.0]]}


def derivative(cost, x, order):
    g = cost
    for _ in range(order):
        g = grad(T.sum(g), x)
    return g


@pytest.mark.parametrize("x", [s, v, fixed, ones], ids=lambda x: x.name)
@pytest.mark.parametrize("order", [1, 2, 3, 4, 5])
def test_derivatives_of_a_square_to_any_order_are_functions_of_what_is_squared(x, order):
    found = function([x], derivative(T.sum(T.sqr(x)), x, order))(VALUES[x])
    value = np.asarray(VALUES[x])
    expected = [2 * value, np.full(value.shape, 2.0)][order - 1] if order < 3 else 0 * value
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("x", [s, v, n, fixed, ones], ids=lambda x: x.name)
@pytest.mark.parametrize(
    ("cost", "expected"),
    [
        pytest.param(lambda x: 3.0 * x, 3.0, id="linear"),
        pytest.param(T.floor, 0.0, id="floor"),
        pytest.param(lambda x: T.cast(T.gt(x, 0), "float64"), 0.0, id="comparison"),
    ],
)
def test_a_derivative_that_is_the_same_everywhere_is_a_function_too(x, cost, expected):
    found = function([x], grad(T.sum(cost(x)), x))(VALUES[x])
    np.testing.assert_array_equal(found, np.full(np.shape(VALUES[x]), expected))


def test_each_of_several_derivatives_depends_on_its_own_variable():
    x, y = T.dscalars("xy")
    gx, gy = grad(2.0 * x + 5.0 * y, [x, y])
    assert function([x], gx)(1.0) == 2
    assert function([y], gy)(1.0) == 5
