"""Each barrier of a kernel is needed: without it numbers are wrong, in one order of threads.

Where accesses are watched, each is missed in whichever order.
"""

import re
from dataclasses import replace

import numpy as np
import pytest
from bitale_codegen_cuda.base.errors import CudaError
from bitale_codegen_cuda.driver.commands import ClearBytes
from bitale_codegen_cuda.driver.driver import TICKETS
from bitale_codegen_cuda.driver.emulated import EmulatedDriver
from bitale_codegen_cuda.driver.recording import RecordingDriver
from bitale_codegen_cuda.kernel.dialect import prelude
from bitale_graph.compile.function import function
from bitale_graph.compile.mode import Mode
from bitale_graph.convolution import Conv, geometry
from bitale_graph.extend import LogSoftmax, Softmax, SoftmaxCrossentropy, SoftmaxGrad
from bitale_graph.language import argmax, dmatrix, dtensor4, dvector, lvector

# What kernels do hangs on no version of Python.
pytestmark = pytest.mark.slow

BARRIER = "__syncthreads();"
SHARED_SUM = re.search(
    r"template <class T, class F> __device__ T bt_combined\(.*?\n}\n", prelude(), re.DOTALL
)[0]
MODE = Mode(device="emulated", optimizer="None")

x, y, t, v = dmatrix("x"), dmatrix("y"), lvector("t"), dvector("v")
images, filters = dtensor4("images"), dtensor4("filters")
# There are more rows than groups of threads, so that blocks get several turns; long sums are split.
ROWS, LONG = (150, 29), 3000
# The barriers of a kernel that sums up, in the order of its text.
PAIRS, BEFORE_TICKET, AFTER_TICKET, NEXT_TURN = range(4)
# Which are needed. That before a ticket is, where blocks run at the same time: what a block has
# left must lie there. Here they run one after the other, and nobody can read too early; those who
# watch accesses know.
CASES = {
    "sums of rows": ([x], x.sum(axis=1), [ROWS], {PAIRS, NEXT_TURN}),
    "places in rows": ([x], argmax(x, axis=1), [ROWS], {PAIRS, NEXT_TURN}),
    "a long sum": ([v], v.sum(), [(LONG,)], {PAIRS}),
    "long sums": ([x], x.sum(axis=0), [(LONG, 2)], {PAIRS, AFTER_TICKET}),
    "places in columns": ([x], argmax(x, axis=0), [(LONG, 2)], {PAIRS, AFTER_TICKET}),
    "softmax": ([x], Softmax()(x), [ROWS], set(range(6))),
    "log softmax": ([x], LogSoftmax()(x), [ROWS], set(range(6))),
    "softmax gradient": ([x, y], SoftmaxGrad()(x, y), [ROWS, ROWS], set(range(3))),
    "cross-entropy": ([x, t], SoftmaxCrossentropy()(x, t), [ROWS, ROWS[:1]], set(range(6))),
    "convolution": (
        [images, filters],
        Conv(geometry(2))(images, filters),
        [(2, 3, 9, 9), (5, 3, 3, 3)],
        {0, 1},
    ),
}
# What is needed, too, where others may run at the same time.
SEEN = {
    "a long sum": {AFTER_TICKET},
    "long sums": {BEFORE_TICKET},
    "places in columns": {BEFORE_TICKET},
}
# Shared memory may hold anything at first: 0 as well.
FLAG = "__shared__ int is_last;"
CLEARED = f"{FLAG} if (at == 0) is_last = 0; {BARRIER}"


class ChangedDriver(EmulatedDriver):
    """Runs a kernel in place of another."""

    instead = ("", "")

    def launch(self, one, arguments):
        whole, changed = self.instead
        super().launch(replace(one, kernel=changed) if one.kernel == whole else one, arguments)


