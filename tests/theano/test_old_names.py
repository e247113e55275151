"""Names that Theano's programs ask for and that mean something of their own here."""

import bitale.theano
import numpy as np
import pytest


@pytest.fixture(autouse=True)
def _installed():
    with bitale.theano.installed():
        yield


def test_inputs_of_graphs_come_in_theanos_order():
    import theano
    import theano.tensor as T

    a, b, c = T.vectors("a", "b", "c")
    assert theano.gof.graph.inputs([a + b, c]) == [c, a, b]
    assert theano.gof.graph.inputs(reversed([a + b, c])) == [a, b, c]
    assert theano.gof.graph.inputs([(a + b) * c, b], blockers=[a]) == [b, a, c]


def test_there_is_no_gpu_of_theanos():
    from theano import gpuarray
    from theano.gpuarray import dnn
    from theano.sandbox import cuda

    assert not any([gpuarray.pygpu_activated, cuda.cuda_enabled, cuda.cuda_available])
    assert not dnn.dnn_present()
    assert not cuda.dnn.dnn_available()
    assert "cuDNN" in dnn.dnn_available.msg


def test_relu_of_an_array_is_an_array():
    import theano.tensor as T

    assert T.nnet.relu(np.array([-1.0, 2.0])).tolist() == [0.0, 2.0]
    x = T.vector()
    assert T.nnet.relu(x).eval({x: [-1.0, 2.0]}).tolist() == [0.0, 2.0]
    assert T.nnet.relu(np.array([-1.0, 2.0]), 0.5).eval().tolist() == [-0.5, 2.0]


def test_lengths_are_objects_to_numpy():
    import theano.tensor as T

    x = T.matrix()
    assert np.prod(x.shape[:2]).eval({x: np.ones((2, 3))}) == 6
    assert np.prod([x.shape[0], 2]).eval({x: np.ones((2, 3))}) == 4


def test_what_is_written_takes_the_dtype_of_its_place():
    import theano.tensor as T

    x, y = T.fvector(), T.dvector()
    z = T.set_subtensor(x[1:], y)
    assert z.eval({x: np.zeros(3, "float32"), y: [1 / 3, 2.0]}).dtype == "float32"
    assert T.grad(z.sum(), y).dtype == "float64"


def test_theano_has_itself():
    import theano
    from theano import theano as again

    assert again is theano


def test_what_theano_kept_for_python_2_is_there():
    from theano import compat
    from theano.compat import DefaultOrderedDict, cmp, decode_iter, exc_message, imap, izip

    assert [cmp(*pair) for pair in izip([1, 2, 3], [2, 2, 2])] == [-1, 0, 1]
    assert list(imap(str, decode_iter([b"a"]))) == ["a"]
    assert exc_message(ValueError(("why", "what"))) == "why"
    assert compat.operator_div(1, 2) == 0.5
    assert compat.get_unbound_function(int.__add__) is int.__add__
    counts = DefaultOrderedDict(int)
    counts["b"] += 1
    counts["a"] += 1
    assert list(counts) == ["b", "a"]
    assert compat.decode_with(compat.b("\xe4"), "latin-1") == "\xe4"
