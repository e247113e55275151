"""Calls on the emulated device: values, shapes that change, what is reused, threads, callbacks."""

import threading
import warnings

import numpy as np
import pytest
from bitale_graph import Apply, Mode, Op, config, function, scan, shared
from bitale_graph import language as T

DEVICE = Mode(device="emulated", optimizer="None")
CPU = Mode(linker="numpy", optimizer="None")
DTYPES = (
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
    "float32", "float64",
)  # fmt: skip

pytestmark = pytest.mark.usefixtures("emulated")


def plans(run):
    return [plan for _, plan in run.executable.plans]


def ramp(*shape):
    return np.arange(float(np.prod(shape))).reshape(shape)


# Values
def test_calls_give_what_numpy_gives_again_and_again():
    x, w = T.dmatrix("x"), shared(ramp(4, 3) / 10)
    outputs = [T.tanh(T.dot(x, w)), x.sum(axis=0), x.max(axis=1), x[::2].T, x.mean()]
    run, reference = (function([x], outputs, mode=mode) for mode in (DEVICE, CPU))
    rng = np.random.default_rng(0)
    for _ in range(4):
        value = rng.normal(size=(5, 4))
        for ours, theirs in zip(run(value), reference(value), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-12)


LAYOUTS = {
    "contiguous": lambda a: a,
    "transposed": lambda a: np.ascontiguousarray(a.T).T,
    "reversed": lambda a: np.ascontiguousarray(a[::-1, ::-1])[::-1, ::-1],
    "every second": lambda a: np.repeat(a, 2, axis=1)[:, ::2],
    "repeated": lambda a: np.broadcast_to(a[:1], a.shape),
    "read-only": lambda a: np.frombuffer(a.tobytes(), a.dtype).reshape(a.shape),
    "not aligned": lambda a: np.frombuffer(b"." + a.tobytes(), "u1")[1:].view(a.dtype).reshape(
        a.shape
    ),
    "of another byte order": lambda a: a.astype(a.dtype.newbyteorder()),
    "lists": lambda a: a.tolist(),
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_arguments_of_every_layout_are_taken(layout):
    x = T.dmatrix("x")
    run = function([x], [x + 1, x.T], mode=DEVICE)
    value = layout(ramp(3, 4))
    for _ in range(2):
        one, other = run(value)
        np.testing.assert_array_equal(one, np.asarray(value) + 1)
        np.testing.assert_array_equal(other, np.asarray(value).T)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (0,), (1,), (5,), (2, 0), (2, 3)], ids=str)
def test_arguments_of_every_dtype_come_back(dtype, shape):
    x = T.TensorType(dtype, (False,) * len(shape))("x")
    value = (ramp(*shape) % 2).astype(dtype)
    given_back, sum_of_two = function([x], [x, x.sum() + x.sum()], mode=DEVICE)(value)
    assert given_back.dtype == dtype
    np.testing.assert_array_equal(given_back, value)
    assert sum_of_two == 2 * value.sum()


def test_results_are_arrays_of_the_caller_s_own():
    x, w = T.dvector("x"), shared(ramp(3))
    run = function([x], [x, x, w, w + x], mode=DEVICE)
    value = ramp(3)
    first = run(value)
    for one in first:
        one[...] = 99
    for one, expected in zip(run(value), [ramp(3), ramp(3), ramp(3), 2 * ramp(3)], strict=True):
        np.testing.assert_array_equal(one, expected)
    np.testing.assert_array_equal(value, ramp(3))


@pytest.mark.parametrize("outputs", [None, []], ids=["None", "none in a list"])
def test_a_function_may_have_no_outputs_and_no_inputs(outputs):
    n = shared(0)
    run = function([], outputs, updates=[(n, n + 1)], mode=DEVICE)
    assert run() == run() == []
    assert n.get_value() == 2
    assert function([], outputs, mode=DEVICE)() == []


def test_outputs_may_be_constants_and_numbers():
    s = T.dscalar("s")
    table = T.as_tensor(ramp(2, 3))
    run = function([s], {"table": table, "two": T.as_tensor(2), "s": s, "next": s + 1}, mode=DEVICE)
    for value in (0.5, -1.0):
        found = run(value)
        np.testing.assert_array_equal(found["table"], ramp(2, 3))
        assert [found[k] for k in ("two", "s", "next")] == [2, value, value + 1]


