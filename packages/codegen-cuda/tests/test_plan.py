"""Plans: which commands a function becomes, in which order, and where its memory lies."""

import re

import numpy as np
import pytest
from bitale_codegen_cuda.driver.commands import ClearBytes, CopyBytes, Launch, Product
from bitale_codegen_cuda.driver.driver import Properties
from bitale_codegen_cuda.driver.recording import RecordingDriver
from bitale_codegen_cuda.executor.arena import ALIGNMENT, placed
from bitale_codegen_cuda.executor.recorder import Region, addresses, region_of
from bitale_graph import Mode, function, scan, shared
from bitale_graph import language as T
from hypothesis import given, settings
from hypothesis import strategies as st

MODE = Mode(device="emulated", optimizer="None")
# No arena may be larger than this many times what lives at the same time at most.
SLACK = 1.2


@pytest.fixture(autouse=True)
def driver(use_driver):
    """A device that takes notes, as large as an H100."""
    return use_driver(RecordingDriver())


def planned(run, *args):
    """The plan of a call."""
    run(*args)
    return run.executable.plans[-1][1]


def told(one):
    """A command in words: a kernel's hint and how it is spread, or what is copied."""
    if isinstance(one, Launch):
        hint = re.fullmatch("bt_(.*)_[0-9a-f]{16}", one.kernel)[1]
        return f"{hint} {one.grid[0]} x {one.grid[1]} x {one.block}"
    if isinstance(one, Product):
        return f"product {one.rows} x {one.inner} x {one.columns}"
    return f"{'copy' if isinstance(one, CopyBytes) else 'clear'} {one.size} bytes"


def ones(*shape):
    return np.ones(shape, "float32")


x, y, row = T.fmatrix("x"), T.fmatrix("y"), T.fvector("row")


def elementwise():
    return function([x, y], x * y + 1, mode=MODE), (ones(300, 400), ones(300, 400))


def sum_of_all():
    return function([x], x.sum(), mode=MODE), (ones(300, 400),)


def sums_of_rows_and_columns():
    return function([x], [x.sum(axis=0), x.sum(axis=1)], mode=MODE), (ones(300, 400),)


def softmax():
    return function([x], T.softmax(x), mode=MODE), (ones(300, 400),)


def product():
    return function([x, y], T.dot(x, y.T), mode=MODE), (ones(300, 400), ones(50, 400))


def product_with_state():
    w = shared(ones(400, 50))
    return function([x], T.tanh(T.dot(x, w)), mode=MODE), (ones(300, 400),)


def update_in_place():
    w = shared(ones(400, 50))
    return function([row], updates=[(w, w - row)], mode=MODE), (ones(50),)


def swap():
    a, b = shared(ones(3)), shared(ones(3))
    return function([], updates=[(a, b), (b, a)], mode=MODE), ()


def gather():
    i = T.lvector("i")
    return function([x, i], x[i], mode=MODE), (ones(30, 5), np.zeros(3, "int64"))


def three_steps_of_products():
    w = shared(ones(5, 5))
    rows = T.ftensor3("rows")
    steps, _ = scan(
        lambda one, h: T.tanh(T.dot(h, w) + one),
        sequences=[rows],
        outputs_info=[T.zeros((4, 5), "float32")],
    )
    return function([rows], steps[-1], mode=MODE), (ones(3, 4, 5),)


PLANS = {
    elementwise: ["loop_mul 118 x 1 x 256", "loop_add 118 x 1 x 256"],
    sum_of_all: ["loop_add 1 x 29 x 256"],
    sums_of_rows_and_columns: ["loop_add 2 x 18 x 256", "loop_add 150 x 1 x 256"],
    softmax: ["softmax 150 x 1 x 256"],
    product: ["product 300 x 400 x 50"],
    product_with_state: ["product 300 x 400 x 50", "loop_tanh 15 x 1 x 256"],
    update_in_place: ["loop_sub 79 x 1 x 256"],
    swap: ["copy 12 bytes"] * 4,
    gather: [
        "loop_ge_or_or 1 x 1 x 256", "clear 4 bytes", "check 1 x 1 x 1", "loop_load 1 x 1 x 256",
    ],
}  # fmt: skip


@pytest.mark.parametrize("make", PLANS, ids=lambda make: make.__name__)
def test_a_function_becomes_these_commands(make):
    run, args = make()
    assert [told(one) for one in planned(run, *args).commands] == PLANS[make]


def test_a_loop_is_its_steps_one_after_the_other():
    run, args = three_steps_of_products()
    commands = [told(one) for one in planned(run, *args).commands]
    step = ["product 1 x 1 x 256", "loop_add 1 x 1 x 256", "loop_tanh 1 x 1 x 256"]
    assert commands[:1] + commands[-1:] == ["loop_copy 1 x 1 x 256", "copy 80 bytes"]
    assert commands[1:-1] == 3 * step


def test_a_check_stands_before_what_it_guards_and_kernels_after_it_ask_for_it():
    run, args = gather()
    plan = planned(run, *args)
    names = [told(one) for one in plan.commands]
    checked = next(i for i, name in enumerate(names) if name.startswith("check"))
    status = (plan.status + 1) << 44
    assert plan.commands[checked - 1] == ClearBytes(status, 4)
    assert all(one.arguments[0] == status for one in plan.commands[checked:])


