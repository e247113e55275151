"""Theano's classes of ops: called to make one, and asked for."""

import bitale.theano
import numpy as np
import pytest
from bitale.theano.op_classes import KINDS

M, X, K = np.arange(6.0).reshape(2, 3), np.array([3.0, 1, 2]), np.array([2, 0])
S = np.array([[2.0, 1], [1, 3]])


@pytest.fixture
def theano():
    with bitale.theano.installed():
        import theano
        import theano.tensor.sort

        yield theano


MADE = {
    "ARange": (lambda op: op("int64")(1, 4, 2), [1, 3]),
    "AdvancedIncSubtensor": (lambda op: op()(M, 1.0, [0], [2]), [[0, 1, 3], [3, 4, 5]]),
    "AdvancedIncSubtensor1": (
        lambda op: op(set_instead_of_inc=True)(X, [7.0, 8.0], K),
        [8, 1, 7],
    ),
    "AdvancedSubtensor1": (lambda op: op()(X, K), [2, 3]),
    "ArgSortOp": (lambda op: op("mergesort", None)(X, -1), [1, 2, 0]),
    "Choose": (lambda op: op("raise")([1, 0, 1], M), [3, 1, 5]),
    "ConsiderConstant": (lambda op: op()(X), X),
    "CumOp": (lambda op: op(axis=1, mode="mul")(M), [[0, 0, 0], [3, 12, 60]]),
    "DiffOp": (lambda op: op(n=1, axis=0)(X), [-2, 1]),
    "DisconnectedGrad": (lambda op: op()(X), X),
    "Eigvalsh": (lambda op: op(lower=False)(S, None), np.linalg.eigvalsh(S)),
    "ExtractDiag": (lambda op: op(offset=1)(M), [1, 5]),
    "Eye": (lambda op: op("int8")(2, 3, 1), [[0, 1, 0], [0, 0, 1]]),
    "FillDiagonal": (lambda op: op()(S, 0.0), [[0, 1], [1, 0]]),
    "FillDiagonalOffset": (lambda op: op()(S, 0.0, 1), [[2, 0], [1, 3]]),
    "Flatten": (lambda op: op(ndim=1)(M), M.ravel()),
    "GradClip": (lambda op: op(-1, 1)(X), X),
    "GradScale": (lambda op: op(2.0)(X), X),
    "IncSubtensor": (lambda op: op([slice(0, 2), 1])(M, 5.0), [[0, 6, 2], [3, 9, 5]]),
    "Join": (lambda op: op(view=-1)(0, X, X), [*X, *X]),
    "MakeVector": (lambda op: op()(1, 2), [1, 2]),
    "Mean": (lambda op: op(axis=0)(M), [1.5, 2.5, 3.5]),
    "Nonzero": (lambda op: op()(X - 1)[0], [0, 2]),
    "PermuteRowElements": (lambda op: op()(M, [2, 0, 1], 0), [[2, 0, 1], [5, 3, 4]]),
    "QRFull": (lambda op: op("complete")(np.eye(2))[1].shape, [2, 2]),
    "QRIncomplete": (lambda op: op("r")(np.eye(2)) ** 2, np.eye(2)),
    "RepeatOp": (lambda op: op(axis=0)(X, 2), [3, 3, 1, 1, 2, 2]),
    "Reshape": (lambda op: op(ndim=2, name="r")(X, (3, 1)), [[3], [1], [2]]),
    "SearchsortedOp": (lambda op: op(side="right")([1.0, 2.0], 2.0), 2),
    "SortOp": (lambda op: op("quicksort", None)(X, -1), [1, 2, 3]),
    "Split": (lambda op: op(2)(X, 0, [1, 2])[1], [1, 2]),
    "Subtensor": (lambda op: op([slice("int64", None), 0])(M, 1), [3]),
    "TensorInv": (lambda op: op(ind=1)(S), np.linalg.inv(S)),
    "TensorSolve": (lambda op: op(axes=None)(S, [3.0, 4.0]), [1, 1]),
    "Tile": (lambda op: op(1)(X, (2,)), [*X, *X]),
    "Tri": (lambda op: op("int8")(2, 2, 0), [[1, 0], [1, 1]]),
    "ZeroGrad": (lambda op: op()(X), X),
}


@pytest.mark.parametrize("name", KINDS)
def test_an_op_of_theano_computes_what_it_is_called(theano, name):
    make, expected = MADE[name]
    assert np.allclose(make(KINDS[name]).eval(), expected)


@pytest.mark.parametrize("name", [k for k, kind in KINDS.items() if kind.example is not None])
def test_ops_are_told_by_their_classes(theano, name):
    T, kind = theano.tensor, KINDS[name]
    made = kind.example(kind.make)
    op = (made[0] if isinstance(made, (list, tuple)) else made).owner.op
    assert isinstance(op, kind)
    assert issubclass(type(op), kind)
    assert not isinstance(T.exp(T.dvector()).owner.op, kind)


def test_rewrites_are_shown_the_ops_of_a_class(theano):
    T, seen = theano.tensor, []

    @theano.gof.local_optimizer([T.Join])
    def look(node):
        seen.append(node.op)
        return False

    T.opt.register_canonicalize(look, name="look_at_joins")
    try:
        x, y = T.dvectors("x", "y")
        theano.function([x, y], T.join(0, x, y * 2))
    finally:
        theano.compile.optdb["canonicalize"].remove("look_at_joins")
    assert seen
    assert all(isinstance(op, T.Join) for op in seen)


def test_least_squares_as_an_op(theano):
    lstsq = theano.tensor.nlinalg.lstsq
    found = theano.function([], lstsq()(np.eye(2), [1.0, 2.0], theano.tensor.constant(1e-9)))()
    assert [np.asarray(v).tolist() for v in found] == [[1, 2], [], 2, [1, 1]]
    assert theano.function([], lstsq(np.eye(2), [1.0, 2.0])[0])().tolist() == [1, 2]


def test_ops_that_theano_has_made(theano):
    from theano.gradient import zero_grad_
    from theano.tensor import blas

    T = theano.tensor
    x = T.constant(X)
    assert T.advanced_subtensor1(x, T.constant(K)).eval().tolist() == [2, 3]
    assert T.subtensor.advanced_subtensor(x, T.constant(K)).eval().tolist() == [2, 3]
    assert T.advanced_set_subtensor1(x, [0.0, 0], T.constant(K)).eval().tolist() == [0, 1, 0]
    assert T.join_(0, x, x).eval().shape == (6,)
    assert T.isnan_(x).eval().tolist() == [False, False, False]
    assert blas.gemm_no_inplace(S, 2.0, S, S, 1.0).eval().tolist() == (S + 2 * S @ S).tolist()
    assert blas.ger(S, 1.0, [1.0, 0], [1.0, 0]).eval().tolist() == [[3, 1], [1, 3]]
    assert zero_grad_(x).eval().tolist() == X.tolist()
    assert {T.Op, T.Apply, T.Constant} == {theano.Op, theano.Apply, theano.Constant}
