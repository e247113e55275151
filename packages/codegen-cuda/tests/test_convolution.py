"""Convolutions as products in tiles: several tiles, slices and parts, for blocks of any size."""

from dataclasses import replace

import numpy as np
import pytest
from bitale_codegen_cuda.driver.emulated import EmulatedDriver
from bitale_codegen_cuda.driver.recording import RecordingDriver
from bitale_codegen_cuda.kernel.convolution_kernel import tile_of
from bitale_graph.compile.function import function
from bitale_graph.compile.mode import Mode
from bitale_graph.convolution import Conv, ConvGradInputs, ConvGradWeights, geometry
from bitale_graph.language import TensorType

MODE = Mode(device="emulated", optimizer="None")
NUMPY = Mode(linker="py", optimizer="None")
# Images, filters, and how they are applied; none is a multiple of a tile.
CASES = {
    "several tiles": ((3, 5, 13, 11), (19, 5, 3, 4), geometry(2)),
    "groups": ((3, 6, 9, 8), (10, 3, 2, 3), geometry(2, (2, 1), 1, 1, 2)),
    "by channel": ((2, 7, 10, 9), (7, 1, 3, 3), geometry(2, 1, 1, 1, 7)),
    "in time": ((9, 4, 70), (5, 4, 3), geometry(1, 1, ((2, 0),), 2)),
    "in space": ((2, 3, 5, 6, 7), (4, 3, 2, 3, 2), geometry(3, (1, 2, 1), "half")),
}


@pytest.fixture(scope="module")
def device(needs_emulation):
    return EmulatedDriver(optimization="-O0", multiprocessors=2)


def operands(x_shape, w_shape, applied, dtype):
    """The three ops, each with what it is given."""
    rng = np.random.default_rng(3)
    x, w = (rng.normal(size=shape).astype(dtype) for shape in (x_shape, w_shape))
    y_shape = applied.out_shape(x_shape, w_shape)
    g = rng.normal(size=y_shape).astype(dtype)
    yield Conv(applied), (x, w), ()
    yield ConvGradInputs(applied), (g, w), x_shape[2:]
    yield ConvGradWeights(applied), (x, g), w_shape[2:]


@pytest.mark.slow
@pytest.mark.parametrize("threads", [1, 8, 64])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_products_in_tiles_equal_numpy(device, use_driver, case, threads):
    use_driver(device)
    device.properties = replace(device.properties, threads=threads)
    for op, given, lengths in operands(*case, "float64"):
        inputs = [TensorType("float64", (None,) * a.ndim)() for a in given]
        made = op(*inputs, *lengths)
        found, expected = (function(inputs, made, mode=mode)(*given) for mode in (MODE, NUMPY))
        np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-11)


def test_sums_over_images_are_the_same_in_every_run_and_split(use_driver, needs_emulation):
    x_shape, w_shape, applied = (40, 2, 9, 9), (3, 2, 3, 3), geometry(2)
    *_, (op, given, lengths) = operands(x_shape, w_shape, applied, "float32")
    inputs = [TensorType("float32", (None,) * 4)() for _ in given]
    recording = use_driver(RecordingDriver(multiprocessors=8))
    function(inputs, op(*inputs, *lengths), mode=MODE)(*given)
    assert {name.split("_")[1] for name in recording.texts} == {"convolution", "sum"}
    results = []
    for is_backward in (False, True):
        device = EmulatedDriver(optimization="-O0", multiprocessors=8, is_backward=is_backward)
        use_driver(device)
        results.append(function(inputs, op(*inputs, *lengths), mode=MODE)(*given).tobytes())
    assert results[0] == results[1]


@pytest.mark.parametrize("threads", [2**k for k in range(11)])
def test_tiles_have_sixteen_elements_for_each_thread(threads):
    rows, columns = tile_of(threads)
    assert rows * columns == 16 * threads
    assert rows <= columns <= 2 * rows
