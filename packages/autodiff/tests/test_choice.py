"""What a switch did not choose adds exactly nothing to a derivative."""

import numpy as np
import pytest
from bitale_autodiff import grad, verify_grad
from bitale_autodiff.choices import Choice, Literal, both, chosen_from, fitted_choice
from bitale_graph import TensorType, function, ifelse, scan
from bitale_graph import language as T
from bitale_graph.core.order import toposort

s, a = T.dscalars("sa")
v, w = T.dvectors("vw")
m, W = T.dmatrices("mW")
LOG2 = np.log(2)


def chosen(condition, x):
    return T.switch(condition, x, 0)


def rows(x):
    return T.gt(T.min(x, axis=1), 0)


def scanned(step):
    return scan(step, sequences=[v])[0]


X = [[0.0, 1.0], [1.0, 2.0]]
# name: (cost, by what, inputs, values, derivative)
CASES = {
    "x log x": (chosen(s > 0, s * T.log(s)), s, [s], [0.0], 0),
    "x log x where it is chosen": (chosen(s > 0, s * T.log(s)), s, [s], [1.0], 1),
    "a vector": (T.sum(chosen(v > 0, v * T.log(v))), v, [v], [[0, 1, 2.0]], [0, 1, 1 + LOG2]),
    "the other branch": (
        T.sum(T.switch(v <= 0, v, T.sqrt(v) ** 3)), v, [v], [[0, -2, 4.0]], [1, 1, 3],
    ),
    "both branches": (
        T.sum(T.switch(v > 0, T.log(v), T.log(-v))), v, [v], [[2.0, -4.0]], [0.5, -0.25],
    ),
    "nested": (
        T.sum(T.switch(v > 0, T.switch(v < 2, T.sqrt(2 - v), T.log(v - 2)), 1 / v)),
        v, [v], [[4.0, 1.0]], [0.5, -0.5],
    ),
    "a huge and a tiny number": (
        T.sum(chosen(v > 0, T.log(v))), v, [v], [[1e300, 1e-300, 0.0]], [1e-300, 1e300, 0],
    ),
    "nan": (T.sum(chosen(T.invert(T.isnan(v)), v**2)), v, [v], [[np.nan, 3.0]], [0, 6]),
    "infinity": (T.sum(chosen(T.invert(T.isinf(v)), v**3)), v, [v], [[np.inf, 2.0]], [0, 12]),
    "empty": (T.sum(chosen(v > 0, T.log(v))), v, [v], [[]], []),
    "two of one operand": (
        T.sum(chosen(v > 0, T.log(v)) + chosen(v > 1, T.sqrt(v - 1))), v, [v], [[0, 1, 2.0]],
        [0, 1, 1],
    ),
    "the larger": (T.sum(T.maximum(T.log(v), -5.0)), v, [v], [[0.0, 1.0]], [0, 1]),
    "the smaller": (T.sum(T.minimum(1 / v, 5.0)), v, [v], [[0.0, 1.0]], [0, -1]),
    "clip": (T.sum(T.clip(T.log(v), -5, 0.5)), v, [v], [[0.0, 1.0, 9.0]], [0, 1, 0]),
    "the largest of several": (T.max(T.log(v)), v, [v], [[0.0, 1.0, 2.0]], [0, 0, 0.5]),
    "a number broadcast": (T.sum(chosen(s > 0, T.log(v * s))), s, [s, v], [0.0, [1, 2.0]], 0),
    "a condition by columns": (
        T.sum(chosen(T.all(m > 0, axis=0), T.log(m))), m, [m], [X], [[0, 1], [0, 0.5]],
    ),
    "an operand repeated along rows": (
        T.sum(chosen(m > 1, T.log(v) * m)), v, [v, m], [[0.0, 2.0], [[1, 3.0], [0, 4.0]]], [0, 3.5],
    ),
    "a sum behind": (
        T.sum(chosen(rows(m), T.sum(T.log(m), axis=1))), m, [m], [X], [[0, 0], [1, 0.5]],
    ),
    "a product behind": (
        T.sum(chosen(rows(m), T.prod(T.log(m), axis=1))), m, [m], [[[0, 1.0], [2, 2.0]]],
        [[0, 0], [LOG2 / 2, LOG2 / 2]],
    ),
    "a dot behind a number": (
        chosen(T.gt(T.min(v), 0), T.dot(v, T.log(v))), v, [v], [[0, 1, 2.0]], [0, 0, 0],
    ),
    "a matrix times a vector": (
        T.sum(chosen(rows(m), T.dot(T.log(m), v))), v, [m, v], [X, [1, 2.0]], [0, LOG2],
    ),
    "that matrix": (
        T.sum(chosen(rows(m), T.dot(T.log(m), v))), m, [m, v], [X, [1, 2.0]], [[0, 0], [1, 1]],
    ),
    "a vector times a matrix": (
        T.sum(chosen(rows(m), T.dot(v, T.log(m.T)))), v, [m, v], [X, [1, 2.0]], [0, LOG2],
    ),
    "rows of data that are missing": (
        T.sum(T.switch(T.isnan(T.sum(m, axis=1, keepdims=True)), 0, T.dot(m, W))), W,
        [m, W], [[[np.nan, 1], [1, 2.0]], np.ones((2, 2))], [[1, 1], [2, 2]],
    ),
    "a column times a row": (
        T.sum(chosen(T.outer(v, v) > 0, T.outer(T.log(v), v))), v, [v], [[0, 1, 2.0]],
        [0, 3 + LOG2, 1.5 + LOG2],
    ),
    "a transpose": (T.sum(chosen(m.T > 0, T.log(m).T)), m, [m], [X], [[0, 1], [1, 0.5]]),
    "a reshape": (
        T.sum(chosen(T.reshape(m, (4,)) > 0, T.reshape(T.log(m), (4,)))), m, [m], [X],
        [[0, 1], [1, 0.5]],
    ),
    "a slice": (T.sum(chosen(v[1:] > 0, T.log(v)[1:])), v, [v], [[0, 0, 2.0]], [0, 0, 0.5]),
    "an index read twice": (
        T.sum(chosen(v[[1, 0, 1]] > 0, T.log(v)[[1, 0, 1]])), v, [v], [[0, 2.0]], [0, 1],
    ),
    "a write": (
        T.sum(chosen(v > 0, T.set_subtensor(T.log(v)[0], 3.0))), v, [v], [[1, 0, 2.0]], [0, 0, 0.5],
    ),
    "a join": (
        T.sum(chosen(T.concatenate([v, v]) > 0, T.concatenate([T.log(v), v]))), v, [v], [[0, 2.0]],
        [0, 1.5],
    ),
    "a stack": (
        T.sum(chosen(T.stack([s, a]) > 0, T.stack([T.log(s), a]))), s, [s, a], [0.0, 1.0], 0,
    ),
    "an allocation": (
        T.sum(chosen(v > 0, T.alloc(T.log(s), v.shape[0]))), s, [s, v], [0.0, [-1, -2.0]], 0,
    ),
    "softmax": (
        T.sum(chosen(T.dimshuffle(rows(m), 0, "x"), T.softmax(T.log(m)) ** 2)), m, [m],
        [[[0, 1.0], [1, 1.0]]], [[0, 0], [0, 0]],
    ),
    "the step of a loop": (
        T.sum(scanned(lambda x: chosen(x > 0, x * T.log(x)))), v, [v], [[0, 1, 2.0]],
        [0, 1, 1 + LOG2],
    ),
    "rows of a loop": (
        T.sum(chosen(v > 0, scanned(lambda x: x * T.log(x)))), v, [v], [[0, 1, 2.0]],
        [0, 1, 1 + LOG2],
    ),
    "before a loop": (
        T.sum(chosen(v > 0, scan(lambda x: 2 * x, T.log(v))[0])), v, [v], [[0, 1, 2.0]], [0, 2, 1],
    ),
    "before a loop over rows": (
        T.sum(chosen(rows(m), scan(T.sum, T.log(m))[0])), m, [m], [X], [[0, 0], [1, 0.5]],
    ),
    "in a loop over rows": (
        T.sum(chosen(rows(m), scan(lambda x: T.sum(T.log(x)), m)[0])), m, [m], [X],
        [[0, 0], [1, 0.5]],
    ),
    "a loop behind a number": (
        chosen(T.gt(T.min(v), 0), T.sum(scanned(lambda x: x * T.log(x)))), v, [v], [[0, 1, 2.0]],
        [0, 0, 0],
    ),
    "a branch that ran": (
        T.sum(chosen(v > 0, ifelse(T.gt(s, 0), T.log(v), v))), v, [v, s], [[0, 1, 2.0], 1.0],
        [0, 1, 0.5],
    ),
    "second derivatives": (
        T.sum(grad(T.sum(chosen(v > 0, v * T.log(v))), v)), v, [v], [[0, 1, 2.0]], [0, 1, 0.5],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(CASES))
def test_what_is_not_chosen_adds_nothing(name):
    cost, wrt, inputs, values, expected = CASES[name]
    found = function(inputs, grad(cost, wrt), on_unused_input="ignore")(*values)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_an_infinite_derivative_at_a_chosen_point_stays_so():
    assert grad(T.switch(s >= 0, T.sqrt(s), 0), s).eval({s: 0.0}) == np.inf


def test_second_derivatives_where_a_chosen_cotangent_is_zero_are_right():
    cost = T.switch(s > 0, T.sqr(s * s - 4.0), 0)
    # At 2 the cotangent of s * s is zero, and not so its derivative.
    assert grad(grad(cost, s), s).eval({s: 2.0}) == 32


def test_a_graph_without_choices_is_not_touched():
    cost = T.sum(T.log(T.exp(v) * T.sqrt(v)))
    names = {str(node.op) for node in toposort([grad(cost, v)])}
    assert not any("switch" in name for name in names)


def test_one_choice_serves_a_whole_chain():
    cost = T.sum(T.switch(v > 0, T.sin(T.log(T.sqrt(v))), 0))
    names = [str(node.op) for node in toposort([grad(cost, v)])]
    # The one of the cost, whose shape is read, and one behind the chain.
    assert sum("switch" in name for name in names) == 2


def test_the_parts_of_a_choice_make_the_whole():
    c, d = (TensorType("bool", (None,))() for _ in range(2))
    x, y = v * 2, w * 3
    yes, no, outer = Literal(c, True, True), Literal(c, False, True), Literal(d, True, True)
    _, left = both((x, Choice((outer, yes))), (y, Choice((outer, no))), T.add)
    assert left == Choice((outer,))
    _, none = both((x, Choice((yes,))), (y, Choice((no,))), T.add)
    assert none is None
    _, none = both((x, Choice((outer, yes))), (y, None), T.add)
    assert none is None


def test_only_what_is_due_is_chosen_again():
    c, d = (TensorType("bool", (None,))() for _ in range(2))
    x = chosen_from(v, Choice((Literal(c, True, False), Literal(d, True, True))))
    assert x.owner.inputs[:2] == [d, v]


def test_a_condition_is_summed_with_the_axes_of_its_cotangent():
    c = TensorType("bool", (None, None))()
    found = fitted_choice(Choice((Literal(c, True, False),)), TensorType("float64", (None,)))
    assert found.literals[0].condition.ndim == 1


@pytest.mark.parametrize("ndim", [1, 2, 3])
@pytest.mark.parametrize("f", [T.softmax, T.log_softmax])
def test_what_is_not_chosen_of_a_row_still_depends_on_all_of_it(f, ndim):
    rng = np.random.default_rng(ndim)
    x, weights = rng.normal(size=(2, *(2, 3, 4)[:ndim]))
    verify_grad(
        lambda v: T.sum(T.switch(weights > 0, weights * f(v), 0)), [x], rng=np.random.default_rng(0)
    )
