"""Functions of networks and their gradients: in machine code and on the emulated GPU."""

import bitale
import numpy as np
import pytest
from bitale import tensor as T
from bitale.tensor import nnet
from bitale_codegen_cuda.driver.emulated import find_compiler
from bitale_nnet.losses import huber_loss, multiclass_hinge_loss, softmax_crossentropy
from bitale_nnet.normalization import group_norm, layer_norm, local_response_norm

RNG = np.random.default_rng(9)
X = RNG.normal(size=(6, 5))
IMAGES = RNG.normal(1, 2, size=(3, 4, 5, 2))
VECTOR = RNG.uniform(0.5, 1.5, size=4)
CLASSES = np.array([0, 4, 2, 2, 1, 3])
BLOCKS = RNG.normal(size=(4, 5, 3, 2))
CHOSEN = RNG.integers(0, 4, size=(6, 2))


def normalised(x, gamma, beta):
    return nnet.batch_normalization_train(x, gamma, beta, "spatial")[0]


CASES = {
    "ultra fast sigmoid": (nnet.ultra_fast_sigmoid, [X * 3]),
    "gelu": (nnet.gelu, [X]),
    "batch normalisation": (normalised, [IMAGES, VECTOR, VECTOR]),
    "given statistics": (
        lambda x, g: nnet.batch_normalization_test(x, g, g, g, g, "spatial"),
        [IMAGES, VECTOR],
    ),
    "rows": (layer_norm, [X]),
    "groups": (lambda x, g: group_norm(x, 2, g), [IMAGES, VECTOR]),
    "neighbours": (lambda x: local_response_norm(x, alpha=0.1), [IMAGES]),
    "softmax and bias": (
        lambda x, b: nnet.crossentropy_softmax_1hot_with_bias(x, b, CLASSES)[0],
        [X, X[0]],
    ),
    "smoothed": (lambda x: softmax_crossentropy(x, CLASSES, label_smoothing=0.1), [X]),
    "huber": (lambda x: huber_loss(x, T.zeros_like(x)), [X]),
    "hinge": (lambda x: multiclass_hinge_loss(x, CLASSES), [X]),
    "two levels": (
        lambda x, w, v: nnet.h_softmax(x, 6, 9, 3, 3, w, x[0, :3], v, v[:, 0], CLASSES),
        [X, RNG.normal(size=(5, 3)), RNG.normal(size=(3, 5, 3))],
    ),
    "alignments": (
        lambda x: nnet.ctc.ctc(x, np.array([[1, 3], [2, -1]]), np.array([5, 4])),
        [RNG.normal(size=(5, 2, 4))],
    ),
    "blocks": (
        lambda w, h: nnet.sparse_block_dot(w, h, CHOSEN, w[0, :, 0], CHOSEN),
        [BLOCKS, RNG.normal(size=(6, 2, 3))],
    ),
}


def results(build, arrays, mode=None):
    variables = [T.as_tensor_variable(a).type() for a in arrays]
    value = build(*variables)
    gradients = T.grad(T.sum(T.sin(value)), variables)
    return bitale.function(variables, [value, *gradients], mode=mode)(*arrays)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", CASES)
def test_machine_code_gives_the_numbers_of_numpy(name, dtype):
    build, arrays = CASES[name]
    expected = results(build, arrays, "FAST_COMPILE")
    tolerance = 2e-5 if dtype == "float32" else 1e-10
    for got, value in zip(results(build, [a.astype(dtype) for a in arrays]), expected, strict=True):
        assert np.allclose(got, value, rtol=tolerance, atol=tolerance)


@pytest.mark.slow
@pytest.mark.skipif(find_compiler() is None, reason="needs a C++ compiler")
@pytest.mark.parametrize("name", CASES)
def test_the_emulated_gpu_gives_the_numbers_of_numpy(name):
    build, arrays = CASES[name]
    expected = results(build, arrays, "FAST_COMPILE")
    with bitale.config.change_flags(device="emulated"):
        got = results(build, arrays)
    for g, value in zip(got, expected, strict=True):
        assert np.allclose(np.asarray(g), value, rtol=1e-10, atol=1e-10)
