"""What a failed call says: at once, whatever ran before, and with the class that it has."""

import builtins
import time

import numpy as np
import pytest
from bitale_codegen_c.runtime.runtime import pool_statistics, take_kept_steps
from bitale_graph import Apply, Mode, Op, function, scan, shared, until
from bitale_graph import language as T
from bitale_graph.base.errors import ShapeError

pytestmark = pytest.mark.usefixtures("compiler")

n, i = T.lscalar("n"), T.lscalar("i")
v, w, k = T.dvector("v"), T.dvector("w"), T.lvector("k")
LONG = 300_000
MODES = {"default": None, "FAST_COMPILE": "FAST_COMPILE", "numpy": Mode(linker="numpy")}


def late(bad, length=LONG):
    """Indices of which only the last is bad."""
    made = np.zeros(length, "int64")
    made[-1] = bad
    return made


def rows(step, first, **options):
    return scan(step, outputs_info=[first], **options)[0]


def failed(error, inputs, outputs, *arguments):
    """The text of the error of a compiled call, which changes nothing and comes soon."""
    state = shared(np.zeros(1), "state")
    f = function(inputs, outputs, updates=[(state, state + 1)], on_unused_input="ignore")
    live = pool_statistics()["live_bytes"]
    start = time.perf_counter()
    with pytest.raises(error) as caught:
        f(*arguments)
    assert time.perf_counter() - start < 2.5
    assert type(caught.value) is error
    assert state.get_value() == [0]
    assert not take_kept_steps()
    assert pool_statistics()["live_bytes"] == live
    return str(caught.value)


def test_an_index_in_the_last_of_many_steps():
    out = rows(lambda j, h: h + v[j], T.zeros_like(v), sequences=[k])
    text = failed(IndexError, [k, v], out[-1], late(99), np.ones(3))
    for part in ("99 is out of bounds", "step 299999 of Scan", __file__, "Subtensor"):
        assert part in text


def test_an_index_in_a_loop_that_runs_backwards():
    out = rows(lambda j, h: h * 0.5 + v[j], v[0], sequences=[k], go_backwards=True)
    text = failed(IndexError, [k, v], out[-1], late(99)[::-1].copy(), np.ones(3))
    assert "step 299999 of Scan" in text


def test_an_index_that_a_state_tells():
    long = np.ones(LONG)
    counting = rows(lambda h: h + T.cast(v[h], "int64"), i, n_steps=n)
    text = failed(IndexError, [i, v, n], counting[-1], 0, long, 2 * LONG)
    assert f"index {LONG} is out of bounds" in text
    assert f"step {LONG} of Scan" in text


def test_a_loop_in_a_loop():
    def step(j, h):
        return rows(
            lambda m, g: g + v[T.cast(T.floor(g / 1e9), "int64") + m + j],
            h,
            sequences=[T.arange(3)],
        )[-1]

    out = rows(step, w.sum(), sequences=[k])
    text = failed(IndexError, [k, v, w], out[-1], late(7), np.ones(8), np.ones(2))
    assert text.index("step 1 of Scan") < text.index("step 299999 of Scan")


def test_lengths_that_no_step_can_have():
    out = rows(lambda h: T.tanh(h + v) + w, T.zeros_like(v), n_steps=n)
    text = failed(ShapeError, [v, w, n], out[-1], np.ones(3), np.ones(2), LONG)
    assert "step 0 of Scan" in text


def test_a_state_that_changes_its_length_late():
    out = rows(lambda j, h: h[j:] * 1.0, v, sequences=[k])
    text = failed(ShapeError, [k, v], out[-1], late(1), np.ones(3))
    assert "changed from (3,) to (2,) in step 299999" in text


def test_lengths_after_a_long_loop():
    last = rows(lambda h: h * 0.5 + 1, v[0], n_steps=n)[-1]
    text = failed(ShapeError, [v, w, n], v * last + w, np.ones(3), np.ones(2), LONG)
    for part in ("(3,), (2,)", __file__, "not known"):
        assert part in text


def test_the_length_of_a_stack_after_a_long_loop():
    out = rows(lambda h: h * 0.5 + 1, v[0], n_steps=n)
    text = failed(ShapeError, [v, w, n], out + w, np.ones(3), np.ones(2), LONG)
    assert f"({LONG},), (2,)" in text


