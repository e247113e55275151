"""Kernels that write beside their memory, or read it, are found on the emulated device."""

import ctypes

import numpy as np
import pytest
from bitale_codegen_cuda.base.errors import CudaError
from bitale_codegen_cuda.driver.commands import Launch
from bitale_codegen_cuda.driver.emulated import FENCE, POISON, EmulatedDriver
from bitale_codegen_cuda.driver.memory import Memory
from bitale_graph.compile.function import function
from bitale_graph.compile.mode import Mode
from bitale_graph.language import dvector
from bitale_graph.testing import op_samples

TEXTS = {
    "writes": 'extern "C" __global__ void writes(char *x, int64_t at) { x[at] = 1; }',
    "reads": 'extern "C" __global__ void reads(float *x, float *y, int64_t at) { *y = x[at]; }',
}
# Nothing that is computed comes near: all bytes of it are the poison.
POISONED = float(np.full(4, POISON, np.uint8).view("float32")[0])


@pytest.fixture(scope="module")
def device(needs_emulation):
    made = EmulatedDriver(optimization="-O0")
    made.compile(TEXTS)
    return made


@pytest.mark.parametrize("size", [1, 100, 256])
def test_a_kernel_that_writes_beside_its_memory_is_found(device, size):
    for at in (-FENCE, -1, size, size + FENCE - 1):
        address = device.allocate(size)
        device.run([Launch("writes", (1, 1), 1, "Pq", (address, at))])
        with pytest.raises(CudaError, match=f"wrote beside {size} bytes"):
            device.free(address)
    for at in (0, size - 1):
        address = device.allocate(size)
        device.run([Launch("writes", (1, 1), 1, "Pq", (address, at))])
        device.free(address)


def test_what_was_not_written_reads_as_a_number_that_nothing_computes(device):
    x, y = Memory(device, 40), Memory(device, 4)
    x.upload(np.arange(9, dtype="float32"))
    found = []
    for at in (8, 9, 10, -1):
        device.run([Launch("reads", (1, 1), 1, "PPq", (x.address, y.address, at))])
        found.append(float(y.download((), "float32")))
    assert found == [8, *[POISONED] * 3]
    assert POISONED > 1e38


class PlantedDriver(EmulatedDriver):
    """Compiles kernels with a mistake."""

    mistake = ("", "")

    def compile(self, texts):
        super().compile({name: text.replace(*self.mistake) for name, text in texts.items()})


def planted(use_driver, mistake, *, is_backward=False):
    driver = use_driver(PlantedDriver(optimization="-O0", is_backward=is_backward))
    driver.mistake = mistake
    x, y = dvector("x"), dvector("y")
    return driver, function([x, y], x * y, mode=Mode(device="emulated", optimizer="None"))


def test_a_loop_that_goes_too_far_is_found_at_the_end_of_the_memory(needs_emulation, use_driver):
    # 32 numbers fill their memory to the end.
    driver, run = planted(use_driver, ("e < count;", "e < count + 1;"))
    run(np.ones(32), np.ones(32))
    (_, plan), memory = run.executable.plans[0], run.executable._memory
    assert plan.layout.size == memory.size == 3 * 256
    with pytest.raises(CudaError, match="wrote beside 768 bytes"):
        driver.free(memory.address)
    del memory.address  # nothing is left to be freed


def test_a_loop_that_ends_too_early_leaves_what_nothing_computes(needs_emulation, use_driver):
    _, run = planted(use_driver, ("e < count;", "e < count - 1;"))
    found = run(np.arange(33.0), np.ones(33))
    np.testing.assert_array_equal(found[:-1], np.arange(32))
    assert found[-1] == np.full(8, POISON, np.uint8).view("float64")[0]


def overrun(run):
    """Where the memory of a function's plan was written beside its regions, inputs left out."""
    (_, plan) = run.executable.plans[-1]
    layout, memory = plan.layout, run.executable._memory
    held = np.ctypeslib.as_array((ctypes.c_uint8 * layout.size).from_address(memory.address))
    is_free = np.ones(layout.size, bool)
    starts = [*layout.outputs.items()]
    starts += [(k, layout.arena_start + at) for k, at in layout.arena.offsets.items()]
    is_free[: min((at for _, at in starts), default=layout.size)] = False
    for k, at in starts:
        is_free[at : at + plan.regions[k].size] = False
    return np.flatnonzero(is_free & (held != POISON)), int(is_free.sum())


def test_a_loop_that_goes_too_far_is_found_between_regions(needs_emulation, use_driver, gaps):
    _, run = planted(use_driver, ("e < count;", "e < count + 1;"))
    run(np.ones(32), np.ones(32))
    found, _ = overrun(run)
    (start,) = run.executable.plans[0][1].layout.outputs.values()
    assert list(found) == [start + 256 + k for k in range(8)]


@pytest.mark.slow
@pytest.mark.parametrize("is_backward", [False, True], ids=["forward", "backward"])
def test_no_kernel_of_the_samples_writes_or_reads_beside_its_regions(
    sample_device, functions_of, gaps, is_backward
):
    sample_device.is_backward = is_backward
    samples, failures, watched = op_samples(), [], 0
    for sample, run in zip(samples, functions_of(sample_device, samples), strict=True):
        results = run(*sample.inputs)
        told = map(sample.difference, results, sample.expected())
        failures += [f"{sample.name}: {one}" for one in told if one]
        if run.executable.plans and not run.executable.is_live and run.executable._memory:
            found, free = overrun(run)
            watched += free >= gaps
            if found.size:
                failures.append(f"{sample.name}: {found.size} bytes beside its regions")
    assert not failures, "\n".join(failures)
    assert watched > 2000
