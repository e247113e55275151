import numpy as np
import pytest
from bitale_autodiff import DisconnectedInputError, grad
from bitale_graph import Assert, function
from bitale_graph import language as T


def test_derivatives_pass_through_a_check(verify_orders, rng):
    verify_orders(lambda x: Assert("small")(T.exp(x), x < 10), [rng.random((2, 3))])


def test_what_a_condition_reads_is_not_connected():
    x, c = T.dvectors("x", "c")
    cost = T.sum(Assert("")(x, c > 0))
    with pytest.raises(DisconnectedInputError):
        grad(cost, c)
    assert function([x], grad(T.sum(Assert("")(x**2, x > 0)), x))([3.0]).tolist() == [6]


def test_the_check_is_made_where_the_derivative_reads_the_value():
    x = T.dvector("x")
    f = function([x], grad(T.sum(T.exp(Assert("negative")(x, x >= 0))), x))
    np.testing.assert_allclose(f([1.0]), np.exp([1]))
    with pytest.raises(AssertionError, match="negative"):
        f([-1.0])
