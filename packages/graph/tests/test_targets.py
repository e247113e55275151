"""Classes are numbered from 0 on: a target below it is refused as one above the last is."""

import numpy as np
import pytest
from bitale_graph import Mode, function
from bitale_graph import language as T
from bitale_graph.ops.softmax import SoftmaxCrossentropy, SoftmaxCrossentropyGrad

x, ct = T.dmatrix("x"), T.dvector("ct")
ROWS = np.array([[1.0, 2, 3], [3, 1, 0]])
LOSSES = {
    "of probabilities": lambda k: T.categorical_crossentropy(abs(x) + 0.1, k),
    "of a softmax": lambda k: T.categorical_crossentropy(T.softmax(x), k),
    "of logits": lambda k: SoftmaxCrossentropy()(x, k)[0],
    "its gradient": lambda k: SoftmaxCrossentropyGrad()(x, T.zeros_like(k) + 1.0, k),
}


@pytest.mark.parametrize("optimizer", ["fast_run", "None"])
@pytest.mark.parametrize("dtype", ["int8", "int32", "int64"])
@pytest.mark.parametrize("target", [3, -1, -3, -4, 100])
@pytest.mark.parametrize("name", LOSSES)
def test_a_target_that_is_no_class_is_refused(name, target, dtype, optimizer):
    k = T.vector("k", dtype=dtype)
    f = function([x, k], LOSSES[name](k), mode=Mode(linker="numpy", optimizer=optimizer))
    assert np.isfinite(f(ROWS, np.array([0, 2], dtype))).all()
    with pytest.raises(IndexError, match="outside the 3 classes"):
        f(ROWS, np.array([0, target], dtype))


def test_no_rows_have_no_targets():
    k = T.lvector("k")
    f = function([x, k], SoftmaxCrossentropy()(x, k)[0], mode=Mode(linker="numpy"))
    assert f(np.ones((0, 3)), np.ones(0, int)).shape == (0,)


@pytest.mark.parametrize("optimizer", ["fast_run", "None"])
def test_an_index_still_counts_from_the_end(optimizer):
    k = T.lvector("k")
    p = T.softmax(x)[T.arange(k.shape[0]), k]
    for loss in (-T.log(p), -T.log(T.softmax(x))[T.arange(k.shape[0]), k]):
        f = function([x, k], loss, mode=Mode(linker="numpy", optimizer=optimizer))
        np.testing.assert_allclose(f(ROWS, [-1, -3]), f(ROWS, [2, 0]))
        with pytest.raises(IndexError):
            f(ROWS, [-4, 0])
