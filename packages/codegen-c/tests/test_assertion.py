import numpy as np
import pytest
from bitale_graph import Assert, function, shared
from bitale_graph import language as T
from bitale_graph.compile.mode import Mode

pytestmark = pytest.mark.usefixtures("compile_quickly")
MODES = [Mode(linker="c", optimizer="None"), Mode(linker="c")]


@pytest.mark.parametrize("mode", MODES, ids=["as_written", "rewritten"])
def test_what_holds_passes_and_what_does_not_raises(mode):
    x, z, c = T.dvector("x"), T.zscalar("z"), T.bvector("c")
    check = Assert("x is negative")
    outputs = [check(x, x >= 0, c), T.exp(check(x[::2], x[0] > 0)), check(z, c.sum() > 0)]
    f = function([x, z, c], outputs, mode=mode)
    same, powers, number = f([1.0, 2.0, 3.0], 2j, [1])
    np.testing.assert_array_equal(same, [1, 2, 3])
    np.testing.assert_allclose(powers, np.exp([1, 3]))
    assert number == 2j
    for arguments in (([1.0, -2.0], 0, [1]), ([1.0], 0, [0]), ([0.0], 0, [1]), ([1.0], 0, [])):
        with pytest.raises(AssertionError, match="x is negative"):
            f(*arguments)


@pytest.mark.parametrize("mode", MODES, ids=["as_written", "rewritten"])
def test_a_check_that_fails_changes_nothing(mode):
    state, x = shared(np.arange(3.0)), T.dvector("x")
    update = Assert("too large")(state + x, x < 10)
    f = function([x], state.sum(), updates=[(state, update)], mode=mode)
    f(np.ones(3))
    with pytest.raises(AssertionError, match="too large"):
        f(np.full(3, 10.0))
    np.testing.assert_array_equal(state.get_value(), [1, 2, 3])