def test_an_array_and_one_of_its_numbers_may_be_results():
    x, w, n = T.dvector("x"), shared(np.ones(3)), shared(0.0)
    made = x + w
    run = function([x], [made, made[1]], updates=[(w, made), (n, made[2])], mode=DEVICE)
    assert [one.tolist() for one in run(ramp(3))] == [[1, 2, 3], 2]
    assert (w.get_value().tolist(), n.get_value()) == ([1, 2, 3], 3)


# Shapes
def test_each_shape_has_a_plan_and_the_oldest_is_closed(emulated):
    x = T.dvector("x")
    with config.change_flags(cuda_plans=2):
        run = function([x], [T.exp(x) + 1, x.sum(), x.max()], mode=DEVICE)
    for _ in range(3):
        run(ramp(3))
    (oldest,) = plans(run)
    assert oldest._graph is not None
    run(ramp(4))
    run(ramp(3))
    assert plans(run)[-1] is oldest
    run(ramp(5))
    assert oldest in plans(run)
    run(ramp(6))
    assert len(plans(run)) == 2
    assert oldest not in plans(run)
    assert oldest._graph is None
    for n in (3, 6, 0, 1, 4, 3):
        found = run(ramp(n)) if n else run(np.ones(1))
        assert found[0].shape == (n or 1,)
    assert len(plans(run)) == 2


def test_shapes_of_shared_variables_count_as_well():
    w, x = shared(ramp(3)), T.dscalar("x")
    run = function([x], w * x, mode=DEVICE)
    run(2)
    w.set_value(ramp(5))
    np.testing.assert_array_equal(run(2), 2 * ramp(5))
    w.set_value(ramp(3))
    np.testing.assert_array_equal(run(3), 3 * ramp(3))
    assert len(plans(run)) == 2


# What is taken for granted, and what is not
def test_numbers_that_decide_make_a_plan_each():
    x, n = T.dvector("x"), T.lscalar("n")
    steps, _ = scan(lambda h: h * 2, outputs_info=[x], n_steps=n)
    run = function([x, n], steps[-1], mode=DEVICE)
    for k in (2, 3, 2, 3):
        np.testing.assert_array_equal(run(ramp(3), k), ramp(3) * 2**k)
    assert len(plans(run)) == 2


def test_bounds_of_slices_make_a_plan_for_each_length_they_give():
    x, i, j = T.dvector("x"), T.lscalar("i"), T.lscalar("j")
    run, reference = (function([x, i, j], x[i:j] * 2, mode=mode) for mode in (DEVICE, CPU))
    for bounds in [(0, 3), (2, 5), (-2, 100), (5, 2), (-100, 1), (0, 3)]:
        np.testing.assert_array_equal(run(ramp(6), *bounds), reference(ramp(6), *bounds))


def test_a_rate_is_a_number_of_commands_that_stay(emulated):
    x, rate = T.dvector("x"), T.dscalar("rate")
    w = shared(np.zeros(3))
    run = function([x, rate], w.sum(), updates=[(w, w - rate * x)], mode=DEVICE)
    for k in range(2):
        run(np.ones(3), k)
    for k in range(2, 5):
        assert emulated.asked(lambda k=k: run(np.ones(3), k))["graphs"] == 1
    assert len(plans(run)) == 1
    np.testing.assert_array_equal(w.get_value(), np.full(3, -10.0))


def test_where_a_minibatch_begins_is_a_number_of_commands_that_stay(emulated):
    data, i, size = shared(ramp(40, 3)), T.lscalar("i"), 8
    batch = data[i * size : (i + 1) * size]
    w = shared(np.ones((3, 2)))
    outputs = [T.dot(batch, w), T.exp(-batch).sum(axis=1), batch.max()]
    run, reference = (function([i], outputs, mode=mode) for mode in (DEVICE, CPU))
    asked = []
    for k in (0, 1, 2, 3, 4, 0):
        found = []
        asked.append(emulated.asked(lambda k=k, found=found: found.extend(run(k))))
        for ours, theirs in zip(found, reference(k), strict=True):
            np.testing.assert_allclose(ours, theirs)
    assert len(plans(run)) == 1
    for one in asked[2:]:
        assert one["graphs"] == 1
        assert "uploads" not in one
        assert "allocations" not in one
    assert asked[-1]["downloads"] == 1


