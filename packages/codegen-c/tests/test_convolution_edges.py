"""What lies between and behind the windows of a convolution does not reach its derivatives."""

import numpy as np
import pytest
from bitale_graph import function
from bitale_graph import language as T
from bitale_graph.convolution import Conv, ConvGradInputs, ConvGradWeights, Geometry


@pytest.mark.parametrize("channels", [1, 3, 16])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_numbers_that_no_window_holds_may_be_nan(channels, dtype):
    geometry = Geometry(stride=(2, 2), padding=((0, 0), (0, 0)), dilation=(2, 2), groups=1)
    four = T.TensorType(dtype, (None,) * 4)
    x, w, g = four(), four(), four()
    outputs = [
        Conv(geometry)(x, w),
        ConvGradWeights(geometry)(x, g, *(T.shape_i(w, a) for a in (2, 3))),
        ConvGradInputs(geometry)(g, w, *(T.shape_i(x, a) for a in (2, 3))),
    ]
    run = function([x, w, g], outputs)
    plain = function([x, w, g], outputs, mode="FAST_COMPILE")
    rng = np.random.default_rng(channels)
    for rows, columns in ((5, 11), (6, 8), (7, 40)):
        image = rng.integers(-4, 5, (2, channels, rows, columns)).astype(dtype)
        filters = rng.integers(-4, 5, (channels, channels, 2, 2)).astype(dtype)
        shape = (2, channels, (rows - 3) // 2 + 1, (columns - 3) // 2 + 1)
        given = [image, filters, rng.integers(-4, 5, shape).astype(dtype)]
        expected = plain(*given)
        image[:, :, 1::2] = np.nan
        image[:, :, :, 1::2] = np.nan
        for found, wanted in zip(run(*given), expected, strict=True):
            np.testing.assert_array_equal(found, wanted)
