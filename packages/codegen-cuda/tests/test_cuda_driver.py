"""The driver of GPUs, over a libcuda that needs none."""

import ctypes
import re
import subprocess
import sys
import threading
from dataclasses import dataclass

import numpy as np
import pytest
from bitale_codegen_cuda.base import wheels
from bitale_codegen_cuda.base.errors import CudaError, NoDeviceError
from bitale_codegen_cuda.compiler.nvrtc import Nvrtc
from bitale_codegen_cuda.driver.commands import ClearBytes, CopyBytes, Launch, Product
from bitale_codegen_cuda.driver.cuda_driver import CudaDriver, devices
from bitale_codegen_cuda.driver.cuda_library import CudaLibrary
from bitale_codegen_cuda.driver.parameters import Parameters
from bitale_codegen_cuda.driver.pinned_ring import SLOT

ILLEGAL_ADDRESS = 700


@dataclass(frozen=True)
class Image:
    cubin: bytes


class Translator:
    """Makes of texts that are "name:kinds" the images that the stand-in loads."""

    def __init__(self):
        self.seen = []

    def compile(self, source, architecture, options=()):
        self.seen.append((source, architecture, tuple(options)))
        return Image(source.encode() + b"\0")


TEXTS = {"fill_row": "fill_row:Pqd", "mixed": "mixed:ibfPd", "crash": "crash:P", "bare": "bare:"}


@pytest.fixture
def driver(fake_cuda):
    made = CudaDriver(0, "prelude\n", Translator(), library=fake_cuda.cuda, cublas=fake_cuda.cublas)
    made.compile(TEXTS)
    yield made
    made.close()


def fill(address, n, value, grid=(1, 1)):
    return Launch("fill_row", grid, 128, "Pqd", (address, n, value))


def numbers(driver, address, n):
    out = np.empty(n, "float32")
    driver.download(out, address)
    return out


# What it says of the device


def test_the_device_is_described(driver):
    properties = driver.properties
    assert (driver.name, driver.ordinal) == ("cuda0", 0)
    assert (properties.title, properties.architecture) == ("Fake H0", "sm_90")
    assert (properties.multiprocessors, properties.memory) == (132, 1 << 30)
    assert driver.capability == (9, 0)


def test_devices_are_counted(fake_cuda):
    assert devices(fake_cuda.cuda) == 2


def test_the_variable_names_the_library(fake_cuda, monkeypatch):
    monkeypatch.setenv("BITALE_LIBCUDA", fake_cuda.cuda)
    assert devices() == 2
    assert CudaLibrary().version() == (13, 0)


# What is missing


def test_without_a_driver_the_error_says_where_to_get_one():
    with pytest.raises(NoDeviceError, match=r"driver is missing.*nvidia\.com/drivers"):
        devices("/nowhere/libcuda.so.1")


