"""What errors and texts say: the user's word for the op, the variable, the line, and what to do."""

import inspect
import os
import traceback

import numpy as np
import pytest
from bitale_graph import as_op, config, function, shared
from bitale_graph import language as T
from bitale_graph.base import errors
from bitale_graph.tensor.variable import TensorType

x, v = T.dmatrix("x"), T.dvector("v")
b, z = T.bvector("b"), T.zvector("z")
s = shared(np.zeros(3), "s")


@pytest.mark.parametrize(
    "name", ["sum", "prod", "max", "min", "mean", "var", "std", "all", "any", "argmax", "argmin"]
)
@pytest.mark.parametrize("axis", [2, -3, (0, 7)], ids=str)
def test_a_missing_axis_is_told_by_the_name_that_was_called(name, axis):
    with pytest.raises(errors.ShapeError) as caught:
        getattr(x, name)(axis=axis)
    text = str(caught.value)
    assert text.startswith(f"{name}: a tensor of rank 2 has no axis")
    assert "x  TensorType(float64, matrix)" in text


@pytest.mark.parametrize("name", ["sum", "var", "all", "argmin"])
@pytest.mark.parametrize("axis", ["a", 0.5, (0, 1.0), s.sum()], ids=str)
def test_an_axis_that_is_no_int_is_a_wrong_type(name, axis):
    with pytest.raises(TypeError, match=f"{name}: an axis is an int, and got"):
        getattr(x, name)(axis=axis)


@pytest.mark.parametrize(("of", "other"), [(T.max, "maximum"), (T.min, "minimum")])
def test_who_compares_two_tensors_is_told_the_function(of, other):
    with pytest.raises(
        TypeError, match=rf"an axis is an int, and got v(.|\n)*hint: {other}\(x, y\)"
    ):
        of(x, v)


def test_what_is_no_output_is_told():
    with pytest.raises(TypeError, match="function: an output is a variable or a number, not 'x'"):
        function([x], "x")
    with pytest.raises(TypeError, match="as_op makes an op of a function, and got 3"):
        as_op([T.dvector], [T.dvector])(3)


@pytest.mark.parametrize(
    ("call", "starts"),
    [
        (lambda: x.norm(2, axis=4), "norm: "),
        (lambda: x.take([1], axis=7), "take: "),
        (lambda: T.max_and_argmax(x, 5), "max_and_argmax: "),
        (lambda: T.argmin(z), "argmin: complex"),
        (lambda: z.sum(dtype="float64"), "sum of complex128"),
        (lambda: x.min(axis=(0, 0)), "min: "),
        (lambda: x.squeeze(axis=4), "squeeze: there is no axis 4 of x"),
        (lambda: T.specify_shape(x, (2, 3)).squeeze(axis=0), "squeeze drops axis 0 of "),
        (lambda: x.swapaxes(0, 5), "swapaxes: there is no axis 5 of x"),
        (lambda: x.transpose(0, 3), "transpose: (0, 3)"),
        (lambda: T.addbroadcast(v, 3), "addbroadcast: there is no axis 3 of v"),
        (lambda: T.join(4, x, x), "join: there is no axis 4 of x"),
        (lambda: T.join(0, x, v), "join: "),
        (lambda: T.concatenate([x, v]), "concatenate: "),
        (lambda: T.concatenate(x), "concatenate takes"),
        (lambda: T.stack([x, v]), "stack: "),
        (lambda: T.horizontal_stack(v, v), "horizontal_stack: "),
        (lambda: T.zeros((2, -3)), "zeros: "),
        (lambda: T.ones(1.5), "ones: "),
        (lambda: T.full(v, 0), "full: "),
        (lambda: x.reshape((2, "a")), "reshape: "),
        (lambda: v + "a", "add: "),
        (lambda: T.exp(None), "exp: "),
        (lambda: b * 1000, "mul: "),
        (lambda: v & v, "and does not take operands"),
    ],
    ids=map(str, range(25)),
)
def test_the_message_begins_with_the_users_word(call, starts):
    with pytest.raises((TypeError, ValueError, OverflowError)) as caught:
        call()
    assert str(caught.value).startswith(starts)


