"""Results of callbacks are taken over where nobody else can see them, and copied elsewhere."""

import itertools
import threading
import tracemalloc
import weakref

import numpy as np
import pytest
from bitale_codegen_c.host.target import C
from bitale_codegen_c.runtime import Argument, Callback, Program, clear_pool
from bitale_graph import Mode, function, scan, shared
from bitale_graph import language as T
from bitale_graph.extend import Apply, Op, toposort
from bitale_graph.plan.node_code import has_code
from bitale_graph.tensor.variable import TensorType
from bitale_graph.testing import op_samples, samples_by_subject

handler_name = np._core.multiarray.get_handler_name
PASS_ON = """
    if (rt->callback(call, 0, in, out)) return (4 << 8) | 3;
    return 0;"""


@pytest.fixture
def call(build):
    """What a function gives, through compiled code."""

    def of_function(give, x, shape=1, borrow=True):
        program = Program(
            *build(PASS_ON),
            arguments=[Argument("float64", x.ndim)],
            outputs=[("float64", shape)],
            callbacks=[Callback(give, [("float64", x.ndim)], [("float64", shape)], borrow=borrow)],
            single=True,
        )
        return program((x,))

    return of_function


def address(array):
    return array.__array_interface__["data"][0]


def made_and_seen(make):
    """A function that gives a new array, and where that was."""
    seen = []

    def give(x):
        made = make(x)
        seen.append(address(made))
        return [made]

    return give, seen


X = np.arange(1.0, 1001.0)
TAKEN = {
    "sum": lambda x: x + 1,
    "sorted": lambda x: np.sort(x[::-1]),
    "zeros": lambda x: np.zeros(500),
    "empty": lambda x: np.empty(0),
    "longer": lambda x: np.concatenate([x, x]),
    "all of another": lambda x: (x + 1)[:],
    "reshaped": lambda x: np.outer(x, x).reshape(-1),
    "resized": lambda x: np.resize(x, 3000),
}
COPIED = {
    "part": lambda x: (x + 1)[10:],
    "first part": lambda x: (x + 1)[:10],
    "reversed": lambda x: (x + 1)[::-1],
    "strided": lambda x: (x + 1)[::2],
    "stretched": lambda x: np.broadcast_to(x[:1], 7),
    "the input": lambda x: x,
    "part of the input": lambda x: x[3:],
    "of bytes": lambda x: np.frombuffer(bytes(80)),
    "of a buffer": lambda x: np.frombuffer(bytearray(80)),
}


@pytest.mark.parametrize("borrow", [True, False])
@pytest.mark.parametrize("make", TAKEN.values(), ids=list(TAKEN))
def test_what_nobody_else_sees_is_not_copied(call, make, borrow):
    give, seen = made_and_seen(make)
    found = call(give, X, borrow=borrow)
    assert address(found) == seen[0]
    np.testing.assert_array_equal(found, make(X))
    assert found.flags.writeable
    found[...] = 5
    del found
    for _ in range(3):  # the memory was given back once
        np.testing.assert_array_equal(call(give, X, borrow=borrow), make(X))


@pytest.mark.parametrize("borrow", [True, False])
@pytest.mark.parametrize("make", COPIED.values(), ids=list(COPIED))
def test_what_lies_elsewhere_or_in_another_order_is_copied(call, make, borrow):
    give, seen = made_and_seen(make)
    given = X.copy()
    found = call(give, given, borrow=borrow)
    assert address(found) != seen[0]
    np.testing.assert_array_equal(found, make(X))
    found[...] = 99
    np.testing.assert_array_equal(given, X)


def test_what_somebody_keeps_is_copied(call):
    keepers = {
        "the array": lambda made: made,
        "a view": lambda made: made[3:],
        "a buffer": memoryview,
        "a list": lambda made: [made],
        "what owns it": lambda made: made[:].base,
    }
    for keep in keepers.values():
        kept = []

        def give(x, keep=keep, kept=kept):
            made = x + 1
            kept.append(keep(made))
            return [made[:]]

        found = call(give, X)
        found[...] = 99
        np.testing.assert_array_equal(np.ravel(kept[0])[-10:], (X + 1)[-10:])
    results = [X + 1]
    call(lambda x: results, X)[...] = 99
    np.testing.assert_array_equal(results[0], X + 1)


def test_an_array_that_is_referred_to_weakly_is_gone_when_its_memory_is(call):
    found = []

    def give(x):
        made = x + 1
        found.append(weakref.ref(made))
        return [made]

    np.testing.assert_array_equal(call(give, X), X + 1)
    assert found[0]() is None


def test_a_read_only_result_and_one_of_a_subclass_are_copied(call):
    def read_only(x):
        made = x + 1
        made.flags.writeable = False
        return [made]

    class Other(np.ndarray):
        pass

    for give in (read_only, lambda x: [(x + 1).view(Other)], lambda x: ((x + 1),)):
        found = call(give, X)
        assert type(found) is np.ndarray
        found += 1
        np.testing.assert_array_equal(found, X + 2)


def test_fortran_order_is_turned(call):
    for shape in ((30, 20), (3, 4, 5), (1, 7), (0, 3), (200, 300)):
        x = np.arange(float(np.prod(shape))).reshape(shape)
        found = call(lambda x: [np.asfortranarray(x) + 1], x, x.ndim)
        assert found.flags.c_contiguous
        np.testing.assert_array_equal(found, x + 1)
        np.testing.assert_array_equal(call(lambda x: [(x + 1).T], x, x.ndim), (x + 1).T)


