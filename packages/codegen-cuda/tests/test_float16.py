"""Numbers of 16 bits: stored so, computed with in float32, and rounded as NumPy does."""

import ctypes

import numpy as np
import pytest
from bitale_codegen_cuda.base.errors import NoDeviceError
from bitale_codegen_cuda.compiler.nvrtc import find_nvrtc
from bitale_codegen_cuda.driver.commands import Launch, Product
from bitale_codegen_cuda.driver.emulated import EmulatedDriver
from bitale_codegen_cuda.driver.parameters import Parameters
from bitale_codegen_cuda.driver.recording import RecordingDriver
from bitale_codegen_cuda.kernel.dialect import prelude
from bitale_codegen_cuda.target import has_kernel
from bitale_graph.compile.function import function
from bitale_graph.compile.mode import Mode
from bitale_graph.extend import (
    FunctionGraph,
    Gemm,
    SoftmaxCrossentropy,
    SoftmaxCrossentropyGrad,
    SoftmaxGrad,
)
from bitale_graph.language import (
    TensorType,
    argmax,
    cast,
    dot,
    exp,
    log_softmax,
    max,
    maximum,
    set_subtensor,
    softmax,
    sum,
    switch,
)
from bitale_graph.tensor.shared import shared
from bitale_graph.testing import op_samples

HALF = np.float16
EVERY = np.arange(65536, dtype="uint16").view(HALF)
KERNELS = {
    name: f'extern "C" __global__ void {name}(const {source} *x, {to} *y, int64_t n) {{'
    f" for (int64_t i = threadIdx.x; i < n; i += blockDim.x) y[i] = {to}(x[i]); }}"
    for name, source, to in (
        ("widened", "bt_half", "float"),
        ("narrowed", "float", "bt_half"),
        ("narrowed_double", "double", "bt_half"),
        ("narrowed_integer", "int64_t", "bt_half"),
    )
}


@pytest.fixture(scope="module")
def device(needs_emulation):
    made = EmulatedDriver(optimization="-O0")
    made.compile(KERNELS)
    return made


@pytest.fixture
def on_device(device, use_driver):
    """A function, on the device and as NumPy has it, on the same numbers."""
    use_driver(device)

    def run(inputs, outputs, *given):
        made = function(inputs, outputs, mode=Mode(device="emulated"))
        assert all(map(has_kernel, FunctionGraph(inputs, outputs).toposort()))
        plain = function(inputs, outputs, mode=Mode(linker="numpy", optimizer="None"))
        return made(*given), plain(*given)

    return run


def converted(device, kernel, x, dtype):
    made = np.empty(x.shape, dtype)
    places = [device.allocate(a.nbytes) for a in (x, made)]
    device.upload(places[0], x)
    device.run([Launch(kernel, (1, 1), 32, "PPq", (*places, x.size))])
    device.download(made, places[1])
    for place in places:
        device.free(place)
    return made


def halves(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(HALF)


def half(*shape, name=None):
    return TensorType("float16", shape)(name)


MATRIX = (None, None)


def assert_same_bits(x, y):
    """All numbers and signs of zero are the same; which NaN it is may differ."""
    np.testing.assert_array_equal(x, y)
    ok = ~np.isnan(y)
    np.testing.assert_array_equal(np.signbit(x[ok]), np.signbit(y[ok]))


# Conversions
def test_every_half_is_the_same_as_float_and_back(device):
    wide = converted(device, "widened", EVERY, "float32")
    assert_same_bits(wide, EVERY.astype("float32"))
    assert_same_bits(converted(device, "narrowed", wide, HALF), EVERY)


def near_halves(dtype):
    """Halves, what lies in the middle of two, and what lies beside both."""
    finite = np.unique(EVERY[np.isfinite(EVERY)]).astype(dtype)
    middle = (finite[1:] + finite[:-1]) / 2
    ends = np.array([65519.99, 65520, 65520.01, -65520, 1e30, 2.0**-25, 2.0**-26, 1e-30], dtype)
    some = np.concatenate([finite, middle, ends])
    return np.concatenate([some, np.nextafter(some, -np.inf), np.nextafter(some, dtype(np.inf))])


@pytest.mark.parametrize(
    ("kernel", "dtype"), [("narrowed", np.float32), ("narrowed_double", np.float64)]
)
def test_numbers_are_rounded_once_to_the_nearest_and_ties_to_even(device, kernel, dtype):
    drawn = np.random.default_rng(1)
    spread = (drawn.standard_normal(20000) * 2.0 ** drawn.integers(-30, 20, 20000)).astype(dtype)
    edges = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 5e-324], dtype)
    x = np.concatenate([near_halves(dtype), spread, edges])
    with np.errstate(over="ignore"):
        assert_same_bits(converted(device, kernel, x, HALF), x.astype(HALF))


