"""Loops, forwards."""

import numpy as np
import pytest
from bitale_autodiff import (
    DisconnectedInputError,
    Lop,
    NullTypeGradError,
    Rop,
    disconnected_grad,
    grad,
    hessian_vector_product,
    undefined_grad,
    verify_grad,
    zero_grad,
)
from bitale_graph import carry_scan, foldl, function, scan, scan_checkpoints
from bitale_graph import language as T
from bitale_graph.extend import ShapeError, toposort
from bitale_graph.recurrence import until


def along(f, wrt, at, tangents, h=1e-6):
    """Hold a product against a difference, and against its transpose."""
    v = [x.type() for x in wrt]
    product = function([*wrt, *v], Rop(f, wrt, v), on_unused_input="ignore")
    value = function(wrt, f, on_unused_input="ignore")
    at = [np.asarray(x) for x in at]
    tangents = [np.asarray(t) for t in tangents]
    above = value(*(x + h * t for x, t in zip(at, tangents, strict=True)))
    below = value(*(x - h * t for x, t in zip(at, tangents, strict=True)))
    found = product(*at, *tangents)
    np.testing.assert_allclose(found, (above - below) / (2 * h), rtol=1e-6, atol=1e-7)
    weights = np.random.default_rng(1).normal(size=found.shape)
    back = function(wrt, Lop(f, wrt, weights), on_unused_input="ignore")(*at)
    total = sum(np.sum(b * t) for b, t in zip(back, tangents, strict=True))
    assert total == pytest.approx(np.sum(found * weights), rel=1e-9, abs=1e-12)


def recurrent(x, W, h, **options):
    return scan(lambda row, h, W: T.tanh(row + T.dot(h, W)), x, h, non_sequences=W, **options)[0]


@pytest.mark.parametrize("steps", [0, 1, 4])
@pytest.mark.parametrize("backwards", [False, True])
def test_sequences_states_and_non_sequences_move(steps, backwards, rng):
    x, W, h = T.dmatrix("x"), T.dmatrix("W"), T.dvector("h")
    f = recurrent(x, W, h, go_backwards=backwards)
    at = rng.normal(size=(steps, 3)), rng.normal(size=(3, 3)), rng.normal(size=3)
    tangents = [rng.normal(size=a.shape) for a in at]
    along(f, [x, W, h], at, tangents)
    for wrt, point, t in zip((x, W, h), at, tangents, strict=True):
        others = {v: a for v, a in zip((x, W, h), at, strict=True) if v is not wrt}
        fixed = function([wrt], f, givens=others, on_unused_input="ignore")
        v = wrt.type()
        made = function([wrt, v], Rop(f, wrt, v), givens=others, on_unused_input="ignore")
        expected = (fixed(point + 1e-6 * t) - fixed(point - 1e-6 * t)) / 2e-6
        np.testing.assert_allclose(made(point, t), expected, rtol=1e-6, atol=1e-8)


def test_the_last_state_and_the_stack_of_one_loop(rng):
    x = T.dvector("x")
    stack = scan(lambda e, s: T.sin(s * e), x, 1.0)[0]
    at, t = rng.normal(size=4), rng.normal(size=4)
    along(stack[-1], [x], [at], [t])
    along(stack[1:] * stack[:-1], [x], [at], [t])
    along(foldl(lambda e, s: T.sin(s * e), x, T.constant(1.0))[0], [x], [at], [t])
    squares = carry_scan(lambda s, e: (T.sin(s * e), s * s), T.constant(1.0), x)[1]
    along(squares, [x], [at], [t])


def test_taps_and_several_outputs(rng):
    x = T.dvector("x")

    def step(before, here, far, near, other):
        return [T.sin(far * here + near), other + before * near]

    first, second = scan(
        step,
        {"input": x, "taps": [-1, 0]},
        [{"initial": T.constant([0.5, -0.5]), "taps": [-2, -1]}, T.constant(0.1)],
    )[0]
    along(T.concatenate([first, second]), [x], [rng.normal(size=5)], [rng.normal(size=5)])


def test_until_stops_at_the_same_step(rng):
    x, y = T.dvector("x"), T.dscalar("y")

    def step(e, s, y):
        new = s + e * y
        return new, until(new > 3)

    f = scan(step, x, 0.0, non_sequences=y)[0]
    at = np.array([1.0, 1.5, 2.0, 100.0, 100.0])
    along(f, [x, y], [at, 1.1], [rng.normal(size=5), 0.3])


def test_a_step_count_that_is_computed(rng):
    x, n = T.dscalar("x"), T.lscalar("n")
    f = scan(lambda s: s * x + x, outputs_info=1.0, n_steps=n)[0]
    made = function([x, n], Rop(f, x, 1.0))
    assert made(2.0, 3).tolist() == [2, 9, 29]
    assert made(2.0, 0).tolist() == []


