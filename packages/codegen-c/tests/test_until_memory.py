"""Loops that a condition ends take memory for the steps they make, not for those they may make."""

import numpy as np
import pytest
from bitale_codegen_c.runtime.runtime import clear_pool, pool_statistics
from bitale_graph import Mode, function, scan, until
from bitale_graph import language as T

pytestmark = pytest.mark.usefixtures("compiler")

n, limit, v = T.lscalar("n"), T.dscalar("limit"), T.dvector("v")
MOST = 10**9
WIDE = 1000
PLAIN = Mode(linker="numpy")


def counting(step):
    """Rows that grow by 1 until they pass a limit, and something of each."""

    def body(h):
        return step(h), until(step_state(step(h))[0] > limit)

    def step_state(made):
        return made[0] if isinstance(made, list) else made

    return body


STEPS = {
    "the state is the row": (lambda h: h + 1, [v]),
    "another row": (lambda h: [h + 1, T.exp(-h)], [v, None]),
    "a number for each step": (lambda h: [h + 1, h.sum()], [v, None]),
    "rows of a length that a step tells": (lambda h: [h + 1, T.arange(h[0] + 1 - h[0])], [v, None]),
}


def made(step, first, mode=None):
    outputs, _ = scan(counting(step), outputs_info=first, n_steps=n)
    outputs = outputs if isinstance(outputs, list) else [outputs]
    return function([v, n, limit], outputs, mode=mode)


@pytest.mark.parametrize("case", STEPS.values(), ids=STEPS)
@pytest.mark.parametrize("taken", [1, 2, 9, 100])
def test_rows_are_those_of_numpy(case, taken):
    f, g = made(*case), made(*case, mode=PLAIN)
    clear_pool()
    arguments = (np.zeros(WIDE), MOST, taken - 0.5)
    got = f(*arguments)
    assert pool_statistics()["live_bytes"] <= 4 * 8 * WIDE * (taken + 8)
    for one, other in zip(got, g(*arguments), strict=True):
        assert len(one) == taken
        np.testing.assert_allclose(one, other)


@pytest.mark.parametrize("case", STEPS.values(), ids=STEPS)
def test_no_step_and_a_limit_never_reached(case):
    f, g = made(*case), made(*case, mode=PLAIN)
    for steps in (0, 1, 7, 8, 9, 20):
        got, right = f(np.zeros(3), steps, 1e9), g(np.zeros(3), steps, 1e9)
        for one, other in zip(got, right, strict=True):
            assert len(one) == steps
            if steps:
                np.testing.assert_allclose(one, other)


def test_rows_that_change_their_length_are_an_error():
    def body(h):
        return [h + 1, T.arange(h[0])], until(h[0] > limit)

    outputs, _ = scan(body, outputs_info=[v, None], n_steps=n)
    f = function([v, n, limit], outputs[1])
    live = pool_statistics()["live_bytes"]
    with pytest.raises(ValueError, match="of one shape"):
        f(np.ones(2), MOST, 5.0)
    assert pool_statistics()["live_bytes"] == live
