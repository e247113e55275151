import numpy as np
import pytest
from bitale_autodiff import DisconnectedInputError, grad
from bitale_graph import function
from bitale_graph import language as T


@pytest.mark.parametrize("shape", [(), (3,), (1,), (2, 1), (2, 3)])
def test_alloc_sums_over_what_it_repeated(shape, rng, verify_orders):
    verify_orders(lambda x: T.sqr(T.alloc(T.sin(x), 4, 2, 3)), [rng.random(shape)])


def test_alloc_by_symbolic_lengths(rng):
    x, n = T.dscalar(), T.lscalar()
    g = function([x, n], grad(T.sum(T.sqr(T.alloc(x, n, 2))), x))
    assert g(3.0, 5) == 60


def test_lengths_are_not_connected():
    n = T.lscalar()
    for made in (T.alloc(1.0, n), T.eye(n), T.zeros((n,)), T.ones((n, 2))):
        with pytest.raises(DisconnectedInputError):
            grad(T.sum(made), n)


def test_full_like_depends_on_the_value_alone():
    x, value = T.dvector(), T.dscalar()
    cost = T.sum(T.full_like(x, value))
    assert grad(cost, value).eval({x: [1.0, 2.0, 3.0], value: 5.0}) == 3
    with pytest.raises(DisconnectedInputError):
        grad(cost, x)


def test_arange_by_start_and_step():
    start, stop, step = T.dscalars(3)
    weights = T.constant(np.array([1.0, 10.0, 100.0]))
    cost = T.sum(weights * T.arange(start, stop, step))
    found = [g.eval({start: 0.5, stop: 2.0, step: 0.5}) for g in grad(cost, [start, step])]
    assert found == [111, 210]
    with pytest.raises(DisconnectedInputError):
        grad(cost, stop)