@pytest.mark.parametrize("truncate", [1, 2, 10])
def test_what_goes_forward_is_not_truncated(truncate):
    x = T.dscalar("x")
    f = scan(lambda s: s * x, outputs_info=1.0, n_steps=4, truncate_gradient=truncate)[0][-1]
    assert float(Rop(f, x, 1.0).eval({x: 2.0})) == 32
    # But the derivative of a truncated gradient is that of what is left of it.
    slope = grad(f, x)
    value = function([x], slope)
    expected = (value(2 + 1e-6) - value(2 - 1e-6)) / 2e-6
    assert float(Rop(slope, x, 1.0).eval({x: 2.0})) == pytest.approx(float(expected), rel=1e-6)


def test_states_that_do_not_move_are_not_carried():
    x, y = T.dvector("x"), T.dvector("y")

    def step(e, f, s, r):
        return [s + e, r * f]

    s, r = scan(step, [x, y], [0.0, 1.0])[0]
    with pytest.raises(DisconnectedInputError):
        Rop(s, y, y)
    tangent = Rop(r, y, y)
    (loop,) = [n for n in toposort([tangent]) if n.op.bodies and n is not r.owner]
    assert loop.op.n_states == 3
    assert tangent.eval({x: [1.0, 1.0], y: [2.0, 3.0]}).tolist() == [2, 12]


def test_zero_undefined_and_no_path_in_a_loop():
    x = T.dvector("x")
    f = scan(lambda e, s: zero_grad(e) + T.floor(s), x, 0.0)[0]
    assert Rop(f, x, x).eval({x: [1.0, 2.0]}).tolist() == [0, 0]
    f = scan(lambda e, s: disconnected_grad(e) + s, x, 0.0)[0]
    with pytest.raises(DisconnectedInputError):
        Rop(f, x, x)
    f, g = scan(lambda e, s, r: [undefined_grad(s) * e, r + e], x, [1.0, 0.0])[0]
    with pytest.raises(NullTypeGradError):
        Rop(f, x, x)
    assert Rop(g, x, x).eval({x: [1.0, 2.0]}).tolist() == [1, 3]
    # A state that is undefined from the second step on.
    f, g = scan(lambda e, s, r: [r * e, undefined_grad(s)], x, [1.0, 0.0])[0]
    for v in (f, g):
        with pytest.raises(NullTypeGradError):
            Rop(v, x, x)


def test_an_integer_state_moves_in_the_first_step_alone():
    n = T.lscalar("n")
    f = scan(lambda k: k + 1, outputs_info=n, n_steps=3)[0]
    g = scan(lambda k, s: [k + 1, s + 2.5 * k], outputs_info=[n, T.constant(0.0)], n_steps=3)[0][1]
    assert Rop(f, n, 1.0).eval({n: 2}).tolist() == [0, 0, 0]
    assert Rop(g, n, 1.0).eval({n: 2}).tolist() == [2.5, 2.5, 2.5]
    back = function([n], Lop(g, n, [0.0, 0.0, 1.0]), on_unused_input="ignore")
    assert float(back(2)) == 2.5


def test_checkpoints_go_forward(rng):
    x = T.dvector("x")
    f = scan_checkpoints(lambda e, s: T.sin(s + e), x, [T.constant(0.1)], save_every_N=2)[0]
    along(f, [x], [rng.normal(size=6)], [rng.normal(size=6)])


def test_loops_of_loops(rng):
    x, W = T.dmatrix("x"), T.dvector("W")

    def outer(row, W):
        return scan(lambda e, s, w: T.tanh(s * w + e), [row], T.sum(W), non_sequences=W[0])[0]

    f = scan(outer, x, non_sequences=W)[0]
    at = rng.normal(size=(3, 2)), rng.normal(size=2)
    along(f, [x, W], at, [rng.normal(size=a.shape) for a in at])


def test_second_and_third_derivatives_of_a_loop_agree_by_every_way(rng):
    x = T.dvector("x")
    f = scan(lambda e, s: T.sin(s * e) + s, x, 0.5)[0][-1]
    at, v = rng.normal(size=4), rng.normal(size=4)
    ways = {
        "forward over backward": Rop(grad(f, x), x, v),
        "backward over forward": grad(Rop(f, x, v), x),
        "backward over backward": Lop(grad(f, x), x, v),
        "helper": hessian_vector_product(f, x, v),
    }
    first, *others = function([x], list(ways.values()))(at)
    for found in others:
        np.testing.assert_allclose(found, first, rtol=1e-10)
    second = Rop(Rop(f, x, v), x, v)
    assert float(second.eval({x: at})) == pytest.approx(float(v @ first), rel=1e-10)
    third = function([x], [Rop(second, x, v), T.dot(grad(second, x), T.constant(v))])(at)
    assert float(third[0]) == pytest.approx(float(third[1]), rel=1e-9)
    verify_grad(lambda x: Rop(scan(lambda e, s: s * e, x, 1.0)[0], x, T.exp(x)), [at])


def test_known_lengths_and_unknown_tangents():
    x = T.tensor("float64", (4, 1))
    f = scan(lambda row, s: s * row, x, T.ones((1,)))[0]
    v = T.dmatrix("v")
    made = function([x, v], Rop(f, x, v))
    assert made(np.full((4, 1), 2.0), np.ones((4, 1))).ravel().tolist() == [1, 4, 12, 32]
    with pytest.raises(ShapeError, match="3"):
        made(np.full((4, 1), 2.0), np.ones((3, 1)))
