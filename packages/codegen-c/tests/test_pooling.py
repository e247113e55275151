"""Pooling compiled: every size of windows by one function, on one thread and on two."""

import numpy as np
import pytest
from bitale_graph import Mode, config, function
from bitale_graph import language as T
from bitale_graph.pooling import MaxPoolGrad, MaxPoolTangent, Pool, PoolGrad, pooled_length
from hypothesis import given, settings
from hypothesis import strategies as st

PLAIN = Mode(linker="numpy", optimizer="None")
COMPILED = Mode(linker="c", optimizer="None")
MODES = ("max", "sum", "average_inc_pad", "average_exc_pad")


def both(ignore_border, dtype):
    """A function of all ops, for windows along three axes, on NumPy and compiled."""
    five = T.TensorType(dtype, (None,) * 4)
    x, v, g = five("x"), five("v"), five("g")
    sizes = T.lvector("sizes")
    each = [sizes[k] for k in range(9)]
    results = [Pool(3, mode, ignore_border)(x, *each) for mode in MODES]
    lengths = [T.shape_i(x, a) for a in (1, 2, 3)]
    results += [PoolGrad(3, mode, ignore_border)(g, *lengths, *each) for mode in MODES[1:]]
    results.append(MaxPoolGrad(3, ignore_border)(x, results[0], g, *each))
    results.append(MaxPoolTangent(3, ignore_border)(x, results[0], v, *each))
    return [function([x, v, g, sizes], results, mode) for mode in (PLAIN, COMPILED)]


@st.composite
def windows(draw, ignore_border):
    """The shape of what is pooled, sizes of windows, and the shape of the result."""
    shape, counts = [draw(st.integers(0, 3))], []
    axes = []
    for longest in (3, 6, 40):
        i = draw(st.integers(0, longest))
        w = draw(st.one_of(st.integers(1, 4), st.integers(1, longest + 2)))
        s = draw(st.one_of(st.just(w), st.integers(1, 6)))
        p = draw(st.integers(0, w - 1)) if ignore_border else 0
        axes.append((w, s, p))
        shape.append(i)
        counts.append(pooled_length(i, w, s, p, ignore_border))
    sizes = [axis[k] for k in range(3) for axis in axes]
    return shape, sizes, [shape[0], *counts]


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("ignore_border", [True, False])
def test_windows_of_every_size_give_what_numpy_gives(ignore_border, dtype):
    plain, compiled = both(ignore_border, dtype)
    rtol = 1e-5 if dtype == "float32" else 1e-12

    @settings(deadline=None, max_examples=150)
    @given(case=windows(ignore_border))
    def check(case):
        shape, sizes, pooled = case
        rng = np.random.default_rng(sum(shape))
        x, v = (rng.integers(-9, 9, shape).astype(dtype) / 2 for _ in range(2))
        arguments = [x, v, rng.integers(-9, 9, pooled).astype(dtype), sizes]
        for expected, found in zip(plain(*arguments), compiled(*arguments), strict=True):
            assert expected.shape == found.shape
            np.testing.assert_allclose(found, expected, rtol=rtol, atol=10 * rtol)

    check()


def test_threads_share_planes():
    plain, compiled = both(True, "float32")
    rng = np.random.default_rng(3)
    x, v = (rng.normal(size=(64, 1, 30, 31)).astype("float32") for _ in range(2))
    for sizes in ([1, 2, 2, 1, 2, 2, 0, 0, 0], [1, 3, 3, 1, 2, 2, 0, 1, 1]):
        g = rng.normal(size=(64, 1, 15, 15 if sizes[1] == 2 else 16)).astype("float32")
        with config.change_flags(threads=2):
            found = compiled(x, v, g, sizes)
        for expected, one in zip(plain(x, v, g, sizes), found, strict=True):
            np.testing.assert_allclose(one, expected, rtol=1e-5, atol=1e-5)


def test_sizes_that_cannot_be_are_told_as_numpy_tells_them():
    _, compiled = both(True, "float64")
    x = np.zeros((1, 1, 4, 4))
    with pytest.raises(ValueError, match="at least 1"):
        compiled(x, x, x, [1, 2, 2, 1, 0, 2, 0, 0, 0])
    with pytest.raises(ValueError, match="less than the window"):
        compiled(x, x, x, [1, 2, 2, 1, 2, 2, 0, 2, 0])
    with pytest.raises(ValueError, match="windows"):
        compiled(x, x, x, [1, 2, 2, 1, 2, 2, 0, 0, 0])
