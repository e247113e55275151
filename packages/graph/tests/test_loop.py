import pickle

import numpy as np
import pytest
from bitale_graph import Loop, function
from bitale_graph import language as T
from bitale_graph.base.errors import ShapeError
from bitale_graph.ops.loop import Literal, Result, Step
from bitale_graph.ops.loop_forms import as_loop
from bitale_graph.tensor.scalar import SCALAR_OPS
from bitale_graph.testing import op_samples

ADD, MUL, EXP = (SCALAR_OPS[n] for n in ("add", "mul", "exp"))
x, y = T.dmatrix("x"), T.drow("y")
OP = Loop(
    2,
    (
        Step(MUL, (0, 1), "float64"),
        Step(EXP, (2,), "float64"),
        Step(ADD, (3, Literal.of(0.5)), "float64"),
    ),
    (Result(4, "float64"), Result(4, "float64", ADD, (0,), "float64")),
)


def test_a_loop_runs_its_steps_and_reduces():
    X, Y = np.arange(6.0).reshape(2, 3), np.ones((1, 3)) / 2
    stored, summed = function([x, y], OP(x, y))(X, Y)
    np.testing.assert_array_equal(stored, np.exp(X * Y) + 0.5)
    np.testing.assert_array_equal(summed, (np.exp(X * Y) + 0.5).sum(0))


def test_types_come_from_the_range():
    stored, summed = OP(T.TensorType("float64", (4, None))(), y)
    assert stored.type.shape == (4, None)
    assert summed.type.shape == (None,)


def test_inputs_stretch_as_in_elementwise_ops():
    with pytest.raises(ShapeError, match="mis-match"):
        OP(T.TensorType("float64", (2, 3))(), T.TensorType("float64", (2, 4))())
    z = T.dmatrix("z")
    f = function([x, z], OP(x, z))
    with pytest.raises(ShapeError, match="mis-match"):
        f(np.ones((2, 3)), np.ones((1, 3)))


def test_the_range_may_be_wider_than_the_inputs():
    op = Loop(2, (Step(EXP, (0,), "float64"),), (Result(1, "float64"),))
    v = T.dvector()
    assert op(v).type.shape == (1, None)
    assert op(v).eval({v: [0.0, 0.0]}).shape == (1, 2)


def test_inputs_of_a_higher_rank_are_refused():
    with pytest.raises(ValueError, match="loop of rank 2 over inputs of rank 3"):
        OP(T.dtensor3(), y)


def test_loops_compare_by_value_and_pickle():
    again = pickle.loads(pickle.dumps(OP))
    assert again == OP
    assert hash(again) == hash(OP)
    assert again != Loop(2, OP.steps, OP.results[:1])


def test_literals_keep_every_bit():
    for value in (
        np.float32(0.1),
        np.int8(-3),
        np.bool_(True),
        np.float64(-0.0),
        np.complex64(1 + 2j),
    ):
        literal = Literal.of(value)
        assert literal.array() == value
        assert literal.array().dtype == value.dtype
    assert Literal.of(0.0) != Literal.of(-0.0)
    assert Literal.of(np.nan) == Literal.of(np.nan)


def test_the_program_is_told_in_words():
    assert OP.program(2) == (
        "t0 = mul(i0, i1); t1 = exp(t0); t2 = add(t1, 0.5); o0 = t2; o1 = add of t2 over axes (0,)"
    )
    assert str(OP) == "Loop{mul, exp, add, add-reduce}"


def test_a_loop_of_one_does_what_its_node_does():
    checked = 0
    for sample in op_samples():
        inputs, outputs = sample.graph()
        node = outputs[0].owner
        form = as_loop(node)
        if form is None or list(node.inputs) != inputs:
            continue
        made = form.loop.make_node(*form.inputs).outputs
        found = function(inputs, made, on_unused_input="ignore")(*sample.inputs)
        assert not sample.difference(found[0], sample.expected()[0]), sample.name
        checked += 1
    assert checked > 1000


def test_other_nodes_are_no_loops():
    assert as_loop(T.dot(x, x).owner) is None
    assert as_loop(T.arange(3.0).owner) is None
