"""Programs written for Theano call functions by the names that operands have there."""

import bitale.tensor as T
import numpy as np
import pytest
from bitale.tensor.signal.conv import conv2d
from bitale.tensor.signal.pool import Pool, pool_2d

X = np.random.default_rng(0).normal(size=(2, 5, 7))


def test_of_networks():
    x = X[0]
    for name in ("softmax", "logsoftmax", "softmax_graph"):
        found = getattr(T.nnet, name)
        assert np.allclose(found(c=T.constant(x)).eval(), found(T.constant(x)).eval())
    found = T.nnet.sigmoid_binary_crossentropy(output=T.constant(x), target=T.constant(x > 0))
    assert np.allclose(found.eval(), np.logaddexp(0, x) - (x > 0) * x)
    whole = conv2d(input=X, filters=x[:2, :2], image_shape=(2, 5, 7), filter_shape=(2, 2))
    assert whole.eval().shape == (2, 4, 6)


@pytest.mark.parametrize(("ignore_border", "lengths"), [(True, [2, 3]), (False, [3, 4])])
def test_of_the_class_of_pooling(ignore_border, lengths):
    pool = Pool(ignore_border=ignore_border, mode="sum", ndim=2)
    wanted = pool_2d(X, (2, 2), ignore_border=ignore_border, mode="sum").eval()
    assert np.array_equal(pool(X, (2, 2)).eval(), wanted)
    assert np.array_equal(pool(X, ws=T.constant([2, 2]), stride=(2, 2), pad=(0, 0)).eval(), wanted)
    assert Pool.out_shape((2, 5, 7), (2, 2), ignore_border) == [2, *lengths]
    assert Pool.out_shape((None, 5, 7), ws=2, ignore_border=ignore_border, ndim=2)[1:] == lengths
    length = T.lscalar()
    *_, symbolic = Pool.out_shape((2, 5, length), (2, 2), ignore_border, stride=(1, 1))
    assert symbolic.eval({length: 7}) == 6


def test_shapes_that_are_not_pooled_are_told():
    with pytest.raises(ValueError, match="no 2 axes in the shape"):
        Pool.out_shape((5,), (2, 2))
    with pytest.raises(ValueError, match="the mode is one of"):
        Pool(mode="middle")(X, 2)
