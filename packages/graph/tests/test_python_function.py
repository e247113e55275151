"""Python functions used as ops, and arrays read from files."""

import copy
import pickle

import numpy as np
import pytest
from bitale_graph import as_op, function, shared
from bitale_graph import language as T
from bitale_graph.disk import load
from bitale_graph.extend import FromFunctionOp, generic, wrap_py

x = T.dmatrix("x")


@as_op(itypes=[T.dmatrix, T.dmatrix], otypes=[T.dmatrix])
def product(a, b):
    return np.dot(a, b)


@as_op(T.dvector, [T.dvector, T.lscalar], infer_shape=lambda node, shapes: [shapes[0], ()])
def doubled(a):
    return 2 * a, np.asarray(len(a))


def test_a_function_is_called_with_arrays():
    np.testing.assert_array_equal(product(x, x).eval({x: [[2.0]]}), [[4.0]])
    np.testing.assert_array_equal(product([[2.0]], [[3.0]]).eval(), [[6.0]])


def test_a_function_may_give_several():
    v = T.dvector("v")
    first, second = doubled(v)
    f = function([v], [first, second])
    values, count = f([1.0, 2.0])
    assert (values.tolist(), count) == ([2.0, 4.0], 2)


def test_its_shape_rule_is_used():
    v = T.dvector("v")
    node = doubled(v).owner if not isinstance(doubled(v), list) else doubled(v)[0].owner
    assert node.op.infer_shape(node, [(v.shape[0],)])[1] == ()
    assert product(x, x).owner.op.infer_shape(product(x, x).owner, [(1, 1), (1, 1)]) is None


@pytest.mark.parametrize(
    ("fn", "error", "words"),
    [
        (lambda a: (a, a), TypeError, "gave 2 results"),
        (lambda a: a.sum(), TypeError, "perform gave no value"),
        (lambda a: a.__imul__(2), ValueError, "read-only"),
        (lambda a: {}["key"], KeyError, "key"),
    ],
    ids=["many", "rank", "writing", "raising"],
)
def test_what_goes_wrong_in_a_function_is_told(fn, error, words):
    op = as_op([T.dmatrix], [T.dmatrix])(fn)
    with pytest.raises(error, match=words):
        op(x).eval({x: [[1.0]]})


def test_types_are_checked():
    with pytest.raises(TypeError, match="takes an input of"):
        product(T.fmatrix(), x)
    with pytest.raises(TypeError, match="takes 2 inputs"):
        product(x)
    with pytest.raises(TypeError, match="itypes"):
        as_op(["float64"], [T.dmatrix])(np.dot)


def test_equal_functions_are_equal_ops():
    one, other = (as_op([T.dmatrix] * 2, [T.dmatrix])(np.dot) for _ in range(2))
    assert one == other != product
    assert wrap_py is as_op


@pytest.mark.parametrize("op", [product, FromFunctionOp(np.dot, [T.dmatrix] * 2, [T.dmatrix])])
def test_such_an_op_can_be_pickled(op):
    twin = pickle.loads(pickle.dumps(op))
    assert twin == op
    assert copy.deepcopy(op) == op
    f = pickle.loads(pickle.dumps(function([x], op(x, x))))
    np.testing.assert_array_equal(f([[3.0]]), [[9.0]])


def test_an_array_is_read_when_the_function_runs(tmp_path):
    path = tmp_path / "array.npy"
    f = function([], load(path, "float64", (False,)) * 2)
    for values in ([1.0, 2.0], [3.0]):
        np.save(path, np.array(values))
        np.testing.assert_array_equal(f(), np.array(values) * 2)


@pytest.mark.parametrize("mode", [None, "c"])
def test_the_path_may_be_given(tmp_path, mode):
    np.save(tmp_path / "array.npy", np.arange(3))
    path = generic("path")
    f = function([path], load(path, "int64", (False,), mmap_mode=mode))
    np.testing.assert_array_equal(f(str(tmp_path / "array.npy")), [0, 1, 2])


def test_another_file_is_refused(tmp_path):
    np.save(tmp_path / "array.npy", np.arange(3))
    path = generic("path")
    f = function([path], load(path, "float64", (False,)))
    with pytest.raises(TypeError, match="expected an array of dtype float64"):
        f(str(tmp_path / "array.npy"))
    with pytest.raises(ValueError, match=r"\.npz"):
        f("array.npz")
    with pytest.raises(FileNotFoundError):
        f(str(tmp_path / "none.npy"))
    with pytest.raises(TypeError, match="path"):
        load(3, "float64", ())
    with pytest.raises(ValueError, match="mmap_mode"):
        load("a.npy", "float64", (), mmap_mode="r")


def test_a_shared_variable_may_hold_the_path(tmp_path):
    np.save(tmp_path / "a.npy", np.arange(3.0))
    s = shared(str(tmp_path / "a.npy"))
    np.testing.assert_array_equal(function([], load(s, "float64", (False,)))(), [0, 1, 2])
