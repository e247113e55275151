import pickle

import numpy as np
import pytest
from bitale_graph import Assert, assert_op, function
from bitale_graph import language as T
from bitale_graph.base.errors import ShapeError

x, c = T.dvector("x"), T.bvector("c")


def test_what_holds_passes_x_on():
    f = function([x], Assert("negative")(x, x >= 0, T.sum(x) > 0))
    assert f([1.0, 2.0]).tolist() == [1, 2]


@pytest.mark.parametrize("value", [[-1.0, 2.0], [0.0, -1.0]])
def test_what_does_not_hold_raises_the_message(value):
    f = function([x], Assert("x is negative")(x, x >= 0))
    with pytest.raises(AssertionError, match="x is negative"):
        f(value)


def test_every_condition_is_checked():
    f = function([x, c], assert_op(x, True, c.sum() > 0, c))
    assert f([1.0], [1, 1]).tolist() == [1]
    for wrong in ([], [1, 0]):
        with pytest.raises(AssertionError):
            f([1.0], wrong)


def test_numbers_are_true_if_they_are_not_zero():
    s = T.dscalar("s")
    f = function([x, s], assert_op(x, s))
    f([1.0], 0.5)
    f([1.0], np.nan)
    with pytest.raises(AssertionError):
        f([1.0], 0)


@pytest.mark.parametrize("false", [False, 0, np.zeros(2), [True, False], T.constant(False)])
def test_a_constant_that_is_false_raises_at_once(false):
    with pytest.raises(AssertionError, match="never"):
        Assert("never")(x, x > 0, false)


def test_a_condition_that_cannot_be_one_is_refused():
    with pytest.raises(TypeError, match="tensor"):
        assert_op(x, "yes")
    with pytest.raises(TypeError, match="must be a text"):
        Assert(1)


def test_the_message_is_what_tells_two_apart():
    assert Assert("a") == Assert("a") != Assert("b")
    assert pickle.loads(pickle.dumps(Assert("a"))) == Assert("a")


def test_the_type_stays():
    row = T.drow()
    assert assert_op(row, True).type == row.type


def test_a_promised_length_may_be_symbolic():
    x, n = T.dmatrix("x"), T.iscalar("n")
    y = T.specify_shape(x, (n, 3))
    assert y.type.shape == (None, 3)
    f = function([x, n], y * 2)
    assert f(np.ones((2, 3)), 2).shape == (2, 3)
    with pytest.raises(ShapeError, match="not the one promised"):
        f(np.ones((2, 3)), 4)
    with pytest.raises(ShapeError):
        f(np.ones((2, 4)), 2)


def test_lengths_may_be_promised_by_a_vector():
    x, like = T.dmatrix("x"), T.dmatrix("like")
    f = function([x, like], T.specify_shape(x, like.shape))
    assert f(np.ones((2, 3)), np.zeros((2, 3))).shape == (2, 3)
    with pytest.raises(ShapeError):
        f(np.ones((2, 3)), np.zeros((3, 2)))
