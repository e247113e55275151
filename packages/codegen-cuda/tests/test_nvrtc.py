"""NVIDIA's compiler, which needs no GPU."""

import pytest
from bitale_codegen_cuda.base.errors import NoDeviceError
from bitale_codegen_cuda.compiler.nvrtc import CompileError, Nvrtc, Resources, find_nvrtc, resources

PLAIN = 'extern "C" __global__ void plain(float *x) { x[threadIdx.x] += 1; }'
SHARED = """
extern "C" __global__ void shared_sum(float *x) {
    __shared__ float all[512];
    all[threadIdx.x] = x[threadIdx.x];
    __syncthreads();
    x[threadIdx.x] = all[511 - threadIdx.x];
}
"""
# 96 numbers live at once where a thread has 64 registers.
SPILLING = """
extern "C" __global__ void __launch_bounds__(1024) spilling(const float *x, float *y) {
    float kept[96];
#pragma unroll
    for (int i = 0; i < 96; i++) kept[i] = x[i * 1024 + threadIdx.x];
#pragma unroll
    for (int j = 0; j < 8; j++) {
        float sum = 0;
#pragma unroll
        for (int i = 0; i < 96; i++) sum += kept[i] * kept[(i * 7 + j) % 96];
        y[j * 1024 + threadIdx.x] = sum;
    }
}
"""
# What 13.5 wrote; 12.4 leaves out barriers and times.
LOG = """kernels.cu(1): warning #177-D: variable "unused" was declared but never referenced

ptxas info    : 0 bytes gmem
ptxas info    : Compiling entry function 'spilling' for 'sm_90'
ptxas info    : Function properties for spilling
ptxas         .     10368 bytes stack frame, 25084 bytes spill stores, 47428 bytes spill loads
ptxas info    : Used 64 registers, used 0 barriers, 10368 bytes cumulative stack size
ptxas info    : Compile time = 1597.284 ms
ptxas info    : Compiling entry function 'shared_sum' for 'sm_90'
ptxas info    : Function properties for shared_sum
ptxas         .     0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 10 registers, used 1 barriers, 2048 bytes smem
ptxas info    : Function properties for _Z6helperf
ptxas         .     16 bytes stack frame, 8 bytes spill stores, 4 bytes spill loads
ptxas info    : Compiling entry function 'plain' for 'sm_90'
ptxas info    : Function properties for plain
ptxas         .     0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 32 registers
"""


@pytest.fixture(scope="module")
def nvrtc():
    try:
        return find_nvrtc()
    except NoDeviceError as error:
        pytest.skip(str(error))


def test_a_source_becomes_a_binary_and_a_report(nvrtc):
    compiled = nvrtc.compile(PLAIN + SHARED, "sm_90")
    assert compiled.cubin[:4] == b"\x7fELF"
    used = resources(compiled.log)
    assert set(used) == {"plain", "shared_sum"}
    assert 0 < used["plain"].registers <= 32
    assert used["plain"].spill_bytes == used["plain"].stack_bytes == 0
    assert (used["plain"].shared_bytes, used["shared_sum"].shared_bytes) == (0, 2048)


def test_a_kernel_that_spills_is_reported(nvrtc):
    used = resources(nvrtc.compile(SPILLING, "sm_80").log)["spilling"]
    assert used.registers == 64
    assert used.spill_bytes > 0
    assert used.stack_bytes > 0


def test_every_architecture_that_is_listed_can_be_compiled_for(nvrtc):
    names = nvrtc.architectures()
    assert "sm_90" in names
    assert names == sorted(names, key=lambda name: int(name[3:]))
    for name in (names[0], names[-1]):
        assert nvrtc.compile(PLAIN, name).cubin[:4] == b"\x7fELF"


def test_a_device_newer_than_the_compiler_gets_text_that_its_driver_compiles(nvrtc):
    newest = nvrtc.architectures()[-1]
    image = nvrtc.compile(PLAIN, "sm_999").cubin
    assert f".target {newest}".encode() in image
    assert b".entry plain" in image
    assert image[-1:] == b"\0"


def test_a_device_that_the_compiler_dropped_is_refused_with_the_cure(nvrtc):
    with pytest.raises(CompileError, match=r"nothing for sm_20, only for sm_.*cuda12"):
        nvrtc.compile(PLAIN, "sm_20")


def test_an_error_in_the_source_is_shown(nvrtc):
    with pytest.raises(
        CompileError, match=r'(?s)for sm_90.*identifier "nowhere" is undef'
    ) as caught:
        nvrtc.compile('extern "C" __global__ void k() { nowhere = 1; }', "sm_90")
    assert "kernels.cu(1): error" in caught.value.log


def test_options_are_handed_on(nvrtc):
    source = 'extern "C" __global__ void k(float *x) { *x = NUMBER; }'
    assert nvrtc.compile(source, "sm_90", ["-DNUMBER=3"]).cubin
    with pytest.raises(CompileError, match="NUMBER"):
        nvrtc.compile(source, "sm_90")


def test_the_variable_names_the_library(nvrtc, monkeypatch):
    monkeypatch.setenv("BITALE_NVRTC", nvrtc.path)
    assert find_nvrtc().path == nvrtc.path
    monkeypatch.setenv("BITALE_NVRTC", "/nowhere/libnvrtc.so")
    with pytest.raises(NoDeviceError, match="/nowhere/libnvrtc"):
        find_nvrtc()


def test_a_compiler_newer_than_the_driver_is_left(nvrtc):
    major = nvrtc.version[0]
    assert find_nvrtc(nvrtc.path, newest=major).version == nvrtc.version
    with pytest.raises(NoDeviceError, match="too new for the driver"):
        find_nvrtc(nvrtc.path, newest=major - 1)


@pytest.mark.parametrize(("newest", "extra"), [(None, "cuda13"), (12, "cuda12"), (14, "cuda13")])
def test_without_a_library_the_error_says_what_to_install(newest, extra):
    with pytest.raises(NoDeviceError, match=rf"pip install 'bitale-codegen-cuda\[{extra}\]'"):
        find_nvrtc("/nowhere/libnvrtc.so", newest)


def test_a_library_of_something_else_is_not_taken():
    with pytest.raises(NoDeviceError, match="nvrtcVersion"):
        find_nvrtc("libm.so.6")
    with pytest.raises(AttributeError):
        Nvrtc("libm.so.6")


def test_the_report_is_read_kernel_by_kernel():
    assert resources(LOG) == {
        "spilling": Resources(64, 25084 + 47428, 10368, 0),
        "shared_sum": Resources(10, 8 + 4, 0, 2048),
        "plain": Resources(32),
    }


def test_a_log_without_kernels_reports_nothing():
    assert resources("kernels.cu(1): warning\n") == {}
