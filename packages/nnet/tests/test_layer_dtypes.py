import numpy as np
import pytest
from bitale_graph import function
from bitale_graph import language as T
from bitale_nnet import (
    GRU,
    Attention,
    AveragePool2D,
    BatchNorm,
    Conv2D,
    ConvTranspose2D,
    Dense,
    Dropout,
    GaussianNoise,
    LayerNorm,
    LocalResponseNorm,
    PositionalEncoding,
    PReLU,
    RReLU,
    SpatialPyramidPool,
    Standardization,
    Training,
)

LAYERS = [
    (Dense(3, "relu"), (None, 4)),
    (Conv2D(2, 3), (None, 1, 5, 5)),
    (ConvTranspose2D(2, 3), (None, 1, 2, 2)),
    (BatchNorm(), (None, 4)),
    (LayerNorm(), (None, 4)),
    (Standardization(), (None, 4)),
    (LocalResponseNorm(), (None, 4)),
    (Dropout(0.5), (None, 4)),
    (GaussianNoise(), (None, 4)),
    (PReLU(), (None, 4)),
    (RReLU(), (None, 4)),
    (Attention(2, causal=True), (None, 3, 4)),
    (PositionalEncoding(), (None, 3, 4)),
    (GRU(3), (None, 3, 4)),
    (AveragePool2D(), (None, 1, 4, 4)),
    (SpatialPyramidPool(mode="average"), (None, 1, 4, 4)),
]


@pytest.mark.parametrize("dtype", ["float16", "uint8"])
@pytest.mark.parametrize(("layer", "shape"), LAYERS, ids=lambda v: type(v).__name__)
def test_half_floats_and_small_integers_give_floats(layer, shape, dtype, rng):
    layer.build(shape, rng, "float16" if dtype == "float16" else "float32")
    x, training = T.tensor(dtype, (None,) * len(shape)), Training(0)
    f = function([x], [layer(x), layer(x, training=training)], mode="FAST_COMPILE")
    X = rng.integers(0, 200, size=(2, *shape[1:])).astype(dtype)
    for found in f(X):
        assert found.dtype.kind == "f"
        assert dtype != "float16" or found.dtype == "float16"
        assert np.all(np.isfinite(found))
