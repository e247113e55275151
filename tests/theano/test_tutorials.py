"""Programs as tutorials of Theano show them, with what they print."""

from collections import OrderedDict

import bitale.theano
import numpy as np
import pytest


@pytest.fixture(autouse=True)
def installed():
    with bitale.theano.installed():
        yield


def test_state_is_updated_by_an_ordered_dict():
    from theano import function, shared
    from theano.compat.python2x import OrderedDict as OfTheano

    assert OfTheano is OrderedDict
    x = shared(0.0)
    updates = OfTheano()
    updates[x] = x + 1
    f = function([], updates=updates)
    assert f() == []
    assert x.get_value() == 1
    x.set_value(100.0)
    f()
    assert x.get_value() == 101


def test_a_rewrite_may_hide_an_error():
    from theano import function
    from theano import tensor as T
    from theano.printing import debugprint

    x = T.scalar()
    f = function([x], x / x)
    assert f(0.0) == 1
    assert "TensorConstant{1.0}" in debugprint(f.maker.fgraph.outputs[0], file="str")


def test_test_values_show_shapes_that_differ_where_they_are_written():
    import theano
    import theano.tensor as T

    x, y = T.vectors("xy")
    x.tag.test_value, y.tag.test_value = np.ones(2), np.ones(3)
    with (
        theano.config.change_flags(compute_test_value="raise"),
        pytest.raises(ValueError, match=r"Input dimension mis-match.*\[0\] = 2.*\[0\] = 3"),
    ):
        x + y


def test_a_tree_stops_at_names():
    import theano.tensor as T
    from theano.printing import debugprint, min_informative_str

    z = T.scalar() + T.scalar()
    z.name = "z"
    a = 2.0 * z
    lines = [line.strip() for line in min_informative_str(a).splitlines()]
    assert [line.split()[0] for line in lines] == ["A.", "B.", "C."]
    assert lines[1:] == ["B. TensorConstant{2.0}", "C. z"]
    assert len(debugprint(a, file="str").splitlines()) == 5


def test_a_node_is_printed_when_it_is_computed(capsys):
    import theano
    import theano.tensor as T
    from theano.printing import Print

    h = T.matrix()
    a = Print("a", ["__str__", "shape"])(T.nnet.sigmoid(h))
    assert theano.function([h], a.sum())(np.zeros((2, 2))) == 2
    assert "a shape = (2, 2)" in capsys.readouterr().out


def test_weights_are_trained():
    import theano

    x = theano.tensor.fvector("x")
    target = theano.tensor.fscalar("target")
    W = theano.shared(np.asarray([0.2, 0.7]), "W")
    y = (x * W).sum()
    cost = theano.tensor.sqr(target - y)
    gradients = theano.tensor.grad(cost, [W])
    f = theano.function([x, target], y, updates=[(W, W - (0.1 * gradients[0]))])
    found = [float(f([1.0, 1.0], 20.0)) for _ in range(10)]
    assert found == pytest.approx([20 - 19.1 * 0.6**k for k in range(10)])


def test_the_logistic_function_and_its_slope():
    import theano
    from theano import tensor

    x = tensor.dmatrix("x")
    s = 1 / (1 + tensor.exp(-x))
    logistic = theano.function([x], s)
    slope = theano.function([x], tensor.grad(tensor.sum(s), x))
    given = [[0, 1], [-1, -2]]
    assert np.allclose(logistic(given), [[0.5, 0.73105858], [0.26894142, 0.11920292]])
    assert np.allclose(slope(given), [[0.25, 0.19661193], [0.19661193, 0.10499359]])


def test_several_results_of_one_call():
    import theano
    from theano import tensor

    x, y = tensor.dmatrices("x", "y")
    diff = x - y
    f = theano.function([x, y], [diff, abs(diff), diff**2])
    found = [v.tolist() for v in f([[1, 1], [1, 1]], [[0, 1], [2, 3]])]
    assert found == [[[1, 0], [-1, -2]], [[1, 0], [1, 2]], [[1, 0], [1, 4]]]


