"""Products of stacks: out of loops, and as what they are less than."""

import numpy as np
import pytest
from bitale_graph import Mode, function, scan
from bitale_graph import language as T
from bitale_graph.extend import BatchedDot, Dot, Gemm, Scan

RNG = np.random.default_rng(5)


def ops(f):
    return [type(node.op) for node in f.maker.fgraph.toposort()]


@pytest.mark.parametrize(
    ("ranks", "step"),
    [((3, 3), T.dot), ((2, 3), T.dot), ((3, 2), T.dot), ((4, 4), T.matmul), ((4, 3), T.matmul)],
)
def test_products_of_two_that_change_at_every_step_are_those_of_stacks(ranks, step):
    x, y = (T.TensorType("float64", (None,) * n)() for n in ranks)
    out = scan(step, [x, y])[0]
    f = function([x, y], out, mode=Mode("numpy", "fast_run"))
    assert Scan not in ops(f)
    assert BatchedDot in ops(f) or ranks == (4, 3)
    shapes = {2: (5, 3), 3: (5, 3, 3), 4: (5, 2, 3, 3)}
    a, b = (RNG.standard_normal(shapes[n]) for n in ranks)
    wanted = np.array([np.dot(p, q) if step is T.dot else p @ q for p, q in zip(a, b, strict=True)])
    np.testing.assert_allclose(f(a, b), wanted, rtol=1e-12)


def test_a_stack_of_a_loop_is_multiplied_with_what_stays():
    x, y = T.dtensor4(), T.dtensor3()
    f = function(
        [x, y], scan(lambda p, y: p @ y, x, non_sequences=y)[0], mode=Mode("numpy", "fast_run")
    )
    assert Scan not in ops(f)
    a, b = RNG.standard_normal((5, 2, 3, 3)), RNG.standard_normal((2, 3, 4))
    np.testing.assert_allclose(f(a, b), a @ b, rtol=1e-12)


def test_an_outer_product_that_is_added_is_one_loop():
    z, x, y = T.dmatrix(), T.dvector(), T.dvector()
    out = z - 0.1 * T.dot(x.dimshuffle(0, "x"), y.dimshuffle("x", 0))
    f = function([z, x, y], out, mode=Mode("numpy", "fast_run"))
    assert len(ops(f)) <= 3
    assert Dot not in ops(f)
    assert Gemm not in ops(f)
    a, b, c = RNG.standard_normal((3, 4)), RNG.standard_normal(3), RNG.standard_normal(4)
    np.testing.assert_allclose(f(a, b, c), a - 0.1 * np.outer(b, c), rtol=1e-12)