def test_steady_calls_allocate_nothing_and_cross_once_each_way(emulated):
    x, y = T.dmatrix("x"), T.dvector("y")
    w, b = shared(np.zeros((3, 2))), shared(np.zeros(2))
    made = T.softmax(T.dot(x, w) + b)
    grad = made - y.dimshuffle(0, "x")
    updates = [(w, w - T.dot(x.T, grad)), (b, b - grad.sum(axis=0))]
    run = function([x, y], [made.mean(), made.argmax(axis=1)], updates=updates, mode=DEVICE)
    args = (ramp(5, 3) / 20, np.ones(5))
    run(*args)
    run(*args)
    for _ in range(3):
        asked = emulated.asked(lambda: run(*args))
        assert (asked["graphs"], asked["uploads"], asked["downloads"]) == (1, 1, 1)
        assert "allocations" not in asked


# Threads
def test_threads_that_call_one_function_have_each_its_own_results():
    x = T.dvector("x")
    run = function([x], [x * 2, x.sum()], mode=DEVICE)
    wrong = []

    def work(n):
        for k in range(60):
            doubled, total = run(np.full(n, float(k)))
            if doubled.tolist() != [2.0 * k] * n or total != n * k:
                wrong.append((n, k))

    in_threads(work, [1, 3, 5])
    assert wrong == []


def in_threads(work, arguments):
    threads = [threading.Thread(target=work, args=(a,), daemon=True) for a in arguments]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
        assert not one.is_alive(), "threads wait for each other"


def test_no_update_is_lost_among_functions_of_the_device_and_of_the_cpu():
    x, w = T.dvector("x"), shared(np.zeros(3))
    functions = [
        function([x], w.sum(), updates=[(w, w + k * x)], mode=mode)
        for k, mode in ((1, DEVICE), (10, DEVICE), (100, CPU))
    ]

    def work(run):
        for _ in range(60):
            run(np.ones(3))

    in_threads(work, [*functions, functions[0]])
    np.testing.assert_array_equal(w.get_value(), np.full(3, 60 * 112.0))


def test_values_can_be_read_and_set_while_another_thread_calls():
    x, w, other = T.dvector("x"), shared(np.zeros(3)), shared(np.zeros(3))
    run = function([x], updates=[(w, w + x), (other, other + x)], mode=DEVICE)
    works = [
        lambda: run(np.ones(3)),
        w.get_value,
        lambda: other.set_value(np.zeros(3)),
        lambda: other.get_value(borrow=True),
    ]
    in_threads(lambda work: [work() for _ in range(100)], works)
    np.testing.assert_array_equal(w.get_value(), np.full(3, 100.0))


# Callbacks
class Host(Op):
    """An op with a function of Python and no other rule."""

    def __init__(self, work):
        self.work = work

    def make_node(self, *inputs):
        return Apply(self, list(inputs), [inputs[0].type()])

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = self.work(*inputs)


def quietly(*args, **keywords):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*no kernel is known", UserWarning)
        return function(*args, mode=DEVICE, **keywords)


def test_an_op_without_a_kernel_runs_on_the_host_after_one_warning():
    seen = []

    def work(a):
        seen.append(a.copy())
        return a * 3

    x, w = T.dmatrix("x"), shared(np.ones(3))
    op = Host(work)
    with pytest.warns(UserWarning, match="no kernel is known for Host") as caught:
        run = function([x], op(x.T + 1) * 2, updates=[(w, w * 2)], mode=DEVICE, name="mine")
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert "mine on emulated0" in str(caught[0].message)
    for _ in range(3):
        np.testing.assert_array_equal(run(ramp(2, 3)), (ramp(2, 3).T + 1) * 6)
    for one in seen:
        np.testing.assert_array_equal(one, ramp(2, 3).T + 1)
    np.testing.assert_array_equal(w.get_value(), np.full(3, 8.0))


