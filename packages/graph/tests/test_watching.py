"""Ops that show, stop at or refuse values; copies and views by name; transfers."""

import numpy as np
import pytest
from bitale_graph import Mode, Print, function, ifelse, scan
from bitale_graph import language as T
from bitale_graph.base.errors import ShapeError
from bitale_graph.debug import watching
from bitale_graph.extend import (
    PdbBreakpoint,
    Raise,
    deep_copy_op,
    generic,
    output_guard,
    register_transfer,
    transfer,
    view_op,
)
from bitale_graph.ops import transfer as transfers

x, c = T.dvector("x"), T.lscalar("c")
MODES = [Mode("numpy"), Mode("numpy", "fast_compile"), Mode("numpy", "None")]
in_every_mode = pytest.mark.parametrize("mode", MODES, ids=str)


@in_every_mode
def test_a_value_is_printed_when_it_is_computed(mode, capsys):
    f = function([x], Print("x is")(x) * 2, mode=mode)
    assert capsys.readouterr().out == ""
    np.testing.assert_array_equal(f([1.0, 2.0]), [2.0, 4.0])
    assert capsys.readouterr().out == "x is __str__ = [1. 2.]\n"


def test_attributes_are_printed_one_by_one(capsys):
    function([x], Print("x", attrs=["shape", "max"])(x))([1.0, 2.0])
    assert capsys.readouterr().out == "x shape = (2,)\nx max = 2.0\n"
    function([x], Print("x", attrs="shape")(x))([1.0])
    assert capsys.readouterr().out == "x shape = (1,)\n"


def test_constants_and_loops_are_printed_too(capsys):
    function([], Print("k")(T.constant(1.0)) + 1)()
    assert capsys.readouterr().out == "k __str__ = 1.0\n"
    rows, _ = scan(lambda r: Print("r")(r) + 1, sequences=x)
    function([x], rows)([1.0, 2.0])
    assert capsys.readouterr().out == "r __str__ = 1.0\nr __str__ = 2.0\n"


def test_no_rewrite_goes_through_a_print():
    f = function([x], T.log(Print("x", global_fn=lambda op, v: None)(T.exp(x))), mode=MODES[0])
    names = [str(n.op) for n in f.maker.fgraph.toposort()]
    assert len(names) == 3


def test_printing_can_be_done_otherwise():
    seen = []
    f = function([x], Print("m", global_fn=lambda op, v: seen.append((op.message, v.sum())))(x))
    f([1.0, 2.0])
    assert seen == [("m", 3.0)]


def test_what_is_no_tensor_can_be_printed(capsys):
    v = generic("v")
    assert function([v], Print("v")(v))("text") == "text"
    assert capsys.readouterr().out == "v __str__ = text\n"


@in_every_mode
def test_an_op_raises_only_where_it_is_reached(mode):
    f = function([c, x], ifelse(c, x, Raise("not here", KeyError)(x)), mode=mode)
    np.testing.assert_array_equal(f(1, [1.0]), [1.0])
    with pytest.raises(KeyError, match="not here"):
        f(0, [1.0])
    with pytest.raises(NotImplementedError):
        function([x], Raise()(x))([1.0])


def test_only_exceptions_are_raised():
    with pytest.raises(TypeError, match="class of exceptions"):
        Raise("text", "ValueError")


def test_a_debugger_opens_while_the_condition_holds(monkeypatch, capsys):
    opened = []

    class Debugger:
        @staticmethod
        def set_trace():
            opened.append(True)

    monkeypatch.setattr(watching, "_debugger", lambda: Debugger)
    a, b = PdbBreakpoint("here")(x.sum() > 2, x, x * 2)
    f = function([x], [a, b])
    assert [r.tolist() for r in f([1.0])] == [[1.0], [2.0]]
    assert not opened
    f([3.0])
    assert opened == [True]
    assert "'here'" in capsys.readouterr().out


def test_the_first_debugger_that_is_installed_is_taken(monkeypatch):
    assert watching._debugger().__name__ in watching.DEBUGGERS
    monkeypatch.setattr(watching, "DEBUGGERS", ("no_such_debugger",))
    with pytest.raises(ImportError, match="no_such_debugger"):
        watching._debugger()


def test_a_breakpoint_checks_what_it_is_given():
    with pytest.raises(ShapeError, match="0-d"):
        PdbBreakpoint("p")(x, x)
    with pytest.raises(TypeError, match="at least one"):
        PdbBreakpoint("p")(c)


@pytest.mark.parametrize("op", [view_op, deep_copy_op, output_guard], ids=str)
@in_every_mode
def test_copies_and_views_by_name_give_the_value(op, mode):
    f = function([x], op(T.exp(x)) * 2, mode=mode)
    np.testing.assert_allclose(f([0.0]), [2.0])
    if mode.optimizer == "None":
        assert str(op) in str(f.maker.fgraph.toposort())


def test_a_transfer_gives_the_variable_for_every_device():
    assert transfer(x, "cpu") is x.transfer("cuda0") is x.transfer(None) is x
    with pytest.raises(ValueError, match="no device 'moon'"):
        x.transfer("moon")


def test_a_transfer_of_ones_own_is_asked_first(monkeypatch):
    monkeypatch.setattr(transfers, "_transfers", [])
    register_transfer(lambda v, target: v * 2 if target == "moon" else None)
    assert x.transfer("moon").eval({x: [1.0]}) == [2.0]
    assert x.transfer("cpu") is x
    with pytest.raises(ValueError, match="sun"):
        x.transfer("sun")
