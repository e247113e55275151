"""Graphs used as ops: what they take, compute, know of shapes, and are compared by."""

import copy
import itertools
import pickle

import numpy as np
import pytest
from bitale_graph import Mode, OpFromGraph, function, ifelse, scan, shared
from bitale_graph import language as T
from bitale_graph.base.errors import DuplicateInputError, MissingInputError
from bitale_graph.ops.shape import SpecifyShape

x, y, z = T.dmatrices("x", "y", "z")
A, B, C = np.ones((2, 2)), np.full((2, 2), 3.0), np.full((2, 2), 5.0)
MODES = [Mode("numpy", "None"), Mode("numpy", "fast_compile")]


@pytest.mark.parametrize("mode", MODES, ids=str)
@pytest.mark.parametrize("inline", [False, True])
def test_an_op_computes_what_its_graph_does(mode, inline):
    op = OpFromGraph([x, y, z], [x + y * z], inline=inline)
    f = function([x, y, z], op(x, y, z) - op(y, z, x), mode=mode)
    np.testing.assert_array_equal(f(A, B, C), (A + B * C) - (B + C * A))


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_a_shared_variable_inside_is_found_and_read_when_it_runs(mode):
    s = shared(np.ones((2, 2)))
    op = OpFromGraph([x], [x + s])
    f = function([x], op(x), mode=mode)
    s.set_value(B)
    np.testing.assert_array_equal(f(A), A + B)
    assert op.shared_inputs == [s]


def test_a_default_update_of_a_shared_variable_inside_is_made():
    s = shared(1.0)
    s.default_update = s + 1
    f = function([x], OpFromGraph([x], [x * s])(x))
    f(A)
    assert s.get_value() == 2.0


def test_a_shared_variable_that_is_an_input_is_given():
    s = shared(np.ones((2, 2)))
    op = OpFromGraph([x, s], [x + s])
    np.testing.assert_array_equal(op(x, B).eval({x: A}), A + B)


def test_inputs_that_nothing_needs_are_allowed():
    op = OpFromGraph([x, y], [x * 2])
    np.testing.assert_array_equal(op(x, y).eval({x: A, y: B}), A * 2)


def test_intermediate_variables_may_be_inputs():
    u = x + y
    op = OpFromGraph([u], [u * 2])
    np.testing.assert_array_equal(op(z).eval({z: C}), C * 2)


def test_several_outputs_come_as_a_list():
    op = OpFromGraph([x], [x, x * 2, x.sum()])
    first, second, third = op(x)
    f = function([x], [first, second, third])
    assert [np.sum(r) for r in f(B)] == [12.0, 24.0, 12.0]
    assert len(OpFromGraph([x], [x])(x, return_list=True)) == 1


def test_ops_may_be_in_each_other_and_in_loops():
    v = T.dvector("v")
    inner = OpFromGraph([v], [v * 2])
    outer = OpFromGraph([v], [inner(inner(v)) + 1])
    rows, _ = scan(lambda s: outer(s), outputs_info=v, n_steps=3)
    np.testing.assert_array_equal(rows[-1].eval({v: [1.0]}), [85.0])


def test_only_the_branch_that_is_chosen_runs_inside():
    bad = OpFromGraph([x], [ifelse(x.sum() > 0, x, T.dot(x, x[:0]))])
    np.testing.assert_array_equal(bad(x).eval({x: A}), A)


def test_numbers_and_arrays_may_be_given():
    s = T.dscalar()
    assert OpFromGraph([s], [s * 2])(3).eval() == 6.0
    np.testing.assert_array_equal(OpFromGraph([x], [x * 2])([[1, 2]]).eval(), [[2.0, 4.0]])


def test_known_lengths_stay_known():
    v = T.dvector()
    op = OpFromGraph([v], [T.exp(v), T.concatenate([v, v])])
    known = T.TensorType("float64", (3,))()
    assert [o.type.shape for o in op(known)] == [(3,), (6,)]


def test_a_length_that_the_graph_relies_on_is_checked():
    row = T.TensorType("float64", (3,))()
    out = OpFromGraph([row], [row * 2])(T.dvector("v"))
    assert isinstance(out.owner.inputs[0].owner.op, SpecifyShape)


