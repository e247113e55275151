"""Containers that compiled functions read and update."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from bitale_codegen_c.runtime import Argument, Callback, Program
from bitale_graph.tensor.state import Container


def container(value, dtype="float64"):
    return Container(np.array(value, dtype))


def address(one):
    return one.data.__array_interface__["data"][0]


def is_free(one):
    """Whether another thread can have the lock of a container."""
    with ThreadPoolExecutor(1) as pool:
        taken = pool.submit(one.lock.acquire, timeout=0).result()
        if taken:
            pool.submit(one.lock.release).result()
    return taken and not one.updating[0]


IN_PLACE = """
    double *state = in[1].data;
    for (int64_t i = 0; i < in[1].shape[0]; i++)
        state[i] += *(double *)((char *)in[0].data + i * in[0].strides[0]);
    out[0].value[0] = state[0];
    return 0;"""


def accumulate(build, state, **options):
    return Program(
        *build(IN_PLACE),
        arguments=[Argument("float64", 1)],
        shared=[(state, Argument("float64", 1))],
        outputs=[("float64", 0)],
        updates=[(0, None)],
        single=True,
        **options,
    )


def test_update_in_place_writes_into_the_container(build):
    state = container([1, 2, 3])
    place = address(state)
    assert accumulate(build, state)((np.ones(3),)) == 2
    assert address(state) == place
    np.testing.assert_array_equal(state.data, [2, 3, 4])


@pytest.mark.parametrize(
    "refer", [lambda a: a, lambda a: a[1:], memoryview], ids=["itself", "view", "buffer"]
)
def test_update_in_place_leaves_an_array_alone_that_somebody_refers_to(build, refer):
    state = container([1, 2, 3])
    borrowed = refer(state.data)
    before = np.array(borrowed)
    program = accumulate(build, state)
    program((np.ones(3),))
    np.testing.assert_array_equal(borrowed, before)
    np.testing.assert_array_equal(state.data, [2, 3, 4])
    place = address(state)
    program((np.ones(3),))
    assert address(state) == place


def test_update_in_place_leaves_overlapping_input_and_read_only_array_alone(build):
    state = container([1, 2, 3])
    program = accumulate(build, state)
    program((state.data[::-1],))
    np.testing.assert_array_equal(state.data, [4, 4, 4])
    state.data.flags.writeable = False
    old = state.data
    program((np.ones(3),))
    np.testing.assert_array_equal(old, [4, 4, 4])
    np.testing.assert_array_equal(state.data, [5, 5, 5])


REPLACE = """
    for (int k = 0; k < 2; k++) {
        double *next = rt->alloc(8);
        *next = *(double *)in[1 + k].data + 1;
        out[k].data = next;
        out[k].shape[0] = 1;
    }
    return *(double *)in[0].data < 0 ? (1 << 8) | 1 : 0;"""


def replace(build, first, second, **options):
    kind = Argument("float64", 1)
    return Program(
        *build(REPLACE),
        arguments=[Argument("float64", 0)],
        shared=[(first, kind), (second, kind)],
        outputs=[("float64", 1), ("float64", 1)],
        updates=[(0, 0), (1, 1)],
        **options,
    )


def test_updates_replace_arrays_after_success_only(build):
    first, second = container([1]), container([10])
    before = first.data
    program = replace(build, first, second)
    assert program((1.0,)) == []
    assert (first.data[0], second.data[0], before[0]) == (2, 11, 1)
    with pytest.raises(RuntimeError, match="node 1"):
        program((-1.0,))
    assert (first.data[0], second.data[0]) == (2, 11)
    assert is_free(first)


def test_returned_output_is_not_the_state(build):
    first, second = container([1]), container([10])
    results = replace(build, first, second, returned=2)((1.0,))
    results[0][0] = 100
    assert first.data[0] == 2


def test_changed_type_of_a_container_is_an_error(build):
    state = container([1, 2, 3])
    program = accumulate(build, state)
    for wrong in (np.zeros(3, "float32"), np.zeros((3, 1)), np.zeros(6)[::2], [1.0]):
        state.data = wrong
        with pytest.raises(TypeError, match="shared variable 0"):
            program((np.ones(3),))
    assert is_free(state)


def test_calls_of_a_program_with_updates_are_serial(build):
    state = container([0.0] * 100)
    program = accumulate(build, state)
    other = accumulate(build, state)
    ones = np.ones(100)

    def work(function):
        for _ in range(500):
            function((ones,))

    workers = [threading.Thread(target=work, args=(f,)) for f in (program, other) * 2]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    np.testing.assert_array_equal(state.data, 2000)


def test_call_from_its_own_callback_is_an_error(build):
    state = container([1])
    programs = []
    body = "bt_result r[1]; return rt->callback(call, 0, in, r) ? 3 : 0;"
    programs.append(
        Program(
            *build(body),
            shared=[(state, Argument("float64", 1))],
            updates=[(0, None)],
            callbacks=[Callback(lambda: programs[0](()), [], [])],
        )
    )
    with pytest.raises(RuntimeError, match="its own callback"):
        programs[0](())
    assert is_free(state)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"updates": [(0, None)]}, "container 0 of 0"),
        ({"outputs": [("float64", 0)], "returned": 2}, "returned=2"),
        ({"single": True}, "single=True"),
    ],
)
def test_indices_of_a_program_are_checked(build, options, message):
    with pytest.raises(ValueError, match=message):
        Program(*build("return 0;"), **options)