def test_arguments_lie_first_then_results_then_what_lives_for_a_while():
    run, args = sum_of_all()
    layout = planned(run, *args).layout
    size = args[0].nbytes
    assert layout.inputs == {0: 0}
    assert list(layout.outputs.values()) == [size]
    assert layout.arena_start == size + ALIGNMENT
    assert layout.size == layout.arena_start + layout.arena.size


def test_only_what_is_used_is_uploaded():
    run = function([x, y], [x.shape[0], y + 1], mode=MODE)
    assert list(planned(run, ones(3, 4), ones(2, 2)).layout.inputs) == [1]


def test_the_status_and_the_results_lie_side_by_side():
    run, args = gather()
    plan = planned(run, *args)
    first, *others = plan.layout.outputs
    assert first == plan.status
    assert len(others) == 1
    offsets = list(plan.layout.outputs.values())
    assert offsets == sorted(offsets)


def test_memory_is_used_again_when_what_lay_there_is_dead():
    chain = x
    for _ in range(6):
        chain = T.exp(chain).T[::-1]
    plan = planned(function([x], chain.sum(), mode=MODE), ones(100, 100))
    large = [k for k in plan.layout.arena.offsets if plan.regions[k].size >= 40000]
    assert len(large) >= 6
    assert plan.layout.arena.size < 3 * 50000


def test_an_empty_array_becomes_no_command():
    run = function([x], [x * 2, x.sum(axis=1)], mode=MODE)
    assert planned(run, ones(0, 4)).commands == []


# Laws
regions = st.lists(
    st.tuples(st.integers(0, 5000), st.integers(0, 12), st.integers(0, 6), st.booleans()),
    max_size=25,
)


def lives(region, end):
    last = end if region.lasts or region.last is None else region.last
    return range(region.first, max(last, region.first + 1))


def assert_apart(arena, numbered, end):
    """No two regions that live at the same time share memory, and all lie in the arena."""
    for i, (k, one) in enumerate(numbered):
        begin = arena.offsets[k]
        assert begin % ALIGNMENT == 0
        assert begin + one.size <= arena.size
        for m, other in numbered[:i]:
            if set(lives(one, end)) & set(lives(other, end)):
                start = arena.offsets[m]
                assert begin + one.size <= start or start + other.size <= begin


@given(regions)
def test_what_lives_at_the_same_time_lies_apart(drawn):
    numbered = [
        (k, Region(size, first, first + length, 0, lasts))
        for k, (size, first, length, lasts) in enumerate(drawn)
    ]
    arena = placed(numbered, 20)
    assert_apart(arena, numbered, 20)
    assert arena.size >= arena.bound
    assert arena == placed(numbered, 20)


@st.composite
def expressions(draw):
    """A graph over two square matrices, of elementwise work, sums, products, views and joins."""
    n = draw(st.sampled_from([3, 16, 40]))
    made = [x, y]
    for _ in range(draw(st.integers(1, 9))):
        a, b = (made[draw(st.integers(0, len(made) - 1))] for _ in range(2))
        made.append(
            draw(
                st.sampled_from(
                    [
                        lambda a, b: T.tanh(a) + b,
                        lambda a, b: T.exp(-a * b),
                        lambda a, b: T.dot(a, b),
                        lambda a, b: T.dot(a.T, b),
                        lambda a, b: a.sum(axis=0) + b,
                        lambda a, b: a - b.sum(axis=1, keepdims=True),
                        lambda a, b: a.reshape((-1,))[::-1].reshape(b.shape),
                        lambda a, b: T.concatenate([a, b], axis=1)[:, ::2],
                        lambda a, b: T.softmax(a) * b,
                        lambda a, b: T.dot(a, b.max(axis=1)) + a,
                    ]
                )
            )(a, b)
        )
    last = made[-1]
    return [last, last.sum()] if draw(st.booleans()) else [made[-2], last.sum(axis=0)], n


@settings(deadline=None, max_examples=60)
@given(expressions())
def test_plans_of_random_graphs_keep_the_laws_of_memory(drawn):
    outputs, n = drawn
    args = ones(n, n), ones(n, n)

    def make():
        return planned(function([x, y], outputs, mode=MODE, on_unused_input="ignore"), *args)

    plan = make()
    arena, end = plan.layout.arena, len(plan.commands)
    numbered = [(k, plan.regions[k]) for k in arena.offsets]
    assert_apart(arena, numbered, end)
    assert arena.bound <= arena.size <= SLACK * arena.bound
    assert plan.commands == make().commands
    for number, one in enumerate(plan.commands):
        for k, within in map(region_of, filter(None, addresses(one))):
            region = plan.regions[k]
            is_ours = k >= plan.n_given and k != plan.tickets
            assert not is_ours or within < max(region.size, 1)
            assert not is_ours or number in lives(region, end)


@pytest.mark.parametrize("threads", [0, 3, 48, 512, -2])
def test_a_block_has_as_many_threads_as_kernels_take_for_granted(threads):
    with pytest.raises(ValueError, match=f"up to 256, and not {threads}"):
        Properties("a device", "cpu", 1, 1, threads)
