"""Watched kernels: what threads do at one place together, or beside what they have been given."""

from dataclasses import replace

import numpy as np
import pytest
from bitale_codegen_cuda.base.errors import CudaError
from bitale_codegen_cuda.driver.commands import ClearBytes, Launch
from bitale_codegen_cuda.driver.emulated import EmulatedDriver
from bitale_codegen_cuda.executor import live
from bitale_codegen_cuda.executor.plan import Plan
from bitale_graph.compile.function import function
from bitale_graph.compile.mode import Mode
from bitale_graph.language import dmatrix, dscalar, dvector
from bitale_graph.recurrence import scan
from bitale_graph.testing import op_samples

# What kernels do hangs on no version of Python.
pytestmark = pytest.mark.slow

MODE = Mode(device="emulated", optimizer="None")
# Blocks of a launch, threads of each.
ONE, FOUR, BLOCKS = ((1, 1), 1), ((1, 1), 4), ((2, 2), 4)
# Kernels of (float *x, float *y, int *ticket, int64_t at), where x has 8 numbers and y has 16; how
# they are launched, the last argument, and what is told.
PACK = "typedef bt_pack<float, 4> Pack; *(Pack *)y = *(const Pack *)(x + at);"
BESIDE, BETWEEN = "where the device has given nothing out", "with no barrier between"
FIRST = "if (threadIdx.x == 0)"
ADDS = f"__shared__ int is_last; {FIRST} is_last = atomicAdd(ticket, 1) == 3;"
NUMBER = "(blockIdx.x + 2 * blockIdx.y) * 4 + threadIdx.x"
LEAVES = f"y[{NUMBER}] = 1;"
TAKES = (
    "if (is_last) for (int k = 0; k < 4; k++)"
    " x[threadIdx.x] += ((volatile float *)y)[4 * k + threadIdx.x];"
)
FENCE, BARRIER = "__threadfence();", "__syncthreads();"
RIGHT = f"{LEAVES} {FENCE} {BARRIER} {ADDS} {BARRIER} {FENCE} {TAKES}"
KERNELS = {
    "the last of an array": (ONE, 7, "y[0] = x[at];", None),
    "a read behind an array": (ONE, 8, "y[0] = x[at];", rf"reads 4 bytes at x \+ 32, {BESIDE}"),
    "a read before an array": (ONE, -1, "y[0] = x[at];", rf"reads 4 bytes at x - 4, {BESIDE}"),
    "a write behind an array": (ONE, 8, "x[at] = 1;", rf"writes 4 bytes at x \+ 32, {BESIDE}"),
    "half behind an array": (ONE, 7, "*(double *)(x + at) = 1;", rf"at x \+ 28, {BESIDE}"),
    "no address": (ONE, 0, "*(float *)at = 1;", f"writes 4 bytes at .*, {BESIDE}"),
    "a pack": (ONE, 4, PACK, None),
    "a pack between packs": (ONE, 2, PACK, r"reads 16 bytes at x \+ 8, .* no multiple"),
    "a number between numbers": (ONE, 1, "*(float *)((char *)x + at) = 1;", "no multiple"),
    "elements apart": (FOUR, 0, "x[threadIdx.x] = 1;", None),
    "an element of two threads": (
        FOUR,
        0,
        "x[threadIdx.x / 2] = 1;",
        rf"thread 1 of block \(0, 0\) .* x \+ 0, which thread 0 of the block has written {BETWEEN}",
    ),
    "a neighbour's element": (
        FOUR,
        0,
        "x[threadIdx.x] = x[threadIdx.x + 1];",
        rf"thread 1 .* writes 4 bytes at x \+ 4, which thread 0 of the block has read {BETWEEN}",
    ),
    "bytes of one number": (FOUR, 0, "((char *)x)[threadIdx.x] = 1;", None),
    "one number for all": (BLOCKS, 0, "if (*x != 0 && at) *y = 1;", None),
    "a neighbour's element behind a barrier": (
        FOUR,
        0,
        f"const float v = x[threadIdx.x + 1]; {BARRIER} x[threadIdx.x] = v;",
        None,
    ),
    "shared memory": (
        BLOCKS,
        0,
        f"__shared__ float s[4]; s[threadIdx.x] = 1; y[{NUMBER}] = s[0];",
        rf"thread 1 .* shared memory \+ \d+, which thread 0 of the block has written {BETWEEN}",
    ),
    "shared memory of each block": (
        BLOCKS,
        0,
        f"__shared__ float s[4]; s[threadIdx.x] = 1; {BARRIER} y[{NUMBER}] = s[3 - threadIdx.x];",
        None,
    ),
    "shared numbers of 16 bits": (
        BLOCKS,
        0,
        f"__shared__ bt_half s[4]; s[threadIdx.x] = bt_half(1.0f); {BARRIER} y[{NUMBER}] = s[0];",
        None,
    ),
    "an element of two blocks": (
        BLOCKS,
        0,
        "x[threadIdx.x] = 1;",
        r"thread 0 of block \(1, 0\) .* which thread 0 of block \(0, 0\) has written",
    ),
    "an element that all blocks read": (
        BLOCKS,
        0,
        "const float v = x[0]; if (blockIdx.y && threadIdx.x == 0) x[1 - blockIdx.x] = v;",
        r"of block \(1, 1\) writes .* which .* of block \(\d, \d\) has read",
    ),
    "a number that is added up": (BLOCKS, 0, "atomicAdd(ticket, 1);", None),
    "a read of what is added up": (
        BLOCKS,
        0,
        "if (blockIdx.y) x[0] = *ticket; else atomicAdd(ticket, 1);",
        r"of block \(0, 1\) reads 4 bytes at ticket .* has added to",
    ),
    "a ticket that all threads give back": (
        BLOCKS,
        0,
        f"{RIGHT} if (is_last) *ticket = 0;",
        r"thread 1 .* writes 4 bytes at ticket .* which thread 0 of the block has written",
    ),
    "a last block": (
        BLOCKS,
        0,
        f"{RIGHT} if (is_last && threadIdx.x == 0) *ticket = 0;",
        None,
    ),
    "fences of one thread": (
        BLOCKS,
        0,
        f"{LEAVES} {BARRIER} {FIRST} {FENCE} {ADDS} {FIRST} {FENCE} {BARRIER} {TAKES}",
        None,
    ),
    "no fence behind what is left": (
        BLOCKS,
        0,
        f"{LEAVES} {BARRIER} {ADDS} {BARRIER} {FENCE} {TAKES}",
        "reads 4 bytes at y .* with no fence and ticket between",
    ),
    "no fence before it is taken": (
        BLOCKS,
        0,
        f"{LEAVES} {FENCE} {BARRIER} {ADDS} {BARRIER} {TAKES}",
        "reads 4 bytes at y .* with no fence and ticket between",
    ),
    "no barrier before the ticket": (
        BLOCKS,
        0,
        f"{LEAVES} {FENCE} {ADDS} {BARRIER} {FENCE} {TAKES}",
        "thread 1 .* reads 4 bytes at y .* with no fence and ticket between",
    ),
    "a read that may be kept": (
        BLOCKS,
        0,
        RIGHT.replace("volatile ", ""),
        "reads 4 bytes at y .* and does not read it as volatile",
    ),
}