def test_integers_become_halves_as_numpys_do(device):
    x = np.concatenate([np.arange(-70000, 70000), [2**62, -(2**62)]])
    with np.errstate(over="ignore"):
        assert_same_bits(converted(device, "narrowed_integer", x, HALF), x.astype(HALF))


def test_a_number_is_passed_as_its_bits():
    for value in (HALF(1.5), 1.5, np.float64(-0.0), np.nan):
        room = Parameters("e")
        place = ctypes.c_void_p.from_address(room.fill([value])).value
        assert ctypes.c_uint16.from_address(place).value == HALF(value).view("uint16")


# Kernels
def test_each_step_of_a_fused_kernel_is_rounded(on_device):
    x, y, n = half(None), half(None), half()
    found, wanted = on_device(
        [x, y, n], [x * y + n - x / y, x * HALF(3) - y], halves(1003), halves(1003, seed=1), HALF(7)
    )
    for a, b in zip(found, wanted, strict=True):
        assert a.dtype == HALF
        assert_same_bits(a, b)


def test_comparisons_choices_and_edges(on_device):
    x, y = half(None), half(None)
    a = np.array([0, -0.0, 1, np.nan, np.inf, -np.inf, 65504, 6e-8, 2], HALF)
    b = a[::-1].copy()
    outputs = [switch(x < y, x, y), maximum(x, y), x >= y, cast(x > 0, "float16"), x + HALF(np.inf)]
    for found, wanted in zip(*on_device([x, y], outputs, a, b), strict=True):
        assert_same_bits(found, wanted)


def test_sums_do_not_stop_growing(on_device):
    x = half(*MATRIX)
    given = np.ones((2, 5000), HALF)
    found, _ = on_device([x], [sum(x), sum(x, axis=1), sum(x, axis=0)], given)
    assert found[0] == 10000
    np.testing.assert_array_equal(found[1], [5000, 5000])
    np.testing.assert_array_equal(found[2], np.full(5000, 2))


def test_the_largest_and_its_place_over_several_blocks(on_device):
    x = half(*MATRIX)
    given = halves(3, 9000)
    given[1, 4000:4010] = np.nan
    found, wanted = on_device([x], [max(x), max(x, axis=1), argmax(x, axis=1)], given)
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(a, b)


def test_reads_and_writes_at_places(on_device):
    x, rows = half(*MATRIX), TensorType("int64", (None,))()
    given, at = halves(9, 4), np.array([3, 0, -1])
    outputs = [x[rows], set_subtensor(x[rows], x[:3] * HALF(2)), x[::-1, ::2]]
    for found, wanted in zip(*on_device([x, rows], outputs, given, at), strict=True):
        assert_same_bits(found, wanted)


def test_rows_are_computed_in_float32(on_device):
    x = half(*MATRIX)
    given = halves(3, 700) * HALF(4)
    found, _ = on_device([x], [softmax(x), log_softmax(x)], given)
    wide = given.astype("float32")
    wide = wide - wide.max(1, keepdims=True)
    total = np.exp(wide).sum(1, keepdims=True)
    # One rounding apart at most, as only the result is rounded.
    for a, b in zip(found, (np.exp(wide) / total, wide - np.log(total)), strict=True):
        assert a.dtype == HALF
        np.testing.assert_array_max_ulp(a, b.astype(HALF), 1)


def test_crossentropy_and_its_derivatives(on_device):
    x, ct, t = half(*MATRIX), half(None), TensorType("int64", (None,))()
    loss, y = SoftmaxCrossentropy()(x, t)
    outputs = [loss, y, SoftmaxCrossentropyGrad()(softmax(x), ct, t), SoftmaxGrad()(x, softmax(x))]
    given = halves(5, 30), halves(5, seed=1), np.arange(5) * 3
    for found, wanted in zip(*on_device([x, ct, t], outputs, *given), strict=True):
        assert found.dtype == HALF
        np.testing.assert_allclose(found, wanted, 4e-3, 2e-3)