def test_without_a_gpu_the_error_shows_what_hides_it(fake_cuda, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    fake_cuda.devices(0)
    with pytest.raises(NoDeviceError, match=r"finds no GPU.*CUDA_VISIBLE_DEVICES is ''"):
        devices(fake_cuda.cuda)


def test_a_driver_that_does_not_start_is_no_device(fake_cuda):
    fake_cuda.fail("cuInit", 803)
    with pytest.raises(NoDeviceError, match=r"cuInit returned 803.*restart the machine"):
        devices(fake_cuda.cuda)


@pytest.mark.parametrize("ordinal", [2, -1])
def test_a_number_beyond_the_devices_is_no_device(fake_cuda, ordinal):
    with pytest.raises(NoDeviceError, match=f"no GPU number {ordinal}: the driver shows 2"):
        CudaDriver(ordinal, "", Translator(), library=fake_cuda.cuda)


@pytest.mark.parametrize("function", ["cuDevicePrimaryCtxRetain", "cuStreamCreate"])
@pytest.mark.parametrize("status", [2, 46])
def test_a_device_that_another_process_holds_is_no_device(fake_cuda, function, status):
    fake_cuda.fail(function, status)
    with pytest.raises(NoDeviceError, match=r"GPU number 0 cannot be used.*nvidia-smi"):
        CudaDriver(0, "", Translator(), library=fake_cuda.cuda)
    assert fake_cuda.held(0) == 0


def test_a_library_without_a_function_is_too_old():
    with pytest.raises(NoDeviceError, match=r"\(libm\.so\.6\) is too old.*cuInit"):
        CudaLibrary("libm.so.6")


# Memory and transfers


def test_numbers_come_back_as_they_went(driver, fake_cuda):
    x = np.arange(1000, dtype="float32")
    address = driver.allocate(x.nbytes)
    assert address % 256 == 0
    driver.upload(address, x)
    assert (numbers(driver, address, 1000) == x).all()
    counts = driver.counts
    assert (counts.uploads, counts.uploaded) == (1, 4000)
    assert (counts.downloads, counts.downloaded) == (1, 4000)
    assert counts.allocations == 1
    driver.free(address)
    assert fake_cuda.used() == 4 * SLOT


def test_a_source_may_change_as_soon_as_the_upload_returns(driver):
    small, large = (np.ones(n, "float32") for n in (10, SLOT // 2))
    places = [driver.allocate(x.nbytes) for x in (small, large)]
    for place, x in zip(places, (small, large), strict=True):
        driver.upload(place, x)
        x[:] = 2
    for place, x in zip(places, (small, large), strict=True):
        assert (numbers(driver, place, len(x)) == 1).all()


def test_many_small_uploads_wait_for_room_and_keep_their_numbers(driver, fake_cuda):
    n = SLOT // 4 // 3  # three and a bit to a slot
    places = [driver.allocate(n * 4) for _ in range(40)]
    before = fake_cuda.waits()
    for number, place in enumerate(places):
        driver.upload(place, np.full(n, number, "float32"))
    assert fake_cuda.waits() - before < 20
    for number, place in enumerate(places):
        assert (numbers(driver, place, n) == number).all()


def test_small_uploads_do_not_wait(driver, fake_cuda):
    place = driver.allocate(4)
    driver.upload(place, np.zeros(1, "float32"))
    before = fake_cuda.waits()
    for _ in range(1000):
        driver.upload(place, np.ones(1, "float32"))
    assert fake_cuda.waits() == before


def test_an_array_without_elements_is_no_transfer(driver):
    place = driver.allocate(0)
    driver.upload(place, np.empty((0, 3)))
    driver.download(np.empty(0), place)
    assert (driver.counts.uploaded, driver.counts.downloaded) == (0, 0)


def test_a_strided_array_is_refused(driver):
    place = driver.allocate(64)
    with pytest.raises(ValueError, match="C-contiguous"):
        driver.upload(place, np.zeros((4, 4), "float32").T[:2])


def test_a_read_only_array_takes_no_download(driver):
    out = np.zeros(4)
    out.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        driver.download(out, driver.allocate(32))


def test_too_much_memory_is_a_memory_error_with_the_numbers(driver):
    with pytest.raises(MemoryError, match=r"no 2,147,483,648 bytes: [\d,]+ of 1,073,741,824"):
        driver.allocate(2 << 30)
    assert driver.allocate(16)


def test_memory_is_not_given_back_under_work_that_uses_it(driver):
    place = driver.allocate(4000)
    driver.run([fill(place, 1000, 3.0)])
    driver.free(place)
    driver.synchronize()


def test_what_was_not_allocated_is_not_freed(driver):
    place = driver.allocate(16)
    driver.free(place)
    with pytest.raises(ValueError, match="has no memory at"):
        driver.free(place)


# Kernels


def test_the_prelude_stands_before_all_kernels_once(fake_cuda):
    translator = Translator()
    driver = CudaDriver(1, "prelude", translator, options=["--fmad=false"], library=fake_cuda.cuda)
    driver.compile({"one": "one:P"})
    driver.compile({"one": "one:P", "two": "two:P", "three": "three:P"})
    driver.compile({"two": "two:P"})
    options = ("--fmad=false",)
    assert translator.seen == [
        ("prelude\none:P", "sm_90", options),
        ("prelude\ntwo:P\nthree:P", "sm_90", options),
    ]
    assert driver.knows("three")
    assert not driver.knows("four")
    driver.close()


def test_a_text_without_its_kernel_is_refused_and_stays_unknown(driver):
    with pytest.raises(CudaError, match="no kernel 'absent'"):
        driver.compile({"absent": "other:P"})
    assert not driver.knows("absent")


def test_a_binary_that_the_driver_cannot_read_names_both_versions(driver):
    with pytest.raises(CudaError, match=r"knows CUDA 13\.0.*for sm_90"):
        driver.compile({"no_line": "nothing that could be loaded"})


def test_arguments_arrive_by_their_kinds(driver, fake_cuda):
    arguments = (-5, np.int8(-3), 0.25, 2**40 + 7, np.float64(1e-9))
    driver.run([Launch("mixed", (70000, 3), 256, "ibfPd", arguments)])
    driver.run([Launch("bare", (1, 1), 1, "", ())])
    driver.synchronize()
    mixed, bare = fake_cuda.ran()
    assert mixed.arguments == (-5, -3, 0.25, 2**40 + 7, 1e-9)
    assert (mixed.grid, mixed.block) == ((70000, 3, 1), (256, 1, 1))
    assert (bare.kernel, bare.arguments) == ("bare", ())


def test_launches_of_one_kind_do_not_share_their_arguments(driver, fake_cuda):
    places = [driver.allocate(4) for _ in range(3)]
    driver.run([fill(place, 1, number) for number, place in enumerate(places)])
    assert [numbers(driver, place, 1)[0] for place in places] == [0, 1, 2]


@pytest.mark.parametrize("grid", [(0, 1), (1, 0), (2**31, 1), (1, 65536)])
def test_a_grid_that_the_device_cannot_launch_is_refused_before_anything_starts(
    driver, fake_cuda, grid
):
    place = driver.allocate(4)
    with pytest.raises(ValueError, match=re.escape(f"grid of {grid}")):
        driver.run([fill(place, 1, 1.0), fill(place, 1, 2.0, grid)])
    with pytest.raises(ValueError, match=re.escape(f"grid of {grid}")):
        driver.graph([fill(place, 1, 2.0, grid)])
    driver.synchronize()
    assert not fake_cuda.ran()
    assert driver.counts.launches == 0


def test_the_largest_grid_is_launched(driver, fake_cuda):
    driver.run([Launch("bare", (2**31 - 1, 65535), 1024, "", ())])
    driver.synchronize()
    assert fake_cuda.ran()[0].grid == (2**31 - 1, 65535, 1)


@pytest.mark.parametrize("block", [0, 1025])
def test_a_block_that_the_device_cannot_launch_is_refused(driver, block):
    with pytest.raises(ValueError, match=f"blocks of {block} threads"):
        driver.run([Launch("bare", (1, 1), block, "", ())])


def test_arguments_of_other_kinds_are_refused(driver):
    with pytest.raises(ValueError, match="do not have the kinds 'Pqd'"):
        driver.run([Launch("fill_row", (1, 1), 1, "Pqd", (1, 2.5, 1.0))])


def test_a_kernel_that_nobody_compiled_is_refused(driver):
    with pytest.raises(CudaError, match="no kernel 'absent' was compiled for cuda0"):
        driver.run([Launch("absent", (1, 1), 1, "", ())])


def test_bytes_are_copied_and_cleared_in_order(driver):
    x, y = driver.allocate(40), driver.allocate(40)
    driver.run(
        [
            fill(x, 10, 3.0),
            CopyBytes(y, x, 40),
            ClearBytes(x, 20),
            CopyBytes(x, x, 40),
            CopyBytes(y, x, 0),
            ClearBytes(y, 0),
        ]
    )
    assert numbers(driver, x, 10).tolist() == [0.0] * 5 + [3.0] * 5
    assert numbers(driver, y, 10).tolist() == [3.0] * 10
    assert (driver.counts.launches, driver.counts.copies) == (1, 3)


# Graphs


def commands(x, y, z):
    return [
        fill(x, 4, 2.0),
        CopyBytes(y, x, 16),
        Product("float32", 2, 2, 2, 1.0, x, (2, 1), y, (2, 1), 0.0, z, 2),
        fill(x, 2, 5.0),
        ClearBytes(y, 8),
    ]


def test_a_graph_does_what_its_commands_do_and_only_when_launched(driver, fake_cuda):
    x, y, z = (driver.allocate(16) for _ in range(3))
    graph = driver.graph(commands(x, y, z))
    driver.synchronize()
    assert not fake_cuda.ran()
    graph.launch()
    graph.launch()
    assert numbers(driver, x, 4).tolist() == [5, 5, 2, 2]
    assert numbers(driver, y, 4).tolist() == [0, 0, 2, 2]
    assert numbers(driver, z, 4).tolist() == [8, 8, 8, 8]
    counts = driver.counts
    assert (counts.graphs, counts.launches, counts.products, counts.copies) == (2, 4, 2, 2)


def check_update(driver):
    x, y, z, other = (driver.allocate(16) for _ in range(4))
    graph = driver.graph(commands(x, y, z))
    graph.launch()
    graph.update(3, fill(other, 4, 7.0, (2, 3)))
    graph.launch()
    assert numbers(driver, other, 4).tolist() == [7.0] * 4
    assert numbers(driver, x, 4).tolist() == [2.0] * 4


def test_a_launch_of_a_graph_gets_other_arguments(driver, fake_cuda):
    check_update(driver)
    assert fake_cuda.ran()[-1].grid == (2, 3, 1)


def test_a_driver_without_the_newer_question_updates_graphs_too(older_fake_cuda):
    fake = older_fake_cuda
    driver = CudaDriver(0, "\n", Translator(), library=fake.cuda, cublas=fake.cublas)
    driver.compile(TEXTS)
    check_update(driver)
    driver.close()


def test_what_was_started_before_an_update_runs_as_it_was(driver):
    x, other = driver.allocate(16), driver.allocate(16)
    graph = driver.graph([fill(x, 4, 1.0)])
    graph.launch()
    graph.update(0, fill(other, 4, 2.0))
    assert numbers(driver, x, 4).tolist() == [1.0] * 4


@pytest.mark.parametrize(
    ("index", "command"),
    [
        (1, fill(0, 1, 1.0)),
        (9, fill(0, 1, 1.0)),
        (0, Launch("mixed", (1, 1), 1, "ibfPd", (1, 1, 1.0, 0, 1.0))),
        (0, Launch("fill_row", (1, 1), 1, "Pqf", (0, 1, 1.0))),
        (0, ClearBytes(0, 8)),
        (0, fill(0, 1, 1.0, (0, 1))),
    ],
)
def test_an_update_that_would_change_the_graph_is_refused(driver, index, command):
    x, y, z = (driver.allocate(16) for _ in range(3))
    graph = driver.graph(commands(x, y, z))
    with pytest.raises(ValueError, match=r"command|grid"):
        graph.update(index, command)
    graph.launch()
    assert numbers(driver, x, 4).tolist() == [5, 5, 2, 2]


def test_a_closed_graph_is_given_back_once_and_does_not_start(driver, fake_cuda):
    before = fake_cuda.handles()
    graph = driver.graph([fill(driver.allocate(4), 1, 1.0)])
    assert fake_cuda.handles() == before + 2
    graph.close()
    graph.close()
    assert fake_cuda.handles() == before
    with pytest.raises(ValueError, match="was closed"):
        graph.launch()


def test_a_graph_of_nothing_can_be_launched(driver):
    graph = driver.graph([])
    graph.launch()
    driver.synchronize()
    assert driver.counts.graphs == 1


@pytest.mark.parametrize("function", ["cuLaunchKernel", "cuGraphInstantiateWithFlags"])
def test_a_capture_that_fails_leaves_the_stream_as_it_was(driver, fake_cuda, function):
    x = driver.allocate(16)
    before = fake_cuda.handles()
    fake_cuda.fail(function, 1)
    with pytest.raises(CudaError, match=f"{function} returned CUDA_ERROR_INVALID_VALUE"):
        driver.graph([fill(x, 4, 1.0)])
    assert fake_cuda.handles() == before
    driver.run([fill(x, 4, 6.0)])
    assert numbers(driver, x, 4).tolist() == [6.0] * 4


class Freeing:
    """An argument of which the use frees memory, as a finalizer may at any moment."""

    def __init__(self, driver, address):
        self.driver, self.address = driver, address

    def __index__(self):
        self.driver.free(self.address)
        return 1


def test_memory_that_is_freed_while_a_graph_is_made_waits_for_its_end(driver, fake_cuda):
    x, y = driver.allocate(16), driver.allocate(1000)
    used = fake_cuda.used()
    graph = driver.graph([Launch("fill_row", (1, 1), 1, "Pqd", (x, Freeing(driver, y), 4.0))])
    assert fake_cuda.used() == used - 1000
    graph.launch()
    assert numbers(driver, x, 1)[0] == 4.0


# Failures and the end


def crash(driver):
    driver.run([Launch("crash", (1, 1), 1, "P", (0,))])
    with pytest.raises(CudaError, match=r"CUDA_ERROR_ILLEGAL_ADDRESS .an illegal memory access"):
        driver.synchronize()


def test_after_a_failure_for_good_every_call_asks_for_a_new_process(driver):
    place = driver.allocate(16)
    graph = driver.graph([fill(place, 1, 1.0)])
    crash(driver)
    calls = [
        lambda: driver.allocate(16),
        lambda: driver.upload(place, np.zeros(1)),
        lambda: driver.download(np.zeros(1), place),
        lambda: driver.run([fill(place, 1, 1.0)]),
        lambda: driver.graph([]),
        lambda: driver.compile({"new": "new:P"}),
        graph.launch,
        driver.synchronize,
    ]
    for call in calls:
        with pytest.raises(CudaError, match=r"cuda0 failed before.*restart yours to use cuda0"):
            call()


def test_a_failure_that_nobody_waited_for_shows_in_the_next_call(driver, fake_cuda):
    fake_cuda.fail("cuCtxPushCurrent_v2", ILLEGAL_ADDRESS)
    with pytest.raises(CudaError, match="cuCtxPushCurrent_v2 returned CUDA_ERROR_ILLEGAL_ADDRESS"):
        driver.allocate(16)
    with pytest.raises(CudaError, match="restart yours to use cuda0"):
        driver.allocate(16)


def test_after_a_failure_for_good_finalizers_are_left_in_peace(driver):
    place = driver.allocate(16)
    graph = driver.graph([fill(place, 1, 1.0)])
    crash(driver)
    driver.free(place)
    graph.close()
    driver.close()
    with pytest.raises(CudaError, match="cuda0 was closed"):
        driver.synchronize()


def test_an_error_of_one_call_is_not_kept(driver, fake_cuda):
    fake_cuda.fail("cuMemAlloc_v2", 1)
    with pytest.raises(CudaError, match="cuMemAlloc_v2 returned CUDA_ERROR_INVALID_VALUE"):
        driver.allocate(16)
    assert driver.allocate(16)


def test_a_failure_without_a_name_shows_its_number(driver, fake_cuda):
    fake_cuda.fail("cuStreamSynchronize", 999)
    with pytest.raises(CudaError, match="cuStreamSynchronize returned 999"):
        driver.synchronize()


def test_a_forked_process_is_told_to_spawn(driver, fake_cuda):
    fake_cuda.fail("cuCtxPushCurrent_v2", 3)
    with pytest.raises(CudaError, match="'spawn'"):
        driver.synchronize()


def test_closing_gives_all_back(driver, fake_cuda):
    x, y, z = (driver.allocate(16) for _ in range(3))
    driver.upload(x, np.zeros(4, "float32"))
    driver.graph(commands(x, y, z)).launch()
    assert fake_cuda.cublas_alive() == 1
    driver.close()
    driver.close()
    assert fake_cuda.used() == fake_cuda.handles() == fake_cuda.cublas_alive() == 0
    assert fake_cuda.held(0) == 0
    driver.free(x)
    with pytest.raises(CudaError, match="cuda0 was closed"):
        driver.allocate(16)


def test_two_devices_are_used_by_several_threads(fake_cuda):
    drivers = [CudaDriver(i, "\n", Translator(), library=fake_cuda.cuda) for i in range(2)]
    failures = []

    def work(driver, value):
        try:
            place = driver.allocate(400)
            graph = driver.graph([fill(place, 100, value)])
            for _ in range(20):
                driver.upload(place, np.zeros(100, "float32"))
                with driver.lock:
                    graph.launch()
                    assert (numbers(driver, place, 100) == value).all()
        except BaseException as error:  # noqa: BLE001  # the thread that asserts is another
            failures.append(error)

    for driver in drivers:
        driver.compile(TEXTS)
    threads = [threading.Thread(target=work, args=(drivers[i % 2], i)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    for driver in drivers:
        driver.close()


def test_what_nvrtc_made_is_loaded(fake_cuda):
    names = list(wheels.candidates("libnvrtc", "BITALE_NVRTC", "cuda_nvrtc"))
    if "/" not in names[0]:
        pytest.skip("needs NVRTC: pip install nvidia-cuda-nvrtc")
    driver = CudaDriver(0, "typedef float real;", Nvrtc(names[0]), library=fake_cuda.cuda)
    driver.compile({"k": 'extern "C" __global__ void k(real *x) { *x = 1; }'})
    driver.run([Launch("k", (1, 1), 32, "P", (0,))])
    driver.synchronize()
    assert [one.kernel for one in fake_cuda.ran()] == ["k"]
    driver.close()


PROGRAM = """
import sys
import numpy as np
from bitale_codegen_cuda.driver.commands import ClearBytes
from bitale_codegen_cuda.driver.cuda_driver import CudaDriver
from bitale_codegen_cuda.driver.parameters import Parameters

driver = CudaDriver(0, "", None, library=sys.argv[1])
place = driver.allocate(64)
driver.upload(place, np.ones(8))
graph = driver.graph([ClearBytes(place, 64)])
graph.launch()

class Array:
    def __del__(self):
        driver.free(place)

kept = sys.modules["kept"] = Array()
kept.itself = kept
print("end")
"""


def test_a_process_that_closes_nothing_ends_in_peace(fake_cuda):
    command = [sys.executable, "-c", PROGRAM, fake_cuda.cuda]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "end\n", "")


def test_commands_are_timed_one_by_one_by_events(driver, fake_cuda):
    address = driver.allocate(64)
    commands = [fill(address, 16, 1.5), CopyBytes(address + 32, address, 32), fill(address, 8, 2.5)]
    seconds = driver.timed(commands)
    # Its clock counts the work of a stream: one millisecond each.
    assert seconds == pytest.approx([0.001] * 3)
    assert numbers(driver, address, 16).tolist() == [2.5] * 8 + [1.5] * 8


def test_products_are_prepared_before_they_are_asked_for(fake_cuda):
    made = CudaDriver(0, "", Translator(), library=fake_cuda.cuda, cublas=fake_cuda.cublas)
    made.prepare_products()
    made.close()
    made = CudaDriver(0, "", Translator(), library=fake_cuda.cuda, cublas="libnone.so")
    with pytest.raises(NoDeviceError, match="cuBLAS, which matrix products need, is missing"):
        made.prepare_products()
    made.close()


def test_truth_values_of_numpy_are_passed_as_bytes():
    room = Parameters("BB")
    first = ctypes.c_void_p.from_address(room.fill([np.True_, np.False_])).value
    assert ctypes.string_at(first, 1) == b"\1"
    assert ctypes.string_at(first + 8, 1) == b"\0"