@pytest.fixture(scope="module")
def device(needs_emulation):
    made = EmulatedDriver(watches=True, optimization="-O0")
    given = "float *x, float *y, int *ticket, int64_t at"
    made.compile(
        {
            f"watched_{k}": f'extern "C" __global__ void watched_{k}({given}) {{ {body} }}'
            for k, (_, _, body, _) in enumerate(KERNELS.values())
        }
    )
    return made


@pytest.fixture
def memory(device):
    """The addresses of x, y and the ticket, with zeros."""
    sizes = (32, 64, 4)
    made = [device.allocate(size) for size in sizes]
    device.run([ClearBytes(*one) for one in zip(made, sizes, strict=True)])
    yield made
    for address in made:
        device.free(address)


@pytest.mark.parametrize("name", KERNELS)
def test_what_kernels_must_not_do_is_told(device, memory, name):
    (grid, block), at, _, told = KERNELS[name]
    launch = Launch(f"watched_{[*KERNELS].index(name)}", grid, block, "PPPq", (*memory, at))
    if told is None:
        for device.is_backward in (True, False):
            device.run([launch])
    else:
        with pytest.raises(CudaError, match=f"^emulated0: {launch.kernel}: .*{told}"):
            device.run([launch])


def test_a_launch_knows_nothing_of_the_one_before(device, memory):
    numbers = [[*KERNELS].index(k) for k in ("a neighbour's element", "elements apart")]
    wrong, right = (Launch(f"watched_{k}", (1, 1), 4, "PPPq", (*memory, 0)) for k in numbers)
    for _ in range(2):
        with pytest.raises(CudaError, match="has read with no barrier"):
            device.run([wrong])
        device.run([right])