# Products
def test_products_are_multiplied_and_summed_in_float32(on_device):
    x, y, v = half(*MATRIX), half(*MATRIX), half(None)
    given = [halves(*shape) for shape in ((3, 5000), (5000, 2), (5000,))]
    # The products of these are no halves, but add up to 0.
    given[0][:, :2], given[1][:2], given[2][:2] = 300, ((300,), (-300,)), (300, -300)
    found, _ = on_device([x, y, v], [dot(x, y), dot(x, v), dot(x[0], v)], *given)
    a, b, c = (one.astype("float64") for one in given)
    for one, exact in zip(found, (a @ b, a @ c, a[0] @ c), strict=True):
        assert one.dtype == HALF
        np.testing.assert_allclose(one, exact, 1e-3, 0.1)


@pytest.mark.parametrize("lies", [False, True])
def test_a_product_is_added(on_device, lies):
    z, x, y = half(*MATRIX), half(*MATRIX), half(*MATRIX)
    alpha, beta = half(), half()
    # A factor that a call passes, and one that the device computes.
    factor = exp(sum(x) * HALF(0)) * beta if lies else HALF(0.25)
    given = halves(4, 3), halves(4, 6), halves(6, 3), HALF(0.5), HALF(0.25)
    total = Gemm()(z, alpha, x, y, factor)
    found, _ = on_device([z, x, y, alpha, beta], [total + beta * HALF(0)], *given)
    z, x, y = (a.astype("float32") for a in given[:3])
    np.testing.assert_array_max_ulp(found[0], (0.5 * (x @ y) + 0.25 * z).astype(HALF), 1)


def test_the_factors_of_a_product_are_float32_where_they_lie(device):
    x, scales = halves(4), np.array([0.1, 0.0], "float32")
    places = [device.allocate(8), device.allocate(8), device.allocate(8)]
    device.upload(places[0], x)
    device.upload(places[1], scales)
    alpha = places[1]
    device.run(
        [
            Product(
                "float16", 2, 2, 2, alpha, places[0], (2, 1), places[0], (1, 2), alpha + 4,
                places[2], 2, scales_lie=True,
            )
        ]
    )  # fmt: skip
    made = np.empty((2, 2), HALF)
    device.download(made, places[2])
    for place in places:
        device.free(place)
    wide = x.reshape(2, 2).astype("float32")
    np.testing.assert_array_max_ulp(made, (np.float32(0.1) * (wide @ wide.T)).astype(HALF), 1)


def test_a_shared_half_is_updated(device, use_driver):
    use_driver(device)
    rate, x = shared(HALF(0.5)), half(None)
    run = function([x], [x * rate], updates={rate: rate * HALF(2)}, mode=Mode(device="emulated"))
    given = halves(20)
    for k in range(3):
        assert_same_bits(np.asarray(run(given)[0]), given * HALF(0.5 * 2**k))
    assert rate.get_value() == HALF(4)


# The compiler
@pytest.fixture(scope="module")
def half_texts(functions_of):
    """The kernels of all samples with halves."""
    recording = RecordingDriver()
    samples = [
        sample
        for sample in op_samples()
        if "float16" in {x.dtype.name for x in sample.inputs}
        and all(map(has_kernel, FunctionGraph(*sample.graph()).toposort()))
    ]
    for sample, run in zip(samples, functions_of(recording, samples), strict=True):
        run(*sample.inputs)
    return recording.texts


# For sm_90 all kernels of the samples are compiled in test_kernels_compile.
@pytest.mark.slow
@pytest.mark.parametrize("architecture", ["sm_75", "sm_100"])
def test_nvidias_compiler_takes_kernels_on_halves(use_driver, half_texts, architecture):
    try:
        nvrtc = find_nvrtc()
    except NoDeviceError as error:
        pytest.skip(str(error))
    recording = RecordingDriver()
    use_driver(recording)
    mode = Mode(device="emulated", optimizer="None")
    x = half(*MATRIX)
    outputs = [max(x), argmax(x, axis=1), softmax(x), log_softmax(x), dot(x, x[0])]
    function([x], outputs, mode=mode)(halves(9000, 3))
    every = {**half_texts, **recording.texts}
    texts = [text for text in every.values() if "bt_half" in text]
    assert len(texts) > 70
    assert nvrtc.compile("\n".join([prelude(), *texts, *KERNELS.values()]), architecture).cubin
