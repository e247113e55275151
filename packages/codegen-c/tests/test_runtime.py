"""Programs, arguments and the pool, with C written by hand against the runtime's header."""

import sys
import threading

import numpy as np
import pytest
from bitale_codegen_c.runtime import (
    DTYPES,
    Argument,
    Program,
    clear_pool,
    pool_statistics,
    set_pool_limit,
)
from bitale_codegen_c.toolchain.loader import LoadError, load_kernel

# out0 = 2 in0 for float64 of any rank up to 3 and any strides, through a buffer of the pool.
DOUBLE = """
static int64_t twice(const bt_runtime *rt, const bt_array *in, bt_result *out, int ndim) {
    int64_t shape[3] = {1, 1, 1}, strides[3] = {0, 0, 0};
    for (int i = 0; i < ndim; i++) {
        out->shape[i] = in->shape[i];
        shape[3 - ndim + i] = in->shape[i];
        strides[3 - ndim + i] = in->strides[i];
    }
    double *to = rt->alloc((size_t)(shape[0] * shape[1] * shape[2]) * 8);
    if (!to) return 2;
    out->data = to;
    for (int64_t i = 0; i < shape[0]; i++)
        for (int64_t j = 0; j < shape[1]; j++)
            for (int64_t k = 0; k < shape[2]; k++)
                *to++ = 2 * *(double *)((char *)in->data + i * strides[0] + j * strides[1] +
                                        k * strides[2]);
    return 0;
}
"""


@pytest.fixture
def twice(build):
    """Make the program that doubles a float64 array of some rank."""

    def twice(ndim, **options):
        entry = build(f"return twice(rt, in, out, {ndim});", DOUBLE)
        return Program(
            *entry,
            arguments=[Argument("float64", ndim)],
            outputs=[("float64", ndim)],
            single=True,
            **options,
        )

    return twice


# --- Arguments


def test_exact_array_is_passed_as_it_is():
    x = np.arange(6.0).reshape(2, 3)
    assert Argument("float64", 2).check(x) is x


@pytest.mark.parametrize("dtype", [d.name for d in DTYPES])
def test_every_dtype_goes_in_and_out_bit_for_bit(build, dtype, rng):
    size = np.dtype(dtype).itemsize
    body = f"""
        for (int i = 0; i < {size}; i++)
            ((char *)out[1].value)[i] = ((char *)in[1].data)[i];
        int64_t n = in[0].shape[0];
        char *to = rt->alloc((size_t)n * {size});
        for (int64_t i = 0; i < n; i++)
            for (int k = 0; k < {size}; k++)
                to[i * {size} + k] = ((char *)in[0].data)[i * in[0].strides[0] + k];
        out[0].data = to;
        out[0].shape[0] = n;
        return 0;"""
    program = Program(
        *build(body),
        arguments=[Argument(dtype, 1), Argument(dtype, 0)],
        outputs=[(dtype, 1), (dtype, 0)],
    )
    x = (rng.random(7 * 16) * 100).astype(dtype)[::-2]
    vector, scalar = program((x, np.array(x[3])))
    assert vector.dtype == scalar.dtype == np.dtype(dtype)
    assert vector.tobytes() == x.tobytes()
    assert scalar.shape == ()
    assert scalar.tobytes() == x[3].tobytes()


def test_python_numbers_enter_scalar_arguments_without_loss():
    assert Argument("float64", 0).check(0.1) == 0.1
    assert Argument("float64", 0).check(2**53) == 2.0**53
    assert Argument("float32", 0).check(0.5) == np.float32(0.5)
    assert Argument("float32", 0).check(-(2**24)) == np.float32(-(2**24))
    assert Argument("int64", 0).check(-(2**63)) == -(2**63)
    assert Argument("int32", 0).check(-(2**31)) == -(2**31)
    assert Argument("int32", 0).check(7).dtype == np.int32


@pytest.mark.parametrize(
    ("dtype", "value"),
    [
        ("float32", 0.1),
        ("float32", 2**24 + 1),
        ("float64", 2**53 + 1),
        ("int64", 2**63),
        ("int32", 2**31),
        ("int32", 1.0),
        ("int64", True),
        ("int8", 1),
        ("float64", "1"),
    ],
)
def test_other_values_are_left_to_the_filter(dtype, value):
    seen = []

    def keep(given):
        seen.append(given)
        return np.zeros((), dtype)

    Argument(dtype, 0, keep).check(value)
    assert seen == [value]
    with pytest.raises(TypeError, match=f"expected an array of dtype {dtype}"):
        Argument(dtype, 0, name="x").check(value)


