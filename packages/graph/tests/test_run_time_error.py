import inspect
import traceback

import numpy as np
import pytest
from bitale_graph import Apply, Op, config, function
from bitale_graph import language as T
from bitale_graph.errors import ShapeError

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
        f'File "{__file__}", line {line}, in failure',
        "HINT: config.exception_verbosity='high'",
    ):
        assert part in text


def test_high_verbosity_prints_the_graph():
    text, _ = failure(exception_verbosity="high")
    assert "The graph up to the node:" in text
    assert " |Elementwise{exp} [id B] <TensorType(float64, vector)>" in text


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


def test_a_class_that_takes_no_text_becomes_a_runtime_error():
    with pytest.raises(RuntimeError, match=r"Strange: .*(?s:.*)Failing") as caught:
        Failing(Strange(1, 2))(x).eval({x: [1.0]})
    assert type(caught.value.__cause__) is Strange


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
    assert v.trace == ()
    assert len(x.trace) <= 8
