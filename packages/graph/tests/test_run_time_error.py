import builtins
import inspect
import traceback

import numpy as np
import pytest
from bitale_graph import Apply, Mode, Op, config, function, scan
from bitale_graph import language as T
from bitale_graph.base.errors import ShapeError

x, y = T.dvector("x"), T.dvector("y")


def failure(**settings):
    z = T.exp(x) + y
    line = inspect.currentframe().f_lineno - 1
    f = function([x, y], z * 2)
    with pytest.raises(ShapeError) as caught, config.change_flags(**settings):
        f(np.zeros(2), np.array([1.0, 2.0, 3.0]))
    return str(caught.value), line


def test_the_error_tells_what_failed_on_what():
    text, line = failure()
    for part in (
        "Input dimension mis-match",
        "Apply node that caused the error: Elementwise{add}(Elementwise{exp}.0, y)",
        "Toposort index: 1",
        "Inputs types: [TensorType(float64, vector), TensorType(float64, vector)]",
        "Inputs shapes: [(2,), (3,)]",
        "Inputs strides: [(8,), (8,)]",
        "Inputs values: [[1.0, 1.0], [1.0, 2.0, 3.0]]",
        "Outputs clients: [['Elementwise{mul}(Elementwise{add}.0, TensorConstant{2.0})']]",
        f'File "{__file__}", line {line}, in failure',
        "HINT: config.exception_verbosity='high'",
    ):
        assert part in text


def test_high_verbosity_prints_the_graph():
    text, _ = failure(exception_verbosity="high")
    assert "The graph up to the node:" in text
    assert " |Elementwise{exp} [id B] <TensorType(float64, vector)>" in text


def test_high_verbosity_lists_what_was_stored():
    text, _ = failure(exception_verbosity="high")
    table = text[text.index("Values that were stored then") :].splitlines()
    assert table[1].split()[:3] == ["24", "bytes", "(3,)"]
    assert table[1].endswith("y  [1.0, 2.0, 3.0]")
    total = sum(int(row.split()[0]) for row in table[1:-1])
    assert table[-1].split() == [str(total), "bytes", "in", "all"]


def test_an_error_knows_its_node_by_the_names_of_theano():
    f = function([x, y], T.exp(x) + y)
    with pytest.raises(ShapeError) as caught:
        f(np.zeros(2), np.zeros(3))
    told = vars(caught.value)
    assert str(told["__op_instance__"]) == "Elementwise{add}(Elementwise{exp}.0, y)"
    assert told["__applynode_index__"] == 1
    assert __file__ in told["__thunk_trace__"]


def test_large_values_are_not_shown():
    f = function([x, y], x + y)
    with pytest.raises(ShapeError, match="'not shown', 'not shown'"):
        f(np.zeros(100), np.zeros(101))


class Failing(Op):
    __props__ = ("error",)

    def __init__(self, error):
        self.error = error

    def make_node(self, v):
        return Apply(self, [v], [v.type()])

    def perform(self, node, inputs, output_storage):
        raise self.error


class Strange(Exception):
    def __init__(self, one, two):
        super().__init__(one, two)


@pytest.mark.parametrize(
    "error", [IndexError("gone"), ZeroDivisionError("by 0"), FloatingPointError("f")]
)
def test_the_class_of_the_error_is_kept(error):
    with pytest.raises(type(error), match="Failing") as caught:
        Failing(error)(x).eval({x: [1.0]})
    assert str(error) in str(caught.value)
    printed = "".join(traceback.format_exception(caught.value))
    assert printed.count(f"Error: {error}\n") == 1
    assert "raise self.error" in printed


def test_an_exception_of_the_users_own_arrives_as_itself():
    error = Strange(1, 2)
    with pytest.raises(Strange) as caught:
        Failing(error)(x).eval({x: [1.0]})
    assert caught.value is error
    assert error.args == (1, 2)
    assert "Failing" in "\n".join(error.__notes__)


class Slotted(ValueError):
    __slots__ = ("code",)

    def __init__(self, *, code):
        self.code = code


class Unspeakable(SyntaxError):
    def __str__(self):
        raise RuntimeError


class Frozen(Exception):
    def __setattr__(self, name, value):
        raise AttributeError(name)


Group = getattr(builtins, "ExceptionGroup", ValueError)  # from Python 3.11 on
OWN = {
    "with slots": Slotted(code=3),
    "that has no text": Unspeakable(),
    "that cannot be changed": Frozen("x"),
    "a group": Group("several", [ValueError("a"), KeyError("b")]),
    "a key": KeyError("k"),
    "of the system": OSError(2, "gone", "file"),
    "the end of an iteration": StopIteration(7),
    "with arguments": ValueError("a", 2),
    "of an attribute": AttributeError("no", name="n", obj=5),
}


@pytest.mark.parametrize("error", OWN.values(), ids=OWN)
@pytest.mark.parametrize("looped", [False, True])
def test_what_an_exception_holds_is_kept(error, looped):
    vars(error).clear()
    arguments = error.args
    out = Failing(error)(x)
    if looped:
        out, _ = scan(lambda h: Failing(error)(h), outputs_info=[x], n_steps=3)
    with pytest.raises(type(error)) as caught:
        function([x], out)([1.0])
    assert caught.value is error
    assert error.args == arguments
    (note,) = error.__notes__
    assert "Failing" in note
    if not isinstance(error, Unspeakable):  # the op, which holds it, then has no text either
        assert ("step 0" in note) == looped


def test_attributes_of_a_plain_error_are_kept():
    error = ValueError("text")
    error.code = 5
    with pytest.raises(ValueError, match="text") as caught:
        Failing(error)(x).eval({x: [1.0]})
    assert caught.value.code == 5


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_what_is_no_exception_is_left_alone(kind):
    error = kind()
    with pytest.raises(kind) as caught:
        Failing(error)(x).eval({x: [1.0]})
    assert caught.value is error


@pytest.mark.parametrize("looped", [False, True])
def test_want_of_memory_names_op_shape_bytes_and_line(looped):
    n = T.lscalar("n")
    many, line = T.alloc(1.0, n), inspect.currentframe().f_lineno
    if looped:
        rows, _ = scan(lambda h: h + T.alloc(1.0, n).sum(), outputs_info=[x], n_steps=2)
        many, line = rows, inspect.currentframe().f_lineno - 1
    f = function(
        [x, n], many, mode=Mode(linker="numpy", optimizer="None"), on_unused_input="ignore"
    )
    with pytest.raises(MemoryError) as caught:
        f([1.0], 2**45)
    assert type(caught.value) is MemoryError
    for part in (f"{2**48} bytes", f"({2**45},)", "Alloc", f"line {line}"):
        assert part in str(caught.value)


def test_an_interruption_is_left_alone():
    with pytest.raises(KeyboardInterrupt) as caught:
        Failing(KeyboardInterrupt())(x).eval({x: [1.0]})
    assert str(caught.value) == ""


def test_errors_while_building_name_the_lines_of_the_operands():
    fixed = T.TensorType("float64", (3,))("fixed")
    with pytest.raises(ShapeError, match=rf"fixed .*made at {__file__}:\d+ in test_errors"):
        fixed + np.zeros(2)


def test_no_frames_are_kept_if_none_are_wanted():
    with config.change_flags(traceback_limit=0):
        v = T.dvector("v")
    assert v.made_at == ()
    assert len(x.made_at) <= 8