def test_what_depends_on_the_values_of_a_long_loop_is_told_without_them():
    last = rows(lambda h: h + 1, i, n_steps=n)[-1]
    text = failed(IndexError, [i, v, n], v[last], 0, np.ones(3), LONG)
    assert "compiled code found" in text
    assert __file__ in text


def test_a_loop_that_a_condition_ends():
    def step(h):
        return h + T.cast(v[h], "int64"), until(h < 0)

    out = scan(step, outputs_info=[i], n_steps=n)[0]
    text = failed(IndexError, [i, v, n], out[-1], 0, np.ones(LONG), 10**9)
    assert f"step {LONG} of Scan" in text


@pytest.mark.parametrize("mode", MODES.values(), ids=MODES)
@pytest.mark.parametrize(
    ("output", "lengths"),
    [
        (T.alloc(1.0, n), (2**45,)),
        (T.alloc(1.0, n, 2), (2**45, 2)),
        (T.alloc(1.0, n, n), (2**45, 2**45)),
        (T.exp(T.alloc(v[0], n) + 1), (2**45,)),
    ],
)
def test_want_of_memory_is_told_with_op_shape_and_line(mode, output, lengths):
    f = function([v, n], output, mode=mode, on_unused_input="ignore")
    with pytest.raises(MemoryError) as caught:
        f([1.0], 2**45)
    assert type(caught.value) is MemoryError
    text = str(caught.value)
    assert __file__ in text
    assert "Apply node" in text
    assert "out of memory" in text
    if lengths != (2**45, 2**45):
        assert f"{8 * np.prod(lengths, dtype=object)} bytes" in text
        assert str(lengths) in text


def test_want_of_memory_for_what_lies_between_and_for_stacks():
    between = function([v], T.dot(T.exp(v[:, None] * v[None, :]), v))
    with pytest.raises(MemoryError, match=rf"{2**47} bytes(.|\n)*Loop|Dimshuffle"):
        between(np.zeros(2**22))
    stack = function([v, n], rows(lambda h: h + 1, v, n_steps=n))
    with pytest.raises(MemoryError, match=rf"{2**50} bytes(.|\n)*Scan"):
        stack(np.zeros(2**17), 2**30)


class Own(Exception):
    """An exception of a user's, with what it needs."""

    __slots__ = ("code",)

    def __init__(self, code, *, more):
        super().__init__(code, more)
        self.code = code


class Raising(Op):
    """An op that raises what it was made with, once its input is large."""

    __props__ = ("error",)

    def __init__(self, error):
        self.error = error

    def make_node(self, x):
        return Apply(self, [x], [x.type()])

    def perform(self, node, inputs, output_storage):
        if inputs[0].sum() > 2:
            raise self.error
        output_storage[0][0] = inputs[0] + 1


class Exiting(SystemExit):
    pass


Group = getattr(builtins, "ExceptionGroup", ValueError)  # from Python 3.11 on
OWN = {
    "with arguments": Own(3, more="x"),
    "a group": Group("several", [ValueError("a")]),
    "an interruption": KeyboardInterrupt(),
    "an exit": Exiting(4),
    "the end of an iteration": StopIteration(5),
    "of syntax": SyntaxError("odd", ("f", 1, 2, "t")),
    "a key": KeyError("k"),
}


@pytest.mark.parametrize("mode", MODES.values(), ids=MODES)
@pytest.mark.parametrize("error", OWN.values(), ids=OWN)
@pytest.mark.parametrize("looped", [False, True])
def test_what_an_op_of_the_users_raises_arrives_as_itself(error, mode, looped):
    vars(error).clear()
    arguments = error.args
    op = Raising(error)
    out = rows(op, v, n_steps=9)[-1] if looped else op(v)
    f = function([v], out, mode=mode)
    with pytest.raises(type(error)) as caught:
        f([0.0] if looped else [5.0])
    assert caught.value is error
    assert error.args == arguments
    if isinstance(error, Exception):
        (note,) = error.__notes__
        assert "Raising" in note
        assert "Apply node" in note