def test_the_same_array_twice_gives_two(build):
    program = Program(
        *build(PASS_ON),
        arguments=[Argument("float64", 1)],
        outputs=[("float64", 1)] * 3,
        callbacks=[Callback(lambda x: [x + 1] * 3, [("float64", 1)], [("float64", 1)] * 3)],
    )
    for one, other in itertools.combinations(program((X,)), 2):
        assert not np.shares_memory(one, other)
        np.testing.assert_array_equal(one, other)


def test_numpy_s_memory_is_as_before_after_a_callback(call):
    name = handler_name(np.empty(3))
    inside, kept = [], []

    def give(x):
        kept.append(np.arange(5000.0))
        inside.append(handler_name(kept[-1]))
        inside.append(handler_name(call(lambda x: [x + 1], x, borrow=False)))
        inside.append(handler_name(np.empty(3)))
        return [x + 1]

    def fail(x):
        np.empty(3)
        raise KeyError("mine")

    call(give, X)
    with pytest.raises(KeyError, match="mine"):
        call(fail, X)
    assert handler_name(np.empty(3)) == name
    assert inside[0] == inside[2] == "bitale_pool"
    clear_pool()
    # What was made inside and is kept stays, and can grow and shrink.
    for length in (5000, 7, 90_000):
        kept[0].resize(length, refcheck=False)
        np.testing.assert_array_equal(kept[0][:7], np.arange(7.0))
    assert not kept[0][5000:].any()


def test_tracing_of_memory_forgets_what_is_taken(call):
    tracemalloc.start()
    try:
        found = [call(lambda x: [x + 1], X) for _ in range(3)]
        traced = tracemalloc.take_snapshot().filter_traces(
            [tracemalloc.DomainFilter(True, np.lib.tracemalloc_domain)]
        )
        assert sum(trace.size for trace in traced.traces if trace.size == X.nbytes) == 0
    finally:
        tracemalloc.stop()
    assert len(found) == 3


def test_threads_have_their_own_results(build):
    def work(x):
        made = np.sort(x[::-1])
        return [np.cumsum(made) + np.zeros(len(x))]

    program = Program(
        *build(PASS_ON),
        arguments=[Argument("float64", 1)],
        outputs=[("float64", 1)],
        callbacks=[Callback(work, [("float64", 1)], [("float64", 1)], borrow=True)],
        single=True,
    )
    wrong = []

    def run(k):
        x = np.arange(400.0) + k
        found = [program((x,)) for _ in range(100)]
        wrong.extend(y for y in found if (y != np.cumsum(x)).any())

    threads = [threading.Thread(target=run, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


class Kept(Op):
    """An op that gives one array again and again, or a part of it, and keeps it."""

    __props__ = ("part",)

    def __init__(self, part):
        self.part = part
        self.stored = np.arange(6.0)

    def make_node(self, x):
        x = T.as_tensor(x)
        return Apply(self, [x], [TensorType("float64", (None,))()])

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = self.stored[2:] if self.part else self.stored


@pytest.mark.parametrize("part", [False, True])
def test_what_an_op_keeps_is_not_given_away(part):
    x = T.dvector("x")
    op = Kept(part)
    y = op(x)
    s = shared(np.zeros(3))
    f = function([x], [y, y + 1, op(y)], updates=[(s, y)])
    for _ in range(2):
        for found in (*f([1.0]), s.get_value(borrow=True)):
            assert not np.shares_memory(found, op.stored)
            found[...] = 99
    np.testing.assert_array_equal(op.stored, np.arange(6.0))


def test_results_in_loops_are_apart():
    x = T.dmatrix("x")
    s = shared(np.zeros(4))
    rows = scan(lambda row, before: T.sort(row + before), sequences=x, outputs_info=x[0] * 0)[0]
    f = function([x], [rows, T.sort(x), T.sort(x)[0], T.sort(s)], updates=[(s, T.sort(rows[-1]))])
    given = np.random.default_rng(0).normal(size=(5, 4))
    before, first = given.copy(), f(given)
    kept = [np.array(a) for a in first]
    second = f(given + 1)
    arrays = [given, s.get_value(borrow=True), *first, *second]
    for one, other in itertools.combinations(arrays, 2):
        assert not np.shares_memory(one, other)
    for a, b in zip(first, kept, strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(given, before)


def _called_back(outputs):
    return {type(node.op) for node in toposort(outputs) if not has_code(C, node)}


@pytest.mark.slow
@pytest.mark.usefixtures("compile_quickly")
def test_no_op_that_python_computes_shares_what_it_gives():
    mode = Mode(linker="c", optimizer="None")
    seen = set()
    for subject in samples_by_subject():
        for sample in op_samples(subject, core=True):
            inputs, outputs = sample.graph()
            if _called_back(outputs) <= seen or not any(np.size(a) for a in sample.inputs):
                continue
            seen |= _called_back(outputs)
            f = function(inputs, outputs, on_unused_input="ignore", mode=mode)
            arrays = [np.array(a) for a in sample.inputs]
            first = f(*arrays)
            kept = [np.array(a) for a in first]
            second = f(*arrays)
            for one, other in itertools.combinations([*arrays, *first, *second], 2):
                assert not np.shares_memory(one, other)
            for a in second:
                a.fill(0)
            for a, b in zip([*first, *arrays], [*kept, *sample.inputs], strict=True):
                np.testing.assert_array_equal(a, b)
    assert len(seen) > 10