def without_each(name, text):
    """A kernel without one of its barriers, for each of them, under other names."""
    pieces = text.split(BARRIER)
    for k in range(1, len(pieces)):
        yield BARRIER.join(pieces[:k]) + BARRIER.join(pieces[k:])
    calls = text.split("bt_combined(")
    barriers = SHARED_SUM.split(BARRIER)
    for call in range(1, len(calls)):
        for k in range(1, len(barriers)):
            less = BARRIER.join(barriers[:k]) + BARRIER.join(barriers[k:])
            helper = f"combined_{name}_{call}_{k}("
            kernel = "bt_combined(".join(calls[:call]) + helper + "bt_combined(".join(calls[call:])
            yield less.replace("bt_combined(", helper) + kernel


def arrays_of(shapes, seed):
    rng = np.random.default_rng(seed)
    return [rng.integers(0, 29, s) if s == ROWS[:1] else rng.normal(size=s) for s in shapes]


@pytest.fixture
def made(needs_emulation, use_driver):
    """``made(inputs, outputs, shapes)``: a device, a function, and its kernels with barriers."""

    def make(inputs, outputs, shapes, **options):
        device = ChangedDriver(multiprocessors=1, optimization="-O0", **options)
        recording = use_driver(RecordingDriver(multiprocessors=1))
        # Some texts know how many threads a block has.
        recording.properties = device.properties
        function(inputs, outputs, mode=MODE)(*arrays_of(shapes, 0))
        texts = [
            (name, text)
            for name, text in recording.texts.items()
            if BARRIER in text or "bt_combined(" in text
        ]
        return use_driver(device), function(inputs, outputs, mode=MODE), texts

    return make


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_without_one_barrier_numbers_are_wrong(made, case):
    inputs, outputs, shapes, needed = case
    device, run, texts = made(inputs, outputs, shapes)
    name, text = texts[-1]  # before it may stand one that checks targets
    count = text.count(BARRIER) + text.count("bt_combined(") * SHARED_SUM.count(BARRIER)
    changed = [text, *without_each(name, text)]
    assert len(changed) == 1 + count
    device.compile_apart(
        [
            {
                f"{name}_{k}": one.replace(f"{name}(", f"{name}_{k}(").replace(FLAG, CLEARED)
                for k, one in enumerate(changed)
            }
        ]
    )

    def numbers(instead, seed):
        device.instead = (name, instead)
        found = run(*arrays_of(shapes, seed))
        return np.concatenate([np.ravel(x) for x in (found if type(found) is list else [found])])

    wanted = numbers(name, seed=1)

    def is_right(k):
        for device.is_backward in (False, True):
            numbers(name, seed=0)  # what lies where results come is of other numbers
            try:
                found = numbers(f"{name}_{k}", seed=1)
            except CudaError:  # some threads ended, and others wait
                return False
            if not np.allclose(found, wanted, rtol=1e-9):
                return False
        return True

    assert is_right(0)
    assert {k for k in range(count) if not is_right(k + 1)} == needed


def test_what_a_block_has_left_lies_there_before_it_takes_a_ticket(made):
    _, _, [(_, text)] = made([v], v.sum(), [(LONG,)])
    words = "".join(text.split())
    assert f"{BARRIER}if(at==0){{__threadfence();is_last=atomicAdd(" in words
    assert text.count(BARRIER) == len({PAIRS, BEFORE_TICKET, AFTER_TICKET, NEXT_TURN})


@pytest.mark.parametrize("is_backward", [False, True], ids=["forward", "backward"])
@pytest.mark.parametrize("name", CASES)
def test_without_one_barrier_threads_are_seen_to_race(made, name, is_backward):
    inputs, outputs, shapes, needed = CASES[name]
    device, run, texts = made(inputs, outputs, shapes, watches=True)
    device.is_backward = is_backward
    whole, text = texts[-1]
    less = {f"{whole}_{k}": one for k, one in enumerate(without_each(whole, text))}
    device.compile_apart([{k: one.replace(f"{whole}(", f"{k}(") for k, one in less.items()}])

    def races(instead):
        device.instead = (whole, instead)
        try:
            run(*arrays_of(shapes, 1))
        except CudaError as error:
            device.run([ClearBytes(device.tickets, 4 * TICKETS)])
            return "with no barrier between" in str(error) or "with no fence and" in str(error)
        return False

    assert not races(whole)
    assert {k for k, one in enumerate(less) if races(one)} == needed | SEEN.get(name, set())