def test_the_shape_is_told_without_computing():
    v = T.dvector()
    op = OpFromGraph([v], [T.concatenate([T.exp(v), v])])
    made = op(v)
    (lengths,) = op.infer_shape(made.owner, [(v.shape[0],)])
    assert lengths[0].eval({v: [1.0, 2.0]}) == 4


@pytest.mark.parametrize(
    ("build", "error", "words"),
    [
        (lambda: OpFromGraph(x, [x]), TypeError, "list of variables"),
        (lambda: OpFromGraph([x], x), TypeError, "list of variables"),
        (lambda: OpFromGraph([1.0], [x]), TypeError, "is none"),
        (lambda: OpFromGraph([T.constant(1.0)], [x]), TypeError, "is none"),
        (lambda: OpFromGraph([x, x], [x]), DuplicateInputError, "twice"),
        (lambda: OpFromGraph([x], []), TypeError, "an output"),
        (lambda: OpFromGraph([x], [x + y]), MissingInputError, "depends on y"),
        (lambda: OpFromGraph([x], [x], updates=[(1, 2)]), TypeError, "changes no state"),
        (lambda: OpFromGraph([x], [x], grad_overrides="some"), TypeError, "'default'"),
        (lambda: OpFromGraph([x], [x], lop_overrides=[None, None]), ValueError, "1 entries"),
        (
            lambda: OpFromGraph([x], [x], lop_overrides=[None], grad_overrides=[None]),
            TypeError,
            "exclude each other",
        ),
        (lambda: OpFromGraph([x], [x], connection_pattern=[[True, True]]), ValueError, "1 rows"),
        (lambda: OpFromGraph([x], [x])(x, x), TypeError, "takes 1 inputs, and got 2"),
        (lambda: OpFromGraph([x], [x])(T.fmatrix()), TypeError, "cast it"),
        (lambda: OpFromGraph([x], [x])(T.dvector()), TypeError, "dimshuffle"),
        (lambda: OpFromGraph([x], [x])("text"), TypeError, "input 0"),
    ],
    ids=itertools.count(),
)
def test_what_cannot_be_an_op_is_refused(build, error, words):
    with pytest.raises(error, match=words):
        build()


def test_lengths_that_do_not_fit_are_told_as_the_call_is_written():
    v, w = T.dvectors(2)
    op = OpFromGraph([v, w], [v + w])
    with pytest.raises(ValueError, match="3"):
        op(np.zeros(3), np.zeros(4))


def test_equal_graphs_are_equal_ops():
    one, other = (OpFromGraph([x, y], [x * y + 1]) for _ in range(2))
    assert one == other
    assert hash(one) == hash(other)
    assert one != OpFromGraph([x, y], [x * y + 2])
    assert one != OpFromGraph([x, y], [x * y + 1], grad_overrides=lambda i, g: [None, None])


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))], ids=["copy", "pickle"]
)
def test_an_op_can_be_copied_and_pickled(copied):
    s = shared(np.ones((2, 2)))
    op = OpFromGraph([x], [x * s], name="scaled")
    twin = copied(op)
    assert twin == op
    assert str(twin) == "OpFromGraph{scaled}"
    np.testing.assert_array_equal(twin(x).eval({x: B}), B)


def test_a_function_with_such_an_op_can_be_pickled():
    f = function([x], OpFromGraph([x], [x * 2])(x))
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(f))(A), 2 * A)


def test_the_graph_that_is_given_does_not_change():
    u = x * 2
    op = OpFromGraph([x], [u])
    assert u.owner.inputs[0] is x
    assert op.local_inputs[0] is not x
    assert op.fgraph.outputs == op.local_outputs


def test_an_error_inside_names_the_line_of_the_graph():
    op = OpFromGraph([x, y], [T.dot(x, y) * 2])
    with pytest.raises(ValueError, match=r"test_from_graph\.py"):
        function([x, y], op(x, y), mode=MODES[0])(A, np.ones((3, 3)))


@pytest.mark.parametrize("mode", [*MODES, Mode("numpy")], ids=str)
def test_ops_may_be_in_each_other_to_a_depth(mode):
    v = T.dvector()
    op = OpFromGraph([v], [v + 1])
    for _ in range(60):
        op = OpFromGraph([v], [op(v) * 1.0 + 1])
    f = function([v], op(v), mode=mode)
    np.testing.assert_array_equal(f([0.0]), [61.0])
    assert f.maker.key() is not None