def test_filter_error_reaches_the_caller():
    def refuse(value):
        raise TypeError("not that")

    with pytest.raises(TypeError, match="not that"):
        Argument("float64", 1, refuse).check([1])


def test_static_length_is_checked_even_after_the_filter():
    kind = Argument("float64", (None, 1), lambda value: value, name="x")
    assert kind.check(np.zeros((3, 1))).shape == (3, 1)
    with pytest.raises(TypeError, match=r"x: got .*\(3, 2\).*\(any, 1\)"):
        kind.check(np.zeros((3, 2)))


@pytest.mark.parametrize("dtype", ["object", "U3", "datetime64[s]", ">f8", "longdouble"])
def test_dtypes_without_meaning_in_c_are_refused(dtype):
    with pytest.raises(TypeError, match="cannot be passed"):
        Argument(dtype, 0)


def test_foreign_byte_order_goes_to_the_filter():
    kind = Argument("float64", 1, lambda value: np.asarray(value, dtype="float64"))
    assert kind.check(np.array([1.0, 2.0], dtype=">f8")).tolist() == [1, 2]


def test_long_long_is_an_int64():
    x = np.arange(3, dtype=np.longlong)
    assert Argument("int64", 1).check(x).tolist() == [0, 1, 2]


def test_subclass_is_passed_as_its_base():
    x = np.arange(3.0).view(np.recarray)
    assert type(Argument("float64", 1).check(x)) is np.ndarray


@pytest.mark.parametrize(
    "make",
    [
        lambda x: x[::2],
        lambda x: x[::-1],
        lambda x: x[:0],
        lambda x: np.broadcast_to(x[0], (5,)),
        lambda x: np.frombuffer(b"\0" + x.tobytes(), dtype="float64", offset=1),
        lambda x: np.rec.fromarrays([x, x.astype("i1")], names="a,b")["a"],
        lambda x: np.frombuffer(x.tobytes()),
    ],
    ids=["strided", "reversed", "empty", "broadcast", "unaligned", "field", "read-only"],
)
def test_vector_of_any_layout(twice, make):
    x = make(np.arange(10.0))
    before = x.copy()
    np.testing.assert_array_equal(twice(1)((x,)), 2 * before)
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("shape", [(0, 3, 2), (2, 0, 4), (2, 3, 4), (1, 1, 1)])
def test_three_axes_of_any_layout(twice, shape, rng):
    x = rng.standard_normal(shape)
    for view in (x, x.transpose(2, 0, 1), x[::-1, :, ::-1], np.asfortranarray(x)):
        result = twice(3)((view,))
        assert result.flags.c_contiguous
        assert result.flags.writeable
        np.testing.assert_array_equal(result, 2 * view)


def test_as_many_axes_as_the_abi_has(build):
    body = """out[0].data = rt->alloc(8);
        for (int i = 0; i < 64; i++) out[0].shape[i] = in[0].shape[i];
        *(double *)out[0].data = *(double *)in[0].data; return 0;"""
    shape = (1,) * 64
    program = Program(
        *build(body), arguments=[Argument("float64", shape)], outputs=[("float64", shape)]
    )
    assert program((np.full(shape, 3.0),))[0].shape == shape
    with pytest.raises(TypeError, match="at most 64"):
        Argument("float64", 65)


# --- Outputs and buffers


def test_outputs_do_not_alias(twice):
    program = twice(1)
    x = np.arange(1000.0)
    results = [program((x,)) for _ in range(50)]
    for i, result in enumerate(results):
        result += i
    for i, result in enumerate(results):
        np.testing.assert_array_equal(result, 2 * x + i)


def test_buffer_of_a_dropped_array_is_used_again(twice):
    program = twice(1)
    x = np.zeros(12_345)
    first = program((x,))
    address = first.ctypes.data
    assert address % 64 == 0
    view = first[3:5]
    del first
    assert program((x,)).ctypes.data != address
    del view
    reused = pool_statistics()["reused"]
    assert any(program((x,)).ctypes.data == address for _ in range(2))
    assert pool_statistics()["reused"] > reused


def test_pool_keeps_no_more_than_its_limit(twice):
    program = twice(1)
    limit = pool_statistics()["limit"]
    try:
        set_pool_limit(1 << 20)
        results = [program((np.zeros(n),)) for n in (10, 20_000, 60_000, 60_000, 700_000)]
        del results
        assert 0 < pool_statistics()["kept_bytes"] <= 1 << 20
        set_pool_limit(0)
        assert pool_statistics()["kept_blocks"] == 0
        np.testing.assert_array_equal(program((np.ones(5),)), 2)
    finally:
        set_pool_limit(limit)


