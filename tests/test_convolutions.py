"""Functions of convolution, and their derivatives, give in machine code what NumPy gives."""

import bitale
import bitale.tensor as T
import numpy as np
import pytest
from bitale.tensor.nnet.abstract_conv import bilinear_upsampling, frac_bilinear_upsampling

BORDERS = {"border_mode": "half", "subsample": (2, 1), "num_groups": 2}
CASES = {
    "filters of unknown lengths": (
        lambda x, w: T.nnet.conv2d(x, w, **BORDERS, filter_dilation=(1, 2)),
        [(2, 4, 4, 5), (4, 2, 3, 2)],
    ),
    "unshared": (
        lambda x, w: T.nnet.conv2d(x, w, **BORDERS, unshared=True),
        [(2, 2, 4, 4), (4, 2, 5, 1, 3, 2)],
    ),
    "transposed": (
        lambda x, w: T.nnet.conv2d_transpose(
            x, w, (None, None, 2 * x.shape[2], 7), None, "half", (2, 2)
        ),
        [(2, 3, 4, 4), (3, 2, 3, 3)],
    ),
    "causal": (lambda x, w: T.nnet.causal_conv1d(x, w, subsample=2), [(2, 3, 5), (4, 3, 3)]),
    "separable": (
        lambda x, v, w: T.nnet.separable_conv2d(x, v, w, 2, border_mode="full"),
        [(2, 2, 4, 4), (4, 1, 2, 3), (3, 4, 1, 1)],
    ),
    "time first": (T.nnet.conv3d2d.conv3d, [(2, 3, 2, 4, 3), (3, 2, 2, 3, 3)]),
    "without channels": (T.signal.conv.conv2d, [(5, 4), (2, 2, 3)]),
    "upsampling": (lambda x: bilinear_upsampling(x, 3), [(1, 2, 3, 3)]),
    "by fractions": (lambda x: frac_bilinear_upsampling(x, ((5, 3), (7, 2))), [(1, 2, 3, 3)]),
}


@pytest.mark.parametrize("mode", ["FAST_RUN", "emulated"])
@pytest.mark.parametrize("name", CASES)
def test_every_way_gives_what_numpy_gives(name, mode):
    build, shapes = CASES[name]
    rng = np.random.default_rng(3)
    given = [rng.normal(size=shape).astype("float32") for shape in shapes]
    inputs = [T.TensorType("float32", (None,) * x.ndim)() for x in given]
    y = build(*inputs)
    outputs = [y, *T.grad(T.sum(T.sqr(y)), inputs), T.Rop(y, inputs, [T.cos(v) for v in inputs])]
    plain = bitale.Mode("numpy", "None")
    expected = bitale.function(inputs, outputs, mode=plain)(*given)
    found = bitale.function(inputs, outputs, mode=mode)(*given)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-4, atol=2e-4)
