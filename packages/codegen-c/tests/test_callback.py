"""Python code called from compiled functions."""

import gc

import numpy as np
import pytest
from bitale_codegen_c.runtime import Argument, Callback, Program, pool_statistics

CALL_PYTHON = """
    bt_result result[1];
    if (rt->callback(call, 0, in, result)) return (4 << 8) | 3;
    double *values = result[0].data;
    int64_t n = result[0].shape[0];
    out[0].value[0] = 0;
    for (int64_t i = 0; i < n; i++) out[0].value[0] += values[i];
    rt->release(values);
    return 0;"""


def sum_of_callback(build, function, **options):
    callback = Callback(function, [("float64", 1)], [("float64", 1)], **options)
    return Program(
        *build(CALL_PYTHON),
        arguments=[Argument("float64", 1)],
        outputs=[("float64", 0)],
        callbacks=[callback],
        single=True,
    )


@pytest.mark.parametrize("borrow", [False, True])
def test_callback_sees_the_input_and_gives_a_result(build, borrow):
    x = np.arange(10.0)[::2]
    assert sum_of_callback(build, lambda x: [x[::-1] + 1], borrow=borrow)((x,)) == 25
    assert sum_of_callback(build, lambda x: (x,), borrow=borrow)((x,)) == 20
    assert sum_of_callback(build, lambda x: [x[1:]], borrow=borrow)((x,)) == 20
    assert sum_of_callback(build, lambda x: [x[:0]], borrow=borrow)((x,)) == 0


def test_error_in_a_callback_is_raised_unchanged(build):
    error = KeyError("mine")

    def fail(x):
        raise error

    program = sum_of_callback(build, fail)
    gc.collect()  # what a test before has left in a cycle would be given back meanwhile
    live = pool_statistics()["live_blocks"]
    for _ in range(3):
        with pytest.raises(KeyError) as caught:
            program((np.zeros(3),))
        assert caught.value is error
    gc.collect()
    assert pool_statistics()["live_blocks"] == live


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda x: [x, x], "returned 2 results, expected 1"),
        (lambda x: [x.astype("float32")], "float32"),
        (lambda x: [x.reshape(1, -1)], "shape"),
    ],
)
def test_wrong_result_of_a_callback(build, function, message):
    with pytest.raises(TypeError, match=message):
        sum_of_callback(build, function)((np.zeros(3),))


def test_lent_input_is_read_only_and_must_not_be_kept(build):
    def write(x):
        x[0] = 1
        return [x]

    kept = []

    def keep(x):
        kept.append(x[1:])
        return [x + 1]

    x = np.arange(3.0)
    with pytest.raises(ValueError, match="read-only"):
        sum_of_callback(build, write, borrow=True)((x,))
    with pytest.raises(RuntimeError, match="kept its input 0"):
        sum_of_callback(build, keep, borrow=True)((x,))
    assert sum_of_callback(build, keep)((x,)) == 6
    np.testing.assert_array_equal(kept[-1], [1, 2])
    assert sum_of_callback(build, write)((x,)) == 4
    np.testing.assert_array_equal(x, [0, 1, 2])


def test_scalar_callback(build):
    body = """
        bt_result result[1];
        if (rt->callback(call, 0, in, result)) return 3;
        out[0].value[0] = result[0].value[0];
        return 0;"""
    program = Program(
        *build(body),
        arguments=[Argument("float64", 0)],
        outputs=[("float64", 0)],
        callbacks=[Callback(lambda x: [x * 2], [("float64", ())], [("float64", ())], borrow=True)],
        single=True,
    )
    assert program((1.5,)) == 3.0