def test_a_slope_by_keywords():
    import theano
    import theano.tensor as T

    x = T.dscalar()
    fx = T.exp(T.sin(x**2))
    assert type(fx) is T.TensorVariable
    (value,) = theano.function(inputs=[x], outputs=[fx])(10)
    assert value == pytest.approx(0.602681965908778, rel=1e-14)
    assert theano.function([x], T.grad(fx, wrt=x))(15) == pytest.approx(
        4.347404090286685, rel=1e-12
    )


@pytest.mark.slow
def test_exclusive_or_is_learned():
    import theano
    import theano.tensor as T
    import theano.tensor.nnet as nnet

    x, y = T.dvector(), T.dscalar()
    r = np.random.RandomState(4)
    first, second = (theano.shared(r.rand(*shape)) for shape in ((3, 3), (4, 1)))

    def layer(v, w):
        return nnet.sigmoid(T.dot(w.T, T.concatenate([v, np.array([1.0])])))

    out = T.sum(layer(layer(x, first), second))
    loss = (out - y) ** 2
    cost = theano.function(
        inputs=[x, y],
        outputs=loss,
        updates=[(w, w - 0.5 * T.grad(loss, wrt=w)) for w in (first, second)],
    )
    rows, wanted = np.array([[0, 1], [1, 0], [1, 1], [0, 0]]), np.array([1, 1, 0, 0])
    for _ in range(6000):
        for row, value in zip(rows, wanted, strict=True):
            cost(row, value)
    run = theano.function(inputs=[x], outputs=out)
    assert [round(float(run(row))) for row in rows] == [1, 1, 0, 0]


def test_a_sum_and_a_recurrent_network_are_loops():
    import theano
    import theano.tensor as T

    x, n = T.vector("x"), T.scalar("n")
    values, _ = theano.scan(
        fn=lambda x_t, acc, n: acc + x_t * n,
        sequences=[x],
        outputs_info=[np.float64(0)],
        non_sequences=[n],
    )
    assert theano.function([x, n], values[-1])([1, 2, 3], 2) == 12
    W_x, W_h, b = (theano.shared(np.full(s, 0.5)) for s in ((3, 4), (4, 4), (4,)))
    batch = T.tensor3()
    states, _ = theano.scan(
        lambda x_t, h, W_x, W_h, b: T.tanh(T.dot(x_t, W_x) + T.dot(h, W_h) + b),
        [batch.dimshuffle(1, 0, 2)],
        [T.zeros((batch.shape[0], 4))],
        [W_x, W_h, b],
    )
    given, h = np.ones((2, 5, 3)), np.zeros((2, 4))
    for t in range(5):
        h = np.tanh(given[:, t] @ np.full((3, 4), 0.5) + h @ np.full((4, 4), 0.5) + 0.5)
    assert np.allclose(theano.function([batch], states[-1])(given), h)


def test_images_are_convolved_and_pooled():
    import theano
    import theano.tensor as T
    from theano.tensor.downsample import max_pool_2d

    flat = T.matrix()
    x = flat.reshape((2, 32, 32, 3)).dimshuffle(0, 3, 1, 2)
    first, second = (theano.shared(np.ones(s)) for s in ((16, 3, 5, 5), (32, 16, 5, 5)))
    out = T.nnet.conv.conv2d(T.nnet.conv.conv2d(x, first), second)
    pooled = max_pool_2d(out, (2, 2))
    f = theano.function([flat], [out.shape, pooled.shape, pooled.flatten(ndim=2).shape])
    found = [v.tolist() for v in f(np.ones((2, 3072)))]
    assert found == [[2, 32, 24, 24], [2, 32, 12, 12], [2, 4608]]


def test_a_batch_is_taken_of_shared_data_by_its_index():
    import theano
    import theano.tensor as T

    data = np.arange(24.0).reshape(3, 4, 2)
    x, index, X = T.matrix(), T.iscalar(), theano.shared(data)
    f = theano.function([index], x.sum(0), givens={x: X[index]})
    assert f(2).tolist() == data[2].sum(0).tolist()