def test_memory_that_was_given_back_is_read_no_more(device, memory):
    spare = device.allocate(32)
    name = f"watched_{[*KERNELS].index('the last of an array')}"
    launch = Launch(name, (1, 1), 1, "PPPq", (spare, *memory[1:], 7))
    device.run([launch])
    device.free(spare)
    with pytest.raises(CudaError, match="where the device has given nothing out"):
        device.run([launch])


def test_a_piece_can_be_narrowed_to_regions(device, memory):
    x, y, ticket = memory
    name = f"watched_{[*KERNELS].index('the last of an array')}"
    device.watch.narrow(y, [(y, 4), (y + 8, 8)])
    for source, at in ((y, 0), (y, 2), (y, 3), (x, 7)):
        device.run([Launch(name, (1, 1), 1, "PPPq", (source, y, ticket, at))])
    for at in (1, 4):
        with pytest.raises(CudaError, match=f"{BESIDE}"):
            device.run([Launch(name, (1, 1), 1, "PPPq", (y, y, ticket, at))])


def test_kernels_that_are_not_watched_are_other_binaries(device, memory):
    text = 'extern "C" __global__ void both(float *x) { x[0] = threadIdx.x; }'
    launch = Launch("both", (1, 1), 2, "P", memory[:1])
    plain = EmulatedDriver(optimization="-O0")
    for one in (plain, device):
        one.compile({"both": text})
    plain.run([launch])
    with pytest.raises(CudaError, match="thread 1 "):
        device.run([launch])


# Mistakes in kernels that are generated
class PlantedDriver(EmulatedDriver):
    """Compiles kernels with a mistake, and watches them."""

    mistake = ("", "", 1)

    def compile(self, texts):
        was, less, count = self.mistake
        assert all(was in text for text in texts.values())
        super().compile({name: text.replace(was, less, count) for name, text in texts.items()})


@pytest.fixture
def planted(needs_emulation, use_driver):
    """``planted(inputs, output, was, less)``: a function with a mistake in its kernels."""

    def make(inputs, output, was="", less="", count=-1, **options):
        driver = use_driver(PlantedDriver(watches=True, optimization="-O0", **options))
        driver.mistake = (was, less, count)
        return driver, function(inputs, output, mode=MODE)

    return make


x, y, v, m = dvector("x"), dvector("y"), dvector("v"), dmatrix("m")


@pytest.fixture
def narrowed(gaps, monkeypatch):
    """Let kernels touch the regions of their plans alone, to the byte; the plans that did."""
    laid_out, bind, plans = Plan._laid_out, Plan._bind, []

    def noted(plan, uploaded, wanted):
        plan.sizes = uploaded
        return laid_out(plan, uploaded, wanted)

    def narrowing(plan, where, *others):
        bind(plan, where, *others)
        layout, places = plan.layout, plan._regions_at(where)
        regions = [(places[k], plan.sizes[k]) for k in layout.inputs]
        own = (*layout.outputs, *layout.arena.offsets)
        regions += [(places[k], plan.regions[k].size) for k in own]
        plan.driver.watch.narrow(where.base, regions)
        plans.append(plan)

    monkeypatch.setattr(Plan, "_laid_out", noted)
    monkeypatch.setattr(Plan, "_bind", narrowing)
    monkeypatch.setattr(live, "_room", lambda size: max(size, 1))
    return plans


