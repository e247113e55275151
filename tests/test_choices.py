"""Derivatives behind a choice, at special points, in every mode: rewriting brings no NaN back."""

import bitale
import numpy as np
import pytest
from bitale import tensor as T

s, v, m, W = T.dscalar("s"), T.dvector("v"), T.dmatrix("m"), T.dmatrix("W")
MODES = {
    "FAST_RUN": "FAST_RUN",
    "FAST_COMPILE": "FAST_COMPILE",
    "numpy": bitale.Mode(linker="numpy"),
    "c without rewriting": bitale.Mode(linker="c", optimizer="None"),
}
LOG2 = np.log(2)
X = [[0.0, 1.0], [1.0, 2.0]]


def rows(x):
    return T.gt(x.min(axis=1), 0)


def looped(step):
    return bitale.scan(step, sequences=[v])[0]


CASES = {
    "x log x": (T.switch(s > 0, s * T.log(s), 0), s, 0.0, 0),
    "entropy": (T.switch(v > 0, v * T.log(v), 0).sum(), v, [0, 1, 2.0], [0, 1, 1 + LOG2]),
    "a quotient": (T.switch(T.neq(v, 0), T.sin(v) / v, 1).sum(), v, [0.0], [0]),
    "two conditions": (
        (T.switch(v > 0, T.log(v), 0) + T.switch(v > 1, T.sqrt(v - 1), 0)).sum(),
        v,
        [0, 1, 2.0],
        [0, 1, 1],
    ),
    "times a factor": ((T.switch(v > 0, T.log(v), 0) * T.exp(-v)).sum(), v, [0.0], [0]),
    "a norm": (T.switch(T.gt(abs(v).sum(), 0), T.sqrt((v**2).sum()), 0), v, [0.0, 0.0], [0, 0]),
    "rows": (T.switch(rows(m), T.log(m).sum(axis=1), 0).sum(), m, X, [[0, 0], [1, 0.5]]),
    "a product": (
        T.switch(rows(m), T.dot(T.log(m), T.ones((2,))), 0).sum(),
        m,
        X,
        [[0, 0], [1, 0.5]],
    ),
    "softmax": (
        T.switch(rows(m).dimshuffle(0, "x"), T.nnet.softmax(T.log(m)), 0)[:, 0].sum(),
        m,
        [[0, 1.0], [1, 1.0]],
        [[0, 0], [0.25, -0.25]],
    ),
    "a loop": (
        T.switch(v > 0, looped(lambda x: x * T.log(x)), 0).sum(),
        v,
        [0, 1, 2.0],
        [0, 1, 1 + LOG2],
    ),
    "in a loop": (
        looped(lambda x: T.switch(x > 0, x * T.log(x), 0)).sum(),
        v,
        [0, 1, 2.0],
        [0, 1, 1 + LOG2],
    ),
    "the larger": (T.maximum(T.log(v), -5.0).sum(), v, [0.0, 1.0], [0, 1]),
    "clip": (T.clip(1 / v, -2, 2).sum(), v, [0.0, 1.0], [0, -1]),
    "relu": (T.nnet.relu(v).sum(), v, [-1, 0, 1.0], [0, 0.5, 1]),
    "a leaky relu": (T.nnet.relu(v, 0.5).sum(), v, [-1, 0, 1.0], [0.5, 0.75, 1]),
    "equal operands": (T.maximum(v, v[::-1]).sum(), v, [1.0, 1.0, 2.0], [0, 1, 2]),
    "second derivatives": (
        T.grad(T.switch(v > 0, v * T.log(v), 0).sum(), v).sum(),
        v,
        [0, 1, 2.0],
        [0, 1, 0.5],
    ),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", CASES)
def test_derivatives_at_special_points_are_the_same_in_every_mode(name, mode):
    cost, wrt, value, expected = CASES[name]
    found = bitale.function([wrt], T.grad(cost, wrt), mode=MODES[mode])(value)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("mode", MODES)
def test_derivatives_of_what_calls_give_the_form_of_are_the_same_in_every_mode(mode):
    shape, axis, w = T.lvector("shape"), T.iscalar("axis"), T.dmatrix("w")
    costs = [
        (T.reshape(m, shape, ndim=2) ** 2).sum(),
        (T.join(axis, m, w) ** 2).sum(),
        (m[[0, 1], None] ** 2).sum(),
    ]
    inputs = [m, w, shape, axis]
    found = bitale.function(inputs, [T.grad(c, m) for c in costs], mode=MODES[mode])(
        X, X, [-1, 1], -1
    )
    for g in found:
        np.testing.assert_array_equal(g, 2 * np.asarray(X))
