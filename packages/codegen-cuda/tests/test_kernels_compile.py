"""Every kernel of the op samples through NVIDIA's compiler, which needs no GPU."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from bitale_codegen_cuda.base.errors import NoDeviceError
from bitale_codegen_cuda.compiler.nvrtc import find_nvrtc, resources
from bitale_codegen_cuda.driver.recording import RecordingDriver
from bitale_codegen_cuda.kernel.dialect import prelude
from bitale_graph.compile.function import function
from bitale_graph.compile.mode import Mode
from bitale_graph.extend import Loop, Result, Step
from bitale_graph.language import dmatrix
from bitale_graph.tensor.scalar import SCALAR_OPS

# So many kernels are one source: fewer read the prelude too often, more keep one core waiting.
TOGETHER = 20
# What a multiprocessor has for its threads, and what a block may have of its memory.
REGISTERS, SHARED = 65536, 48 << 10
# Where the quadrant of large angles is looked up in a table that the library keeps on the stack.
REDUCES_ANGLES = ("sin", "cos", "tan", "random_gamma_f64")


@pytest.fixture(scope="module")
def nvrtc():
    try:
        return find_nvrtc()
    except NoDeviceError as error:
        pytest.skip(str(error))


def compiled(nvrtc, texts, architecture):
    """What each kernel uses."""
    groups = [texts[i :: -(-len(texts) // TOGETHER)] for i in range(-(-len(texts) // TOGETHER))]
    used = {}
    with ThreadPoolExecutor(2) as pool:
        for log in pool.map(
            lambda group: nvrtc.compile("\n".join([prelude(), *group]), architecture).log, groups
        ):
            used.update(resources(log))
    assert len(used) == len(texts)
    return used


def check_resources(used, texts):
    """Nothing spills, and two blocks of 256 threads at least fit on a multiprocessor."""
    spilling = {name: one for name, one in used.items() if one.spill_bytes}
    assert not spilling
    stacked = [texts[name] for name, one in used.items() if one.stack_bytes]
    assert all(
        any(f"{name}{end}(" in one for name in REDUCES_ANGLES for end in ("", "f", ")"))
        for one in stacked
    )
    assert max(one.shared_bytes for one in used.values()) <= SHARED
    registers = np.array([one.registers for one in used.values()])
    assert registers.max() <= REGISTERS // (2 * 256)


@pytest.mark.slow
def test_every_kernel_of_the_samples_compiles_and_spills_nothing(nvrtc, sample_texts):
    assert len(sample_texts) > 1000
    used = compiled(nvrtc, list(sample_texts.values()), "sm_90")
    check_resources(used, sample_texts)
    assert np.mean([one.registers <= REGISTERS // (4 * 256) for one in used.values()]) > 0.95


@pytest.mark.slow
@pytest.mark.parametrize(("first", "architecture"), list(enumerate(["sm_75", "sm_80", "sm_100"])))
def test_kernels_of_each_kind_compile_for_other_architectures(
    nvrtc, sample_texts, architecture, first
):
    if architecture not in nvrtc.architectures():
        pytest.skip(f"this NVRTC makes nothing for {architecture}")
    # One of each program, and every twelfth: the architectures take every fourth between them.
    by_program = {name.rpartition("_")[0]: name for name in sample_texts}
    chosen = dict.fromkeys([*by_program.values(), *list(sample_texts)[4 * first :: 12]])
    assert len(chosen) > 250
    texts = {name: sample_texts[name] for name in chosen}
    check_resources(compiled(nvrtc, list(texts.values()), architecture), texts)


@pytest.mark.parametrize("n", [5, 8, 30])
def test_a_loop_with_many_sums_stays_in_the_memory_of_a_block(nvrtc, use_driver, n):
    multiply, add = SCALAR_OPS["mul"], SCALAR_OPS["add"]
    steps = tuple(Step(multiply, (0, k), "float64") for k in range(n))
    sums = tuple(Result(1 + k, "float64", add, (1,), "float64") for k in range(n))
    recording, x = use_driver(RecordingDriver()), dmatrix("x")
    function([x], Loop(2, steps, sums)(x), mode=Mode(device="emulated", optimizer="None"))(
        np.ones((3, 4))
    )
    check_resources(compiled(nvrtc, list(recording.texts.values()), "sm_90"), recording.texts)