@pytest.mark.parametrize("shape", [(0,), (3,)], ids=str)
def test_a_callback_may_have_numbers_and_several_results(shape):
    class Two(Op):
        def make_node(self, x, n):
            return Apply(self, [x, n], [x.type(), n.type()])

        def perform(self, node, inputs, output_storage):
            output_storage[0][0] = inputs[0] * 2
            output_storage[1][0] = np.asarray(inputs[1] + 1)

    x, n = T.dvector("x"), T.lscalar("n")
    doubled, more = Two()(x * 2, n + 1)
    run = quietly([x, n], [doubled[::-1], more, more * 2])
    found = run(np.ones(shape), 4)
    np.testing.assert_array_equal(found[0], np.full(shape, 4.0))
    assert [int(one) for one in found[1:]] == [6, 12]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_an_error_in_a_callback_leaves_everything_as_it_was(emulated, error):
    def work(a):
        if a[0] > 100:
            raise error("out of range")
        return a

    x, w, total = T.dvector("x"), shared(np.ones(2)), shared(np.zeros(2))
    op = Host(work)
    updates = [(w, w + x), (total, op(w * x))]
    run = quietly([x], op(x) + w, updates=updates)
    run(np.ones(2))
    pieces = emulated.pieces
    with pytest.raises(error, match="out of range"):
        run(np.full(2, 1000.0))
    np.testing.assert_array_equal(w.get_value(), np.full(2, 2.0))
    np.testing.assert_array_equal(total.get_value(), np.ones(2))
    run(np.ones(2))
    np.testing.assert_array_equal(w.get_value(), np.full(2, 3.0))
    assert emulated.pieces <= pieces


def test_a_callback_may_call_other_functions_of_the_device():
    x = T.dvector("x")
    inner = function([x], x * 3, mode=DEVICE)
    run = quietly([x], Host(inner)(x + 1) + 1)
    np.testing.assert_array_equal(run(np.ones(2)), np.full(2, 7.0))


def test_a_callback_that_updates_the_same_state_is_refused():
    x, w = T.dvector("x"), shared(np.ones(2))
    count = function([], updates=[(w, w + 1)], mode=DEVICE)
    run = quietly([x], Host(lambda a: count() or a)(x), updates=[(w, w * 10)])
    with pytest.raises(RuntimeError, match="one call must end before the next begins"):
        run(np.ones(2))
    np.testing.assert_array_equal(w.get_value(), np.ones(2))


def test_a_callback_that_updates_what_its_caller_only_reads_changes_nothing_for_it():
    x, w = T.dvector("x"), shared(np.ones(2))
    count = function([], updates=[(w, w + 1)], mode=DEVICE)
    run = quietly([x], Host(lambda a: count() or a)(x) + w)
    np.testing.assert_array_equal(run(np.ones(2)), np.full(2, 2.0))
    np.testing.assert_array_equal(w.get_value(), np.full(2, 2.0))


@pytest.mark.parametrize("dtype", ["complex128", "float16"])
def test_what_kernels_do_not_compute_runs_on_the_host(dtype):
    x = T.TensorType(dtype, (False,))("x")
    value = np.arange(3).astype(dtype)
    one, other = quietly([x], [x + x, x])(value)
    np.testing.assert_array_equal(one, value + value)
    np.testing.assert_array_equal(other, value)


def test_a_complex_number_is_handed_to_a_callback():
    x = T.TensorType("complex128", (False,))("x")
    np.testing.assert_array_equal(quietly([x], x * 2)(np.ones(3) + 1j), np.full(3, 2 + 2j))


# Memory
def test_want_of_memory_names_the_largest_buffers_and_changes_nothing(emulated):
    x, w = T.dvector("x"), shared(np.ones(3))
    run = function([x], T.outer(x, x) + 1, updates=[(w, w + 1)], mode=DEVICE, name="mine")
    emulated.limit = 10000
    with pytest.raises(MemoryError, match=r"mine needs \d+ bytes on emulated0") as caught:
        run(np.ones(100))
    first, *_ = str(caught.value).split("largest buffers are\n")[1].splitlines()
    assert "80000 bytes" in first
    assert any(name in first for name in ("Dot", "mul", "add"))
    np.testing.assert_array_equal(w.get_value(), np.ones(3))
    emulated.limit = None
    assert run(np.ones(100)).shape == (100, 100)
    np.testing.assert_array_equal(w.get_value(), np.full(3, 2.0))


@pytest.mark.parametrize("n", [2**22, 2**31, 2**40])
def test_sizes_beyond_any_device_are_want_of_memory(n):
    size, w = T.lscalar("size"), shared(1.0)
    run = function([size], T.zeros((size, size)), updates=[(w, w + 1)], mode=DEVICE)
    with pytest.raises(MemoryError):
        run(n)
    assert w.get_value() == 1
    assert run(2).shape == (2, 2)
