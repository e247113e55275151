"""Products with diagonal matrices, from the left and the right, and what only looks like one."""

import numpy as np
import pytest
from bitale_graph import FunctionGraph, Mode, function
from bitale_graph import language as T
from bitale_graph.ops.product import Dot
from bitale_optimize.rewriter import FunctionGraphRewriter

X, V, C = np.arange(12.0).reshape(3, 4), np.array([1.0, -2.0, 3.0, 0.5]), np.ones((3, 1)) * 3


def has_product(inputs, output):
    graph, _ = FunctionGraph.cloned(inputs, [output])
    FunctionGraphRewriter().rewrite(graph, Mode())
    return Dot in [type(node.op) for node in graph.toposort()]


DIAGONAL = {
    "unit from the left": lambda x, v, c: T.dot(T.eye(x.shape[0]), x),
    "unit from the right": lambda x, v, c: T.dot(x, T.eye(x.shape[1])),
    "a vector along columns": lambda x, v, c: T.dot(x, T.eye(x.shape[1]) * v),
    "a vector along rows": lambda x, v, c: T.dot(x, T.eye(x.shape[1]) * v.dimshuffle(0, "x")),
    "from the left": lambda x, v, c: T.dot(T.eye(x.shape[1]) * v, x.T),
    "from the left by rows": lambda x, v, c: T.dot(c * T.eye(x.shape[0]), x),
    "divided": lambda x, v, c: T.dot(T.eye(x.shape[1]) / v, x.T),
    "several factors": lambda x, v, c: T.dot(2 * (T.eye(x.shape[1]) * v / (v * v)), x.T),
    "a constant": lambda x, v, c: T.dot(np.diag([1.0, 0.0, -2.0]), x),
    "known lengths": lambda x, v, c: T.dot(T.eye(3), T.specify_shape(x, (3, 4))),
}
OTHERS = {
    "another diagonal": lambda x, v, c: T.dot(T.eye(x.shape[0], k=1), x),
    "no square": lambda x, v, c: T.dot(T.eye(2, x.shape[0]), x),
    "a constant of more": lambda x, v, c: T.dot(np.eye(3) + np.eye(3, k=2), x),
    "a divisor": lambda x, v, c: T.dot(v / (T.eye(x.shape[1]) + 1), x.T),
    "one number spread along a row": lambda x, v, c: T.dot([[2.0]] * v[None], x.T),
    "a unit matrix spread along a row": lambda x, v, c: T.dot(T.eye(1) * v[None], x.T),
    "a number": lambda x, v, c: T.dot(2.0 * v.sum()[None, None], x[:1]),
    "a matrix": lambda x, v, c: T.dot(T.eye(x.shape[0]) * T.dot(x, x.T), x),
}


@pytest.mark.parametrize("name", [*DIAGONAL, *OTHERS])
def test_values_stay_and_products_with_diagonals_go(name):
    inputs = [T.dmatrix("x"), T.dvector("v"), T.TensorType("float64", (None, 1))("c")]
    output = {**DIAGONAL, **OTHERS}[name](*inputs)
    assert has_product(inputs, output) == (name in OTHERS)
    plain, fast = (
        function(inputs, output, mode=Mode("numpy", o), on_unused_input="ignore")(X, V, C)
        for o in ("None", "fast_run")
    )
    np.testing.assert_allclose(fast, plain, rtol=1e-13)


def test_lengths_that_differ_are_still_an_error():
    x, n = T.dmatrix("x"), T.lscalar("n")
    f = function([x, n], T.dot(T.eye(n), x), mode=Mode("numpy", "fast_run"))
    with pytest.raises(ValueError, match="shape"):
        f(X, 4)
