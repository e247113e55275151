"""Convolutions as users call them; values of single ops are in the samples."""

import warnings
from itertools import product

import numpy as np
import pytest
import scipy.signal
from bitale_graph import convolution as C
from bitale_graph import function, shared
from bitale_graph import language as T
from bitale_graph.extend import DtypeError, ShapeError

rng = np.random.default_rng(12)
images, filters = rng.normal(size=(2, 3, 7, 8)), rng.normal(size=(4, 3, 3, 2))
volumes, cubes = rng.normal(size=(2, 2, 4, 5, 6)), rng.normal(size=(3, 2, 2, 3, 2))
series, short = rng.normal(size=(2, 3, 9)), rng.normal(size=(4, 3, 3))
x, w = T.dtensor4("x"), T.dtensor4("w")


def run(expression, **given):
    names = {v.name: v for v in (x, w)}
    return function([names[n] for n in given], expression)(*given.values())


def convolved(batch, kernels, mode="full", flip=True):
    """By SciPy, image by image, channels added up."""
    one = scipy.signal.convolve if flip else scipy.signal.correlate
    return np.stack(
        [
            np.stack([sum(map(lambda a, b: one(a, b, mode, "direct"), i, k)) for k in kernels])
            for i in batch
        ]
    )


def padded(batch, before, after):
    return np.pad(batch, [(0, 0), (0, 0), *zip(before, after, strict=True)])


def spread(kernels, dilation):
    """Filters with zeros between their elements."""
    lengths = [(n - 1) * d + 1 for n, d in zip(kernels.shape[2:], dilation, strict=True)]
    wide = np.zeros((*kernels.shape[:2], *lengths))
    wide[(..., *(slice(None, None, d) for d in dilation))] = kernels
    return wide


def convolve(batch, kernels, pads=(0, 0), stride=(1, 1), dilation=(1, 1), groups=1, flip=True):
    wide = spread(kernels, dilation)
    before, after = zip(*((p, p) if isinstance(p, int) else p for p in pads), strict=True)
    parts = zip(
        np.split(padded(batch, before, after), groups, 1), np.split(wide, groups), strict=True
    )
    whole = np.concatenate([convolved(a, b, "valid", flip) for a, b in parts], 1)
    return whole[(..., *(slice(None, None, s) for s in stride))]


BORDERS = {
    "valid": (0, 0),
    "full": (2, 1),
    "half": (1, 1),
    1: (1, 1),
    (2, 0): (2, 0),
    ((1, 2), (0, 3)): ((1, 2), (0, 3)),
    ("full", 2): (2, 2),
}


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("is_known", [True, False])
@pytest.mark.parametrize("flip", [True, False])
def test_borders_are_zeros_around_the_images(border, is_known, flip):
    given = filters if is_known else w
    y = C.conv2d(x, given, border_mode=border, filter_flip=flip)
    found = run(y, x=images) if is_known else run(y, x=images, w=filters)
    expected = convolve(images, filters, BORDERS[border], flip=flip)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("border", ["half", "full"])