def test_buffers_of_changing_sizes_do_not_fill_the_pool(twice):
    program = twice(1)
    limit = pool_statistics()["limit"]
    try:
        set_pool_limit(4 << 20)
        for n in range(10_000, 200_000, 5_000):
            program((np.zeros(n),))
        last = program((np.zeros(n),)).ctypes.data
        assert program((np.zeros(n),)).ctypes.data == last
        assert pool_statistics()["kept_bytes"] <= 4 << 20
    finally:
        set_pool_limit(limit)


def test_clear_pool_leaves_live_arrays_alone(twice):
    result = twice(1)((np.arange(5000.0),))
    live = pool_statistics()["live_blocks"]
    clear_pool()
    assert pool_statistics()["kept_bytes"] == 0
    assert pool_statistics()["live_blocks"] == live
    np.testing.assert_array_equal(result, 2 * np.arange(5000.0))


def test_buffer_over_four_megabytes(twice):
    x = np.arange(600_001.0)
    np.testing.assert_array_equal(twice(1)((x,)), 2 * x)


def test_huge_request_is_out_of_memory(build):
    program = Program(*build("return rt->alloc((size_t)1 << 60) ? 0 : (7 << 8) | 2;"))
    with pytest.raises(MemoryError, match="node 7"):
        program(())


def test_many_inputs_and_outputs(build):
    body = "for (int i = 0; i < 100; i++) out[i].value[0] = *(double *)in[99 - i].data; return 0;"
    program = Program(
        *build(body), arguments=[Argument("float64", 0)] * 100, outputs=[("float64", 0)] * 100
    )
    assert [float(x) for x in program(tuple(range(100)))] == [99.0 - i for i in range(100)]


def test_wrong_number_of_arguments(twice):
    with pytest.raises(TypeError, match="takes 1 arguments, got 2"):
        twice(0)((1.0, 2.0))


def test_constants_follow_the_arguments(build):
    body = "out[0].value[0] = *(double *)in[0].data + ((double *)in[1].data)[1]; return 0;"
    program = Program(
        *build(body),
        arguments=[Argument("float64", 0)],
        constants=[np.array([[5.0, 6.0], [7.0, 8.0]]).T],
        outputs=[("float64", 0)],
        single=True,
    )
    assert program((1.0,)) == 8.0


def test_eight_threads_get_the_same_bits(twice, rng):
    program = twice(2)
    inputs = [rng.standard_normal((n, 3)) for n in (1, 5, 40, 200)]
    wrong = []

    def work():
        for i in range(1000):
            x = inputs[i % 4]
            if program((x,)).tobytes() != (2 * x).tobytes():
                wrong.append(i)

    before = pool_statistics()["live_blocks"]
    workers = [threading.Thread(target=work) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong
    assert pool_statistics()["live_blocks"] == before


def test_references_are_given_back(twice):
    program = twice(1)
    x = np.zeros(3)
    count = sys.getrefcount(x), sys.getrefcount(program)
    for _ in range(100):
        program((x,))
        with pytest.raises(TypeError):
            program((np.zeros(3, "float32"),))
    assert (sys.getrefcount(x), sys.getrefcount(program)) == count


# --- Errors


def test_error_hook_gets_arguments_and_status(build):
    seen = []

    def explain(args, status):
        seen.append((args, status))
        raise ValueError("shapes differ")

    body = "out[0].data = rt->alloc(100); return (3 << 8) | 1;"
    program = Program(
        *build(body),
        arguments=[Argument("float64", 0)],
        outputs=[("float64", 1)],
        on_error=explain,
    )
    live = pool_statistics()["live_blocks"]
    with pytest.raises(ValueError, match="shapes differ"):
        program((1.5,))
    assert seen == [((1.5,), (3 << 8) | 1)]
    assert pool_statistics()["live_blocks"] == live


def test_silent_error_hook_ends_in_an_error(build):
    program = Program(*build("return (12 << 8) | 1;"), on_error=lambda args, status: None, name="f")
    with pytest.raises(RuntimeError, match="f: node 12 failed"):
        program(())


def test_missing_output_is_an_error(build):
    program = Program(*build("return 0;"), outputs=[("float64", 1)])
    with pytest.raises(RuntimeError, match="nothing for output 0"):
        program(())


def test_object_of_another_version_is_not_loaded(compiler, tmp_path):
    compiler.compile("const long bitale_abi = 99;", tmp_path / "other.so")
    with pytest.raises(LoadError, match="version 99"):
        load_kernel(tmp_path / "other.so")
    (tmp_path / "text.so").write_text("not a library")
    with pytest.raises(LoadError, match="cannot be loaded"):
        load_kernel(tmp_path / "text.so")