def test_an_empty_axis_is_told_by_the_users_word():
    for name in ("max", "min"):
        f = function([x], getattr(x, name)(axis=1))
        with pytest.raises(ValueError, match=f"^{name} over an empty axis"):
            f(np.zeros((2, 0)))


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: v[v[0] > 1], ["for v  TensorType(float64, vector)", "switch(condition, x, y)"]),
        (lambda: x[0, [True, False]], ["for x  TensorType", "np.array"]),
        (lambda: v[[[v[0] > 1]]], ["for v  TensorType", "list of bools"]),
        (lambda: v[v == v[0]], ["for v  TensorType", "eq(x, y)"]),
        (lambda: v[1.5], ["for v  TensorType", "//"]),
        (lambda: v["a"], ["for v  TensorType", "'a'"]),
        (lambda: v[: T.dscalar("end")], ["for v  TensorType", "end  TensorType"]),
        (lambda: b + 2**70, ["operand 0  b  TensorType(int8, vector)", str(2**70)]),
        (lambda: 300 - b, ["operand 1  b  TensorType(int8, vector)", "300"]),
        (lambda: v * [1, "a"], ["operand 0  v  TensorType", "'a'"]),
        (lambda: T.switch(v > 0, v, "a"), ["operand 1  v  TensorType", "'a'"]),
        (lambda: v & (v > 0), ["operand 0  v  TensorType", "(x > 0) & (y > 0)"]),
        (lambda: T.set_subtensor(b[0], 1000), ["b  TensorType(int8, vector)", "1000"]),
        (lambda: T.inc_subtensor(v[0], "a"), ["v  TensorType", "'a'"]),
        (lambda: T.cast(z, "float64"), ["cast: complex128", "z  TensorType", "imag(x)"]),
        (lambda: v.astype("nonsense"), ["cast: 'nonsense'", "v  TensorType", "float32"]),
        (lambda: T.clip(z, 0, 1), ["clip: complex", "z  TensorType"]),
        (lambda: x.mean(dtype="int8"), ["mean: ", "int8", "x  TensorType"]),
        (lambda: T.constant(2**70), [str(2**70), "float"]),
        (lambda: T.as_tensor([2**70, 1.5, "a"]), ["cannot make a tensor"]),
        (lambda: shared(np.array([1, "a"], object)), ["shared: ", "dtype object"]),
        (lambda: s.set_value(np.zeros(3, "complex128")), ["s  TensorType", "complex128"]),
        (lambda: s.set_value(np.zeros((2, 2))), ["s  TensorType", "(2, 2)"]),
        (lambda: s.set_value(v), ["s  TensorType", "symbolic variable v"]),
        (lambda: function([], updates={s: 5.0}), ["s  TensorType", "5.0", "full_like(s"]),
        (lambda: function([], updates={s: [1j]}), ["s  TensorType", "1j"]),
        (lambda: function([], updates=s), ["updates takes a dict", "s  TensorType"]),
        (lambda: function([], v, givens={v: "a"}), ["givens", "v  TensorType", "'a'"]),
    ],
    ids=map(str, range(28)),
)
def test_the_message_names_the_variable_and_what_to_do(call, says):
    with pytest.raises((TypeError, ValueError, OverflowError)) as caught:
        call()
    for part in says:
        assert part in str(caught.value)


@pytest.mark.parametrize(
    "part", [s[1], s[:2], s[T.lvector("rows")], s[[0, 1]]], ids=["i", "slice", "rows", "list"]
)
def test_a_part_of_a_shared_variable_is_updated_by_set_subtensor(part):
    with pytest.raises(TypeError, match=r"set_subtensor\(s\[index\], value\)"):
        function([], updates=[(part, 3.0)])


def test_what_is_not_shared_is_told_how_to_be():
    for target in (v, v + 1, s + 1):
        with pytest.raises(TypeError, match=r"shared\(value\)"):
            function([v], v, updates=[(target, 3.0)])


@pytest.mark.parametrize(
    "call",
    [
        lambda: v + "a",
        lambda: b + 300,
        lambda: v[1.5],
        lambda: s.set_value([1j]),
        lambda: function([], updates={s: 5.0}),
        lambda: function([v], v)([[1.0]]),
        lambda: function([v], v)([[1.0], [2.0, 3.0]]),
        lambda: T.constant([[1], [1, 2]]),
        lambda: v.astype("nonsense"),
        lambda: T.zeros("a"),
    ],
    ids=map(str, range(10)),
)
def test_a_message_is_printed_once(call):
    with pytest.raises((TypeError, OverflowError)) as caught:
        call()
    printed = "".join(traceback.format_exception(caught.value))
    assert "direct cause" not in printed
    assert "During handling" not in printed


def test_the_users_line_comes_with_its_text():
    grown = v * 2 + 1  # a line to be found again
    line = inspect.currentframe().f_lineno - 1
    with pytest.raises(errors.ShapeError) as caught:
        grown.sum(axis=3)
    where = f"made at {__file__}:{line} in test_the_users_line_comes_with_its_text"
    assert f"{where}: `grown = v * 2 + 1  # a line to be found again`" in str(caught.value)
    f = function([v, T.dvector("w")], v + T.exp(v)[:1], on_unused_input="ignore")
    with pytest.raises(errors.ShapeError) as caught:
        f([1.0, 2.0], [1.0])
    assert "    f = function([v, T.dvector" in str(caught.value)


def test_a_line_that_is_not_there_is_left_out(tmp_path):
    made = {}
    for name in ("<no file>", str(tmp_path / "gone.py"), str(tmp_path), os.devnull):
        exec(compile("y = T.dvector('y')", name, "exec"), {"T": T}, made)
        assert errors.where_made(made["y"]).startswith(f"{name}:1 in <module>")
        assert "`" not in errors.describe(made["y"])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFO on this system")
def test_a_line_is_not_waited_for(tmp_path):
    fifo = tmp_path / "fifo.py"
    os.mkfifo(fifo)
    made = {}
    exec(compile("y = T.dvector('y')", str(fifo), "exec"), {"T": T}, made)
    assert "fifo.py:1" in errors.describe(made["y"])


def test_a_long_line_is_cut(tmp_path):
    file = tmp_path / "long.py"
    file.write_text(f"y = T.dvector('{'y' * 500}')")
    made = {}
    exec(compile(file.read_text(), str(file), "exec"), {"T": T}, made)
    assert len(errors.where_made(made["y"])) < len(str(file)) + 120


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        (x, "x: TensorType(float64, matrix)"),
        (TensorType("int8", (1, None))(), "<TensorType(int8, row)>"),
        (v + 1, "Elementwise{add}.0: TensorType(float64, vector)"),
        (s, "s: TensorType(float64, vector)"),
        (T.constant(2.0), "TensorConstant{2.0}: TensorType(float64, scalar)"),
    ],
    ids=["matrix", "unnamed", "sum", "shared", "constant"],
)
def test_the_representation_of_a_variable_shows_its_type(variable, text):
    assert repr(variable) == text
    assert str(variable) == text.partition(": ")[0]


def test_the_representation_of_the_settings_shows_their_values():
    with config.change_flags(floatX="float32"):
        assert "floatX='float32'" in repr(config)