def test_borders_by_words_count_the_dilated_filter(border):
    pads = {"half": (2, 2), "full": (4, 3)}[border]
    for given in (filters, w):
        y = C.conv2d(images, given, border_mode=border, filter_dilation=(2, 3))
        found = run(y) if given is filters else run(y, w=filters)
        expected = convolve(images, filters, pads, dilation=(2, 3))
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("stride", [(1, 1), (2, 3)])
@pytest.mark.parametrize("dilation", [(1, 1), (2, 1)])
@pytest.mark.parametrize("groups", [1, 2])
def test_strides_dilation_and_groups(stride, dilation, groups):
    batch = rng.normal(size=(2, 4, 9, 8))
    kernels = rng.normal(size=(6, 4 // groups, 3, 2))
    y = C.conv2d(
        *(x, kernels),
        border_mode=(1, 2),
        subsample=stride,
        filter_dilation=dilation,
        num_groups=groups,
    )
    expected = convolve(batch, kernels, (1, 2), stride, dilation, groups)
    np.testing.assert_allclose(run(y, x=batch), expected, rtol=1e-12, atol=1e-12)


def test_one_and_three_dimensions():
    y = C.conv1d(series, short, border_mode=2, subsample=2)
    expected = convolve(series, short, (2,), (2,), (1,))
    np.testing.assert_allclose(run(y), expected, rtol=1e-12, atol=1e-12)
    y = C.conv3d(volumes, cubes, border_mode=(0, 1, 2), subsample=(2, 1, 3), filter_dilation=2)
    expected = convolve(volumes, cubes, (0, 1, 2), (2, 1, 3), (2, 2, 2))
    np.testing.assert_allclose(run(y), expected, rtol=1e-12, atol=1e-12)


def test_known_lengths_are_used_and_checked():
    y = C.conv2d(x, w, (None, 3, 7, 8), (4, None, 3, None), "half", (2, 1))
    assert y.type.shape == (None, 4, 4, None)
    assert run(y, x=images, w=filters).shape == (2, 4, 4, 9)
    with pytest.raises(ShapeError, match=r"\(None, 3, 7, 8\)"):
        run(y, x=images[:, :, 1:], w=filters)
    with pytest.raises(ShapeError, match="input_shape has 3 lengths"):
        C.conv2d(x, w, (3, 7, 8))
    assert C.conv2d(x, w, image_shape=(2, 3, 7, 8)).type.shape[0] == 2
    n = T.lscalar("n")
    y = C.conv2d(x, filters, (n, 3, None, T.constant(8)))
    assert y.type.shape == (None, 4, None, 7)
    with pytest.raises(ShapeError, match="promised"):
        function([x, n], y)(images, 3)


def test_shapes_are_sequences():
    with pytest.raises(TypeError, match="input_shape is a sequence of lengths, not 5"):
        C.conv2d(x, w, 5)
    with pytest.raises(TypeError, match="output_shape is a sequence of lengths, not None"):
        C.conv2d_transpose(x, w, None)
    with pytest.raises(TypeError, match="holds integers"):
        C.conv2d(x, w, (1, 2.5, 3, 4))


def test_a_geometry_of_lists_is_that_of_tuples():
    made = C.Geometry([1, np.int64(2)], [[0, 1], "half"], [1, 1])
    assert made == C.geometry(2, (1, 2), ((0, 1), "half"))
    assert hash(made) == hash(C.geometry(2, (1, 2), ((0, 1), "half")))
    for wrong in ({"stride": 0}, {"padding": -1}, {"dilation": 0}, {"groups": 0}):
        with pytest.raises(ValueError, match="convolution"):
            C.geometry(2, **wrong)
    with pytest.raises(ValueError, match="one number of axes"):
        C.Geometry((1,), ((0, 0),), (1, 1))


def test_dtypes_are_floats():
    assert C.conv2d(T.ftensor4(), T.ftensor4()).dtype == "float32"
    assert C.conv2d(T.ftensor4(), T.dtensor4()).dtype == "float64"
    assert C.conv2d(T.tensor4(dtype="uint8"), T.ftensor4()).dtype == "float32"
    whole = rng.integers(-5, 5, size=(1, 2, 5, 5)), rng.integers(-5, 5, size=(2, 2, 3, 3))
    y = C.conv2d(*whole)
    assert y.dtype == "float64"
    np.testing.assert_array_equal(run(y), convolve(*whole))
    halves = images.astype("float16"), filters.astype("float16")
    y = C.conv2d(*halves)
    assert y.dtype == "float16"
    expected = convolve(*(v.astype("float64") for v in halves))
    np.testing.assert_allclose(run(y), expected, rtol=1e-3, atol=2e-3)
    with pytest.raises(DtypeError, match="real numbers"):
        C.conv2d(T.ztensor4(), filters)


@pytest.mark.parametrize(
    ("keywords", "words"),
    [
        ({"border_mode": -1}, "not negative"),
        ({"border_mode": (1, (0, -2))}, "not negative"),
        ({"border_mode": "same"}, "(?s)'valid', 'full', 'half'.*hint: 'half' keeps the size"),
        ({"border_mode": (1, 1, 1)}, "each of 2 axes"),
        ({"border_mode": 1.5}, "border_mode"),
        ({"border_mode": True}, "border_mode"),
        ({"subsample": 0}, "subsample is an integer of at least 1"),
        ({"subsample": (1, 2, 3)}, "or 2 of them"),
        ({"filter_dilation": (1, 0.5)}, "filter_dilation"),
        ({"num_groups": 0}, "num_groups"),
    ],
)
def test_arguments_out_of_range_are_told(keywords, words):
    with pytest.raises(ValueError, match=words):
        C.conv2d(x, w, **keywords)


def test_shapes_that_do_not_go_together_are_told():
    with pytest.raises(ShapeError, match="3 channels, and the filters take 2") as error:
        C.conv2d(images, filters[:, :2])
    assert "(2, 3, 7, 8)" in str(error.value)
    with pytest.raises(ShapeError, match="3 channels, and the filters take 2 in each of 2 groups"):
        C.conv2d(images, filters[:, :2], num_groups=2)
    with pytest.raises(ShapeError, match="3 filters are not 2 groups"):
        C.conv2d(images[:, :2], filters[:3, :1], num_groups=2)
    with pytest.raises(ShapeError, match=r"length 3 along axis 2.*input of length 1"):
        C.conv2d(images[:, :, :1], filters)
    with pytest.raises(ShapeError, match=r"rank 4, \(images, channels, rows, columns\)"):
        C.conv2d(images[0], filters)
    f = function([x, w], C.conv2d(x, w))
    with pytest.raises(ShapeError, match="3 channels, and the filters take 2"):
        f(images, filters[:, :2])
    with pytest.raises(ShapeError, match="do not fit"):
        f(images[:, :, :1], filters)


def test_what_told_theano_how_to_compute_is_ignored():
    with pytest.warns(UserWarning, match="ignores unroll_batch"):
        C.conv2d(x, w, unroll_batch=2)


def test_an_older_name_beside_the_newer_is_an_error():
    with pytest.raises(TypeError, match="older name"):
        C.conv2d(x, w, (1, 1, 2, 2), image_shape=(1, 1, 2, 2))


GEOMETRIES = (
    {},
    {"border_mode": "full"},
    {"border_mode": "half", "subsample": (2, 3)},
    {"border_mode": ((1, 0), (2, 1)), "subsample": (1, 2), "filter_dilation": (2, 1)},
    {"filter_flip": False, "subsample": (2, 2)},
)


@pytest.mark.parametrize("how", GEOMETRIES)
@pytest.mark.parametrize("is_known", [True, False])
def test_gradients_are_adjoints(how, is_known):
    """<g, conv(x, w)> = <conv_inputs(g, w), x> = <conv_weights(x, g), w>."""
    y = run(C.conv2d(x, w, **how), x=images, w=filters)
    g = rng.normal(size=y.shape)
    lengths = [T.constant(n) for n in images.shape] if is_known else list(x.shape)
    kernel = [T.constant(n) for n in filters.shape] if is_known else list(w.shape)
    by_inputs = C.conv2d_grad_wrt_inputs(g, w, (None, None, *lengths[2:]), **how)
    by_filters = C.conv2d_grad_wrt_weights(x, g, kernel, **how)
    first = function([x, w], [by_inputs, by_filters], on_unused_input="ignore")(images, filters)
    assert [v.shape for v in first] == [images.shape, filters.shape]
    whole = (g * y).sum()
    np.testing.assert_allclose((first[0] * images).sum(), whole, rtol=1e-10)
    np.testing.assert_allclose((first[1] * filters).sum(), whole, rtol=1e-10)
    direction = rng.normal(size=images.shape)
    moved = run(C.conv2d(x, w, **how), x=direction, w=filters)
    np.testing.assert_allclose((first[0] * direction).sum(), (g * moved).sum(), rtol=1e-10)
    turn = rng.normal(size=filters.shape)
    moved = run(C.conv2d(x, w, **how), x=images, w=turn)
    np.testing.assert_allclose((first[1] * turn).sum(), (g * moved).sum(), rtol=1e-10)


def test_gradients_in_three_dimensions_are_adjoints():
    how = {"border_mode": (1, 0, 2), "subsample": (1, 2, 2), "filter_dilation": (2, 1, 1)}
    y = run(C.conv3d(volumes, cubes, **how))
    g = rng.normal(size=y.shape)
    by_inputs = run(C.conv3d_grad_wrt_inputs(g, cubes, volumes.shape, cubes.shape, **how))
    by_filters = run(C.conv3d_grad_wrt_weights(volumes, g, cubes.shape, volumes.shape, **how))
    np.testing.assert_allclose((by_inputs * volumes).sum(), (g * y).sum(), rtol=1e-10)
    np.testing.assert_allclose((by_filters * cubes).sum(), (g * y).sum(), rtol=1e-10)


def scattered(batch, kernels, shape, pads=(0, 0), stride=(1, 1)):
    """Turned filters times each element of the images, added up where it stands."""
    wide = np.zeros((len(batch), shape[1], *(n + 20 for n in shape[2:])))
    for i, j in product(*map(range, batch.shape[2:])):
        for a, b in product(*map(range, kernels.shape[2:])):
            term = batch[:, :, i, j] @ kernels[:, :, -1 - a, -1 - b]
            wide[:, :, i * stride[0] + a, j * stride[1] + b] += term
    p, q = pads
    return wide[:, :, p : p + shape[2], q : q + shape[3]]


@pytest.mark.parametrize(
    ("stride", "border", "lengths"),
    [
        ((1, 1), "valid", (9, 9)),
        ((2, 3), "valid", (15, 23)),
        ((2, 3), "valid", (16, 25)),
        ((2, 3), (1, 2), (14, 20)),
        ((2, 1), "half", (13, 7)),
        ((1, 1), "full", (5, 7)),
    ],
)
def test_a_transposed_convolution_spreads_its_input(stride, border, lengths):
    kernels, shape = rng.normal(size=(3, 4, 3, 2)), (2, 4, *lengths)
    y = C.conv2d_transpose(x, kernels, (None, *shape[1:]), None, border, stride)
    assert y.type.shape == (None, 4, *lengths)
    pads = {"valid": (0, 0), "half": (1, 1), "full": (2, 1)}.get(border, border)
    expected = scattered(images, kernels, shape, pads, stride)
    np.testing.assert_allclose(run(y, x=images), expected, atol=1e-12)


def test_transposed_convolutions_of_series_and_volumes():
    kernels = rng.normal(size=(3, 4, 3))
    y = C.conv1d_transpose(series, kernels, (2, 4, 19), input_dilation=2)
    flat = scattered(series[:, :, None], kernels[:, :, None], (2, 4, 1, 19), stride=(1, 2))
    np.testing.assert_allclose(run(y), flat[:, :, 0], atol=1e-12)
    kernels = rng.normal(size=(2, 3, 1, 2, 3))
    y = C.conv3d_transpose(volumes, kernels, (None, None, 4, 6, 8))
    each = [scattered(volumes[:, :, i], kernels[:, :, 0], (2, 3, 6, 8)) for i in range(4)]
    np.testing.assert_allclose(run(y), np.stack(each, 2), atol=1e-12)


def test_a_shape_that_a_stride_leaves_open_is_asked_for():
    with pytest.raises(ShapeError, match="leaves them open"):
        C.conv2d_transpose(x, w, (None, None, None, 8), input_dilation=(2, 2))
    with pytest.raises(ShapeError, match=r"length 7 along axis 2.* has 8"):
        C.conv2d_transpose(images, filters[:3], (2, 3, 10, 9))
    y = C.conv2d_transpose(x, w, (5, 3, 9, 9))
    with pytest.raises(ShapeError):
        run(y, x=images, w=filters[:3])


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"border_mode": (1, 2), "subsample": (2, 3), "num_groups": 2},
        {"border_mode": "half", "filter_dilation": (2, 1), "filter_flip": False},
    ],
)
@pytest.mark.parametrize("is_known", [True, False])
def test_unshared_filters_are_those_of_their_place(how, is_known):
    groups, batch = how.get("num_groups", 1), rng.normal(size=(2, 4, 6, 7))
    one = rng.normal(size=(6, 4 // groups, 3, 2))
    shape = run(C.conv2d(batch, one, **how)).shape
    own = rng.normal(size=(6, *shape[2:], *one.shape[1:]))
    w6 = T.TensorType("float64", own.shape if is_known else (None,) * 6)("w6")
    y = C.conv2d(batch if is_known else x, w6, unshared=True, **how)
    assert not is_known or y.type.shape == shape
    f = function([x, w6], y, on_unused_input="ignore")
    found = f(batch, own)
    for i, j in product(*map(range, shape[2:])):
        expected = run(C.conv2d(batch, own[:, i, j], **how))
        np.testing.assert_allclose(found[:, :, i, j], expected[:, :, i, j], rtol=1e-10, atol=1e-12)
    g = rng.normal(size=shape)
    kernel = own.shape if is_known else (None,) * 4 + tuple(w6.shape[4:])
    by_inputs = C.conv2d_grad_wrt_inputs(g, w6, batch.shape, unshared=True, **how)
    by_filters = C.conv2d_grad_wrt_weights(batch, g, kernel, unshared=True, **how)
    first, second = function([w6], [by_inputs, by_filters])(own)
    assert (first.shape, second.shape) == (batch.shape, own.shape)
    x2, w2 = rng.normal(size=batch.shape), rng.normal(size=own.shape)
    np.testing.assert_allclose(
        (first * x2).sum(), (g * run_unshared(x2, own, how)).sum(), rtol=1e-10
    )
    np.testing.assert_allclose(
        (second * w2).sum(), (g * run_unshared(batch, w2, how)).sum(), rtol=1e-10
    )


def run_unshared(batch, own, how):
    return function([], C.conv2d(batch, own, unshared=True, **how))()


def test_filters_of_too_few_places_are_told():
    own = np.zeros((4, 5, 6, 3, 3, 2))
    with pytest.raises(ShapeError, match="filters for 6 places along axis 3, and 7 places"):
        C.conv2d(images, own, unshared=True)
    with pytest.raises(ShapeError, match="rank 6"):
        C.conv2d(images, filters, unshared=True)


def test_separable_filters_are_a_product():
    each, points = rng.normal(size=(6, 1, 3, 2)), rng.normal(size=(5, 6, 1, 1))
    y = C.separable_conv2d(x, each, points, 3, border_mode="half", subsample=(2, 1))
    joined = np.einsum("kc,cij->kcij", points[:, :, 0, 0], each[:, 0])
    whole = joined.reshape(5, 3, 2, 3, 2).sum(2)
    expected = convolve(images, whole, (1, 1), (2, 1))
    np.testing.assert_allclose(run(y, x=images), expected, rtol=1e-10, atol=1e-12)
    cube, point = rng.normal(size=(2, 1, 2, 1, 3)), rng.normal(size=(3, 2, 1, 1, 1))
    y = C.separable_conv3d(volumes, cube, point, 2, filter_dilation=(2, 1, 1))
    expected = convolve(volumes, point * cube[None, :, 0], (0, 0, 0), (1, 1, 1), (2, 1, 1))
    np.testing.assert_allclose(run(y), expected, rtol=1e-10, atol=1e-12)
    with pytest.raises(ShapeError, match="one element for each channel"):
        C.separable_conv2d(x, each, rng.normal(size=(5, 6, 3, 1)), 3)


@pytest.mark.parametrize("how", [{}, {"subsample": 2}, {"filter_dilation": 3}])
def test_a_causal_convolution_sees_what_was_before(how):
    v = T.dtensor3("v")
    for given, told in ((short, None), (v, None), (v, (None, None, 3))):
        y = C.causal_conv1d(series, given, told, **how)
        found = function([] if given is short else [v], y)(*([] if given is short else [short]))
        before = 2 * how.get("filter_dilation", 1)
        late = np.pad(series, [(0, 0), (0, 0), (before, 0)])
        stride, dilation = (how.get(k, 1) for k in ("subsample", "filter_dilation"))
        expected = convolve(late, short, (0,), (stride,), (dilation,))
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_a_causal_convolution_of_unshared_filters():
    own = rng.normal(size=(4, 9, 3, 3))
    found = run(C.causal_conv1d(series, own, own.shape, unshared=True))
    for i in range(9):
        expected = run(C.causal_conv1d(series, own[:, i], own[:, i].shape))
        np.testing.assert_allclose(found[:, :, i], expected[:, :, i], rtol=1e-12)


def test_time_may_stand_before_channels():
    signals, kernels = rng.normal(size=(2, 5, 3, 4, 6)), rng.normal(size=(4, 2, 3, 3, 2))
    y = C.conv3d_of_series(signals, kernels, (2, 5, 3, 4, 6), kernels.shape)
    expected = convolve(
        *(v.swapaxes(1, 2) for v in (signals, kernels)), (0, 0, 0), (1, 1, 1), (1, 1, 1)
    )
    np.testing.assert_allclose(run(y), expected.swapaxes(1, 2), rtol=1e-12, atol=1e-12)
    assert run(
        C.conv3d_of_series(signals, kernels, None, None, ("full", "valid", "half"))
    ).shape == (*(2, 6, 4, 2, 7),)


@pytest.mark.parametrize("ranks", [(2, 2), (3, 2), (2, 3), (3, 3)])
@pytest.mark.parametrize("mode", ["valid", "full"])
def test_images_without_channels(ranks, mode):
    stack, kernels = images[0], filters[0]
    given = [v if rank == 3 else v[0] for v, rank in zip((stack, kernels), ranks, strict=True)]
    v = [T.TensorType("float64", (None,) * rank)() for rank in ranks]
    y = C.conv2d_of_images(*v, image_shape=given[0].shape, border_mode=mode)
    expected = convolved(stack[:, None], kernels[:, None], mode)
    expected = expected[slice(None) if ranks[0] == 3 else 0]
    expected = expected[..., slice(None) if ranks[1] == 3 else 0, :, :]
    np.testing.assert_allclose(function(v, y)(*given), expected, rtol=1e-12, atol=1e-12)


def test_images_with_channels_are_told_where_to_go():
    with pytest.raises(ShapeError, match="without channels"):
        C.conv2d_of_images(x, filters[0, 0])


@pytest.mark.parametrize("ratio", [1, 2, 3, 4, 5])
def test_upsampling_is_a_transposed_convolution_with_a_triangle(ratio):
    small = rng.normal(size=(2, 3, 3, 4))
    n = T.lscalar()
    found = function([n], C.bilinear_upsampling(small, n))(ratio)
    np.testing.assert_allclose(run(C.bilinear_upsampling(small, ratio)), found, rtol=1e-12)
    edges = np.pad(small, [(0, 0), (0, 0), (1, 1), (1, 1)], "edge").reshape(6, 1, 5, 6)
    pad = 2 * ratio - (ratio - 1) // 2 - 1
    kernel = run(C.bilinear_kernel_2D(ratio))[None, None]
    expected = scattered(edges, kernel, (6, 1, 3 * ratio, 4 * ratio), (pad, pad), (ratio, ratio))
    np.testing.assert_allclose(found, expected.reshape(found.shape), rtol=1e-10, atol=1e-12)


def test_upsampling_by_fractions():
    small = np.array([[[[1.0, 2.0], [3.0, 4.0]]]])
    columns, rows = [0, 1 / 5, 4 / 5, 1], [0, 1 / 7, 5 / 7, 1]
    expected = 1 + np.add.outer(2 * np.array(rows), columns)
    for ratio in (((7, 4), (5, 3)), ((14, 8), [5, 3])):
        found = run(C.bilinear_upsampling(small, frac_ratio=ratio))
        np.testing.assert_allclose(found[0, 0], expected, rtol=1e-12)
    wide = C.bilinear_upsampling(np.ones((1, 1, 200, 20)), frac_ratio=(24, 20))
    assert wide.type.shape == (1, 1, 240, 24)
    np.testing.assert_allclose(
        run(C.frac_bilinear_upsampling(small, (3, 1))), run(C.bilinear_upsampling(small, 3))
    )


def test_triangles():
    np.testing.assert_array_equal(run(C.bilinear_kernel_1D(3, False)), [1, 2, 3, 2, 1])
    np.testing.assert_allclose(run(C.bilinear_kernel_1D(2)), [0.5, 1, 0.5])
    square = np.multiply.outer([0.5, 1, 0.5], [0.5, 1, 0.5])
    np.testing.assert_allclose(run(C.bilinear_kernel_2D(2)), square)


def test_what_upsampling_takes():
    with pytest.raises(ValueError, match="one of ratio and frac_ratio"):
        C.bilinear_upsampling(x)
    with pytest.raises(ValueError, match="one of ratio and frac_ratio"):
        C.bilinear_upsampling(x, 2, (3, 2))
    with pytest.raises(TypeError, match="ratio is an integer"):
        C.bilinear_upsampling(x, 1.5)
    with pytest.raises(ValueError, match="at least 1"):
        C.bilinear_upsampling(x, 0)
    for wrong in (2, (1, 2, 3), (1.5, 2), ((1, 2), 3), (0, 1)):
        with pytest.raises(ValueError, match="frac_ratio is a pair"):
            C.frac_bilinear_upsampling(x, wrong)
    assert C.bilinear_upsampling(x, 2, batch_size=5, num_input_channels=2).type.shape[:2] == (5, 2)


def test_classes_of_convolutions_take_settings_first():
    how = {"border_mode": "half", "subsample": (2, 1), "filter_dilation": (1, 2)}
    known = {"imshp": (None, 3, 7, 8), "kshp": filters.shape}
    y = C.AbstractConv2d(**known, **how)(x, w)
    assert y.type.shape == (None, 4, 4, 8)
    expected = convolve(images, filters, (1, 1), (2, 1), (1, 2))
    np.testing.assert_allclose(run(y, x=images, w=filters), expected, rtol=1e-10, atol=1e-12)
    g = rng.normal(size=expected.shape)
    by_filters = C.AbstractConv2d_gradWeights(**known, **how)(images, g, (3, 2))
    by_inputs = C.AbstractConv2d_gradInputs(**known, **how)(filters, g, x.shape[-2:])
    lengths = T.lvector("lengths")
    by_lengths = C.AbstractConv2d_gradInputs(**known, **how)(filters, g, lengths)
    np.testing.assert_array_equal(by_lengths.eval({lengths: [7, 8]}), run(by_inputs, x=images))
    assert by_filters.type.shape == filters.shape
    whole = (g * expected).sum()
    np.testing.assert_allclose((run(by_filters) * filters).sum(), whole, rtol=1e-10)
    np.testing.assert_allclose((run(by_inputs, x=images) * images).sum(), whole, rtol=1e-10)


def test_classes_of_convolutions_of_volumes():
    y = C.AbstractConv3d(subsample=(1, 2, 2))(volumes, cubes)
    expected = convolve(volumes, cubes, (0, 0, 0), (1, 2, 2), (1, 1, 1))
    np.testing.assert_allclose(run(y), expected, rtol=1e-12, atol=1e-12)
    g = rng.normal(size=expected.shape)
    by_filters = C.AbstractConv3d_gradWeights(subsample=(1, 2, 2))(volumes, g, (2, 3, 2))
    by_inputs = C.AbstractConv3d_gradInputs(subsample=(1, 2, 2))(cubes, g, (4, 5, 6))
    assert run(by_filters).shape == cubes.shape
    assert run(by_inputs).shape == volumes.shape


@pytest.mark.parametrize("border", ["valid", "full", "half", 1, (1, 2), ((1, 2), 0)])
@pytest.mark.parametrize("dilation", [(1, 1), (2, 3)])
def test_shapes_of_convolutions_are_told(border, dilation):
    for stride in ((1, 1), (2, 3)):
        image, kernel = (2, 3, 9, 10), (4, 3, 3, 2)
        y = C.conv2d(
            *map(np.zeros, (image, kernel)),
            border_mode=border,
            subsample=stride,
            filter_dilation=dilation,
        )
        top = C.get_conv_output_shape(image, kernel, border, stride, dilation)
        assert top == run(y).shape
        n, k = T.lscalar(), T.lscalar()
        given = (2, None, n, 10), (4, None, k, None), border, stride, dilation
        partly = C.get_conv_output_shape(*given)
        assert partly[:2] == (2, 4)
        assert partly[3] is None
        assert function([n, k], partly[2])(9, 3) == top[2]
        assert C.check_conv_gradinputs_shape(image, kernel, top, border, stride, dilation)
        assert C.check_conv_gradinputs_shape(
            (None, *image[1:]), kernel, (None, 4, top[2], n), border, stride, dilation
        )
        wrong = (*top[:3], top[3] + 1)
        assert not C.check_conv_gradinputs_shape(image, kernel, wrong, border, stride, dilation)
        back = C.get_conv_gradinputs_shape(kernel, top, border, stride, dilation)
        assert back == (image if stride == (1, 1) else (*image[:2], None, None))
        back = C.get_conv_gradweights_shape(image, top, border, stride, dilation)
        is_open = stride != (1, 1) or border == "half"
        assert back == ((4, 3, None, None) if is_open else kernel)


def test_shapes_of_groups_and_of_unshared_filters():
    assert C.get_conv_output_shape((2, 3, 9), (4, 7, 3, 3), "valid", (1,)) == (2, 4, 7)
    shapes = (2, 6, 5, 5), (2, 4, 3, 4)
    assert C.get_conv_gradweights_shape(*shapes, "valid", (1, 1), None, 3) == (4, 2, 3, 2)
    own = C.get_conv_gradweights_shape(*shapes, "valid", (1, 1), None, 3, True)
    assert own == (4, 3, 4, 2, 3, 2)
    assert (
        C.get_conv_gradinputs_shape((4, 2, 3, 2), shapes[1], "valid", (1, 1), None, 3) == shapes[0]
    )
    assert C.border_mode_to_pad("half", 2, (5, None)) == ((2, 2), (None, None))
    assert C.border_mode_to_pad((1, (2, 3)), 2, (5, 5)) == ((1, 1), (2, 3))


def test_a_shape_that_cannot_be_is_refused():
    n = T.lscalar()
    shape = C.assert_conv_shape((0, None, 3, n))
    assert shape[:3] == (0, None, 3)
    f = function([n], shape[3])
    assert f(1) == 1
    with pytest.raises(AssertionError, match="axis 3"):
        f(0)
    for wrong in ((-1, 1, 1, 1), (1, 1, 0, 1)):
        with pytest.raises(ValueError, match="convolution would have the length"):
            C.assert_conv_shape(wrong)


def test_filters_of_shared_variables_may_change_their_size():
    kernels = shared(filters)
    f = function([x], C.conv2d(x, kernels, border_mode="half"))
    assert f(images).shape == (2, 4, 7, 9)
    kernels.set_value(rng.normal(size=(5, 3, 5, 1)))
    assert f(images).shape == (2, 5, 7, 8)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_allclose(
            f(images), convolve(images, kernels.get_value(), (2, 0)), rtol=1e-10, atol=1e-12
        )
