import numpy as np
import pytest
from bitale_autodiff import grad, subgraph_grad
from bitale_graph import function
from bitale_graph import language as T


def network():
    """Two layers: x -> tanh(x W) -> h V, and a cost."""
    x, W, V = T.dvector("x"), T.dmatrix("W"), T.dmatrix("V")
    hidden = T.tanh(T.dot(x, W))
    out = T.dot(hidden, V)
    return x, W, V, hidden, T.sum(T.sqr(out))


def test_pieces_give_the_gradient_of_the_whole(rng):
    x, W, V, hidden, cost = network()
    (by_v,), (by_hidden,) = subgraph_grad([V], end=[hidden], cost=cost)
    (by_w,), (by_x,) = subgraph_grad([W], end=[x], start={hidden: by_hidden})
    run = function([x, W, V], [by_w, by_v, by_x, *grad(cost, [W, V, x])])
    found = run(rng.normal(size=2), rng.normal(size=(2, 3)), rng.normal(size=(3, 2)))
    for piece, whole in zip(found[:3], found[3:], strict=True):
        np.testing.assert_allclose(piece, whole)


def test_a_penalty_counts_besides(rng):
    x, W, V, hidden, cost = network()
    penalty = T.sum(W**2)
    _, (by_hidden,) = subgraph_grad([V], end=[hidden], cost=cost)
    wrt, end, from_start, from_cost = subgraph_grad(
        [W], end=[x], start={hidden: by_hidden}, cost=penalty, details=True
    )
    whole = grad(cost + penalty, [W, x])
    run = function([x, W, V], [*wrt, *end, *from_start, *from_cost, *whole])
    at = rng.normal(size=2), rng.normal(size=(2, 3)), rng.normal(size=(3, 2))
    by_w, by_x, one, other, expected_w, expected_x = run(*at)
    np.testing.assert_allclose(by_w, expected_w)
    np.testing.assert_allclose(by_x, expected_x)
    np.testing.assert_allclose(one + other, expected_w)
    np.testing.assert_allclose(other, 2 * at[1])


def test_where_it_ends_nothing_flows_further():
    x = T.dscalar("x")
    y = x**2
    (by_x,), (by_y,) = subgraph_grad([x], end=[y], cost=y * x)
    assert float(by_x.eval({x: 3.0})) == 9
    assert float(by_y.eval({x: 3.0})) == 3


def test_what_nothing_depends_on_is_zero():
    x, y = T.dscalars("x", "y")
    (by_y,), _, from_start, from_cost = subgraph_grad([y], [x], cost=x**2, details=True)
    assert float(by_y.eval({y: 1.0})) == 0
    assert from_start is None
    assert len(from_cost) == 1


def test_something_has_to_be_given():
    x = T.dscalar("x")
    with pytest.raises(ValueError, match="a cost, or both"):
        subgraph_grad([x], [x])
    with pytest.raises(TypeError, match="start must map"):
        subgraph_grad([x], [x], start=[x])
