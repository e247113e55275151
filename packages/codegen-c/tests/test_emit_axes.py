"""Arrays of many axes, up to NumPy's 64: one loop counts through the outer ones."""

import numpy as np
import pytest
from bitale_graph import function, scan, shared
from bitale_graph import language as T
from bitale_graph.compile.mode import Mode
from bitale_graph.tensor.variable import TensorType

AS_WRITTEN = Mode(linker="c", optimizer="None")
NUMPY = Mode(linker="numpy", optimizer="None")

pytestmark = [
    pytest.mark.usefixtures("compile_quickly"),
    pytest.mark.skipif(np.lib.NumpyVersion(np.__version__) < "2.0.0", reason="NumPy 1 has 32 axes"),
]


def of_rank(rank, dtype="float64"):
    return TensorType(dtype, (None,) * rank)


def shape_of(rank, **lengths):
    shape = [1] * rank
    for axis, n in lengths.items():
        shape[int(axis[1:])] = n
    return shape


def compared(inputs, outputs, *values):
    made = function(inputs, outputs, mode=AS_WRITTEN)
    assert type(made.executable).__name__ == "Program"
    expected = function(inputs, outputs, mode=NUMPY)(*values)
    for k, (a, b) in enumerate(zip(made(*values), expected, strict=True)):
        assert (a.dtype, a.shape) == (b.dtype, b.shape), k
        np.testing.assert_allclose(a, b, rtol=1e-14, err_msg=str(k))


@pytest.mark.parametrize("rank", [33, pytest.param(64, marks=pytest.mark.slow)])
def test_elementwise_and_reductions(rank):
    x, v = of_rank(rank)("x"), T.dvector("v")
    last = rank - 1
    value = np.arange(24.0).reshape(shape_of(rank, a0=2, a5=3, a20=2, **{f"a{last}": 2}))
    outputs = [T.exp(x) * v, x.sum(), x.sum(axis=0), x.sum(axis=(5, last)), x.max(axis=20)]
    for given in (value, np.asfortranarray(value), value[::-1], value[..., :1], value[:0]):
        if given.size:
            compared([x, v], outputs, given, np.arange(given.shape[-1]) + 1.0)
        compared([x, v], outputs[:4], given, np.arange(given.shape[-1]) + 1.0)


@pytest.mark.parametrize("rank", [33, pytest.param(64, marks=pytest.mark.slow)])
def test_views_copies_and_python(rank):
    x = of_rank(rank)("x")
    value = np.arange(24.0).reshape(shape_of(rank, a0=2, a9=3, a20=2, **{f"a{rank - 1}": 2}))
    rows = T.as_tensor(np.array([1, 0, 1]))
    outputs = [x.T, x.reshape((4, 6)), x[1], x[::-1], x[..., 0], T.join(9, x, x), x[rows]]
    outputs += [T.set_subtensor(x[0], 7.0), T.inc_subtensor(x[rows], 1.0), T.argmax(x, axis=9)]
    outputs += [T.cast(T.cast(x, "complex64") * 2, "complex128"), T.cast(x, "float16"), x.shape]
    outputs += [T.alloc(1.5, *value.shape), x.dimshuffle(*range(rank)[::-1]), x.flatten()]
    compared([x], outputs, value)


@pytest.mark.slow
def test_shared_state_and_loops_of_64_axes():
    state = shared(np.ones(shape_of(64, a3=2, a40=3)), "state")
    x = of_rank(63)("x")
    value = np.full(shape_of(63, a2=2, a39=3), 0.5)
    rows, _ = scan(lambda old: old * x + 1, outputs_info=x, n_steps=3)
    f = function([x], [rows, state.sum()], updates=[(state, state * 2 + rows[:1])], mode=AS_WRITTEN)
    found, _ = f(value)
    steps = [1.25, 1.625, 1.8125]
    np.testing.assert_allclose(found, np.array(steps).reshape(shape_of(64, a0=3)) + 0 * value)
    np.testing.assert_array_equal(state.get_value(), np.full(state.get_value().shape, 3.25))


@pytest.mark.slow
@pytest.mark.parametrize("rank", [7, 8, 10])
@pytest.mark.parametrize("reduced", ["all", "outer", "inner", "middle", "none"])
def test_axes_are_counted_as_they_are_nested(rank, reduced, rng):
    """Large enough that threads share the work, with operands that stand still along axes."""
    x, small = of_rank(rank)("x"), TensorType("float64", (1, None) + (1,) * (rank - 2))("small")
    lengths = [4, 3, 5, 2, 3, 2, 7, 3, 2, 3][:rank]
    lengths[-1] = 80_000 // int(np.prod(lengths[:-1]))
    value = rng.standard_normal(lengths)
    axes = {"all": None, "outer": 0, "inner": rank - 1, "middle": (2, 4, 5), "none": ()}[reduced]
    y = T.exp(x) * small
    y = y if axes == () else y.sum(axis=axes)
    given = rng.standard_normal([1, 3] + [1] * (rank - 2))
    for one in (value, value.transpose().copy().transpose(), value[::-1]):
        made = function([x, small], y, mode=AS_WRITTEN)(one, given)
        expected = np.exp(one) * given
        expected = expected if axes == () else expected.sum(axis=axes)
        np.testing.assert_allclose(made, expected, rtol=1e-10, atol=1e-10)


def test_more_axes_than_numpy_has_are_refused():
    with pytest.raises((TypeError, ValueError), match=r"axes|dimension"):
        function([x := of_rank(65)("x")], x.sum(), mode=AS_WRITTEN)