# The second ones fill their memory to the end.
@pytest.mark.parametrize("n", [5, 32])
def test_a_loop_that_goes_too_far_reads_beside_its_region(planted, narrowed, n):
    _, run = planted([x, y], x * y, "e < count;", "e < count + 1;")
    with pytest.raises(CudaError, match=rf"reads 8 bytes at in0 \+ {8 * n}, {BESIDE}"):
        run(np.arange(n, dtype="float64"), np.ones(n))


def test_a_pack_between_packs_is_told(planted):
    _, run = planted(
        [x, y],
        x * y,
        "((const bt_pack<double, 2> *)in0)[e]",
        "((const bt_pack<double, 2> *)(in0 + 1))[e]",
    )
    with pytest.raises(CudaError, match=r"reads 16 bytes at in0 \+ 8, an address that is no mult"):
        run(np.ones(9), np.ones(9))


def test_two_threads_at_one_element_are_told(planted):
    _, run = planted([x, y], x * y, "threadIdx.x", "threadIdx.x / 2")
    with pytest.raises(CudaError, match=rf"writes 16 bytes at out0 \+ 0, .* {BETWEEN}"):
        run(np.ones(99), np.ones(99))


@pytest.mark.parametrize(
    ("was", "less", "told"),
    [
        ("{\n    __threadfence();\n    is_last", "{ is_last", "with no fence and ticket between"),
        ("if (is_last) {\n    __threadfence();", "if (is_last) {", "with no fence and ticket"),
        ("volatile ", "", "and does not read it as volatile"),
        ("is_last) {", "true) {", "of block .* has read|with no fence and ticket between"),
        ("", "", None),
        ("if (at == 0) tickets[chunk] = 0;", "tickets[chunk] = 0;", f"at tickets .* {BETWEEN}"),
    ],
)
@pytest.mark.parametrize("is_backward", [False, True], ids=["forward", "backward"])
def test_what_the_last_block_of_a_sum_needs_is_missed(planted, was, less, told, is_backward):
    driver, run = planted([m], m.sum(axis=0), was, less, multiprocessors=1, is_backward=is_backward)
    given = np.ones((3000, 2))
    if told is None:
        assert list(run(given)) == [3000, 3000]
        assert driver.counts.launches == 1
    else:
        with pytest.raises(CudaError, match=told):
            run(given)


def test_a_number_beside_elements_of_a_loop_is_written_by_one_thread(planted):
    s = dscalar("s")
    (h, k), _ = scan(lambda h, k: (h * k, k + 1), outputs_info=[x, s], n_steps=3)
    _, run = planted([x, s], [h, k])
    found = run(np.ones(40), 2.0)
    np.testing.assert_array_equal(found[1], [3, 4, 5])


@pytest.fixture(scope="module")
def watched_samples(needs_emulation, sample_texts):
    """A device that watches the kernels of all samples."""
    made = EmulatedDriver(watches=True, optimization="-O0")
    items = list(sample_texts.items())
    made.compile_apart([dict(items[i : i + 100]) for i in range(0, len(items), 100)])
    return made


# Threads of a block, multiprocessors, and the order of blocks and threads.
SPREADS = {"small blocks": (8, 1, False), "large blocks backward": (64, 3, True)}


@pytest.mark.slow
@pytest.mark.parametrize("spread", SPREADS.values(), ids=SPREADS)
def test_no_kernel_of_the_samples_races_or_touches_what_is_not_its_own(
    watched_samples, functions_of, narrowed, spread
):
    device = watched_samples
    threads, multiprocessors, device.is_backward = spread
    device.properties = replace(device.properties, threads=threads, multiprocessors=multiprocessors)
    samples, failures, before = op_samples(), [], device.counts.launches
    functions = functions_of(device, samples)[::-1]
    for sample in samples:
        run = functions.pop()  # its memory is given back
        try:
            run(*sample.inputs)
        except CudaError as error:
            failures.append(f"{sample.name}: {error}")
    assert not failures, "\n".join(failures)
    assert len(narrowed) > 2700
    assert device.counts.launches - before > 3000
