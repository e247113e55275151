"""Copies by the runtime are NumPy's, for arrays and targets of any strides."""

import numpy as np
import pytest
from bitale_codegen_c.runtime import Argument, Program
from bitale_codegen_c.runtime.runtime import get_threads, set_threads
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

# out0 = in0 with its axes in reverse; the target's strides are the given ones of its transpose.
REVERSE_AXES = """
int64_t bytes = {size}, ts[BT_MAX_NDIM];
for (int a = 0; a < {ndim}; a++) {{
    out->shape[{ndim} - 1 - a] = in->shape[a];
    ts[a] = bytes;
    bytes *= in->shape[a];
}}
out->data = rt->alloc((size_t)bytes);
if (!out->data) return 2;
rt->copy(rt, out->data, ts, in->data, in->strides, in->shape, {ndim}, {size});
return 0;
"""
DTYPES = ("bool", "int16", "float32", "float64", "complex64", "complex128")


@pytest.fixture
def reverse_axes(build):
    """Make the program that copies an array with its axes in reverse."""

    def make(dtype, ndim):
        body = REVERSE_AXES.format(size=np.dtype(dtype).itemsize, ndim=ndim)
        return Program(
            *build(body), arguments=[Argument(dtype, ndim)], outputs=[(dtype, ndim)], single=True
        )

    return make


@pytest.fixture(params=[1, 3])
def threads(request):
    before = get_threads()
    set_threads(request.param)
    yield request.param
    set_threads(before)


def numbers(shape, dtype):
    return (np.arange(np.prod(shape, dtype=int)) % 251).astype(dtype).reshape(shape)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_strides(reverse_axes, data):
    dtype = data.draw(st.sampled_from(DTYPES))
    shape = data.draw(st.lists(st.integers(0, 20), min_size=1, max_size=4))
    steps = data.draw(st.lists(st.sampled_from((1, 2, -1, -3)), min_size=len(shape), max_size=4))
    order = data.draw(st.permutations(range(len(shape))))
    x = numbers([n * abs(s) for n, s in zip(shape, steps, strict=False)], dtype)
    x = x[tuple(slice(None, None, s) for s in steps[: len(shape)])].transpose(order)
    np.testing.assert_array_equal(reverse_axes(dtype, x.ndim)((x,)), x.T)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "of",
    [
        lambda x: x,
        lambda x: x.T,
        lambda x: x[::-1, ::-1],
        lambda x: x[:, ::2],
        lambda x: x[::3].T,
        lambda x: np.broadcast_to(x[:, :1], x.shape),
        lambda x: np.broadcast_to(x[0], x.shape).T,
    ],
    ids=["as it is", "transposed", "reversed", "strided", "both", "a column", "a row"],
)
def test_large_ones_by_several_threads(reverse_axes, threads, dtype, of):
    x = of(numbers((517, 1031), dtype))
    np.testing.assert_array_equal(reverse_axes(dtype, 2)((x,)), x.T)


def test_a_vector_and_long_planes(reverse_axes, threads):
    x = numbers(1_000_003, "float64")
    np.testing.assert_array_equal(reverse_axes("float64", 1)((x[::-1],)), x[::-1])
    planes = numbers((2, 3, 70_001), "float32")
    np.testing.assert_array_equal(reverse_axes("float32", 3)((planes,)), planes.T)


@pytest.mark.parametrize("dtype", [*DTYPES, "int8"])
def test_rows_of_every_short_length_backwards(reverse_axes, dtype):
    program = reverse_axes(dtype, 2)
    for length in range(70):
        x = numbers((length, 3), dtype)
        np.testing.assert_array_equal(program((x[::-1],)), x[::-1].T)
        np.testing.assert_array_equal(program((x[::-1, ::-1],)), x[::-1, ::-1].T)
        rows = np.ascontiguousarray(x.T)
        np.testing.assert_array_equal(program((rows[:, ::-1].T,)), rows[:, ::-1])
