import itertools

import numpy as np
import pytest
from bitale_graph import function
from bitale_graph import language as T
from bitale_graph.base.errors import ShapeError
from bitale_nnet import (
    Conv1D,
    Conv2D,
    Conv3D,
    ConvTranspose1D,
    ConvTranspose2D,
    ConvTranspose3D,
    LocallyConnected2D,
)
from bitale_nnet.layers.convolution import pads_of
from hypothesis import given, settings
from hypothesis import strategies as st

EACH = {1: "x", 2: "xy", 3: "xyz"}


def in_groups(X, W, groups, spatial, transposed=False):
    """For one element of filters: from channels to filters, in groups, at every place."""
    s = EACH[spatial]
    parts = zip(np.split(X, groups, axis=1), np.split(W, groups, axis=0), strict=True)
    rule = f"nc{s},cf->nf{s}" if transposed else f"nc{s},fc->nf{s}"
    return np.concatenate([np.einsum(rule, x, w) for x, w in parts], axis=1)


def correlation(X, W, stride, pads, dilation, groups=1):
    """Place by place of the filters, each a shifted view of the input."""
    spatial, size = W.ndim - 2, W.shape[2:]
    X = np.pad(X, [(0, 0), (0, 0), *pads])
    out = [
        (n - (k - 1) * d - 1) // s + 1
        for n, k, s, d in zip(X.shape[2:], size, stride, dilation, strict=True)
    ]
    result = 0
    for place in itertools.product(*map(range, size)):
        seen = tuple(
            slice(p * d, p * d + (n - 1) * s + 1, s)
            for p, d, n, s in zip(place, dilation, out, stride, strict=True)
        )
        view = X[(slice(None), slice(None), *seen)]
        result = result + in_groups(view, W[(slice(None), slice(None), *place)], groups, spatial)
    return result


def adjoint(X, W, stride, crops, dilation, groups, extra):
    """Each element puts filters into the output."""
    spatial, size = W.ndim - 2, W.shape[2:]
    spans = [(k - 1) * d + 1 for k, d in zip(size, dilation, strict=True)]
    lengths = [
        (n - 1) * s + m + e for n, s, m, e in zip(X.shape[2:], stride, spans, extra, strict=True)
    ]
    result = np.zeros((X.shape[0], W.shape[1] * groups, *lengths))
    for place in itertools.product(*map(range, size)):
        seen = tuple(
            slice(p * d, p * d + (n - 1) * s + 1, s)
            for p, d, n, s in zip(place, dilation, X.shape[2:], stride, strict=True)
        )
        w = W[(slice(None), slice(None), *place)]
        result[(slice(None), slice(None), *seen)] += in_groups(X, w, groups, spatial, True)
    kept = tuple(slice(b, n - a) for n, (b, a) in zip(lengths, crops, strict=True))
    return result[(slice(None), slice(None), *kept)]


def flipped(W):
    return W[(slice(None),) * 2 + (slice(None, None, -1),) * (W.ndim - 2)]


def with_bias(z, b):
    return z + b.reshape(-1, *[1] * (z.ndim - 2)) if b.ndim == 1 else z + b


@pytest.mark.parametrize(
    ("layer", "shape", "pads"),
    [
        (Conv1D(3, 2), (2, 4, 5), [(0, 0)]),
        (Conv1D(4, 3, 2, "same", groups=2, dilation=2), (2, 4, 8), [(2, 2)]),
        (Conv2D(3, 3, padding="full", activation="tanh"), (2, 2, 4, 5), [(2, 2)] * 2),
        (Conv2D(3, (2, 3), (1, 2), "same"), (2, 2, 4, 5), [(0, 1), (1, 1)]),
        (Conv2D(4, 2, padding=[1, (0, 2)], groups=4), (2, 4, 4, 4), [(1, 1), (0, 2)]),
        (Conv2D(3, 2, flip_filters=True, untie_biases=True), (2, 2, 4, 3), [(0, 0)] * 2),
        (Conv2D(3, 1, bias=None), (0, 2, 4, 3), [(0, 0)] * 2),
        (Conv3D(2, 2, padding=1, stride=2), (2, 2, 3, 4, 3), [(1, 1)] * 3),
    ],
    ids=map(str, range(8)),
)
def test_filters_are_applied_place_by_place(layer, shape, pads, check_layer):
    def wanted(v, X):
        W = flipped(v["W"]) if layer.flip_filters else v["W"]
        z = correlation(X, W, layer.stride, pads, layer.dilation, layer.groups)
        z = z if layer.bias is None else with_bias(z, v["b"])
        return np.tanh(z) if layer.activation is T.tanh else z

    check_layer(layer, shape, wanted)


@pytest.mark.parametrize(
    ("layer", "shape", "crops", "extra"),
    [
        (ConvTranspose1D(3, 3, 2), (2, 4, 5), [(0, 0)], [0]),
        (ConvTranspose1D(3, 2, 3, "same"), (2, 4, 5), [(0, 1)], [2]),
        (ConvTranspose2D(4, 3, 2, "same"), (2, 2, 4, 3), [(1, 1)] * 2, [1, 1]),
        (ConvTranspose2D(4, 3, 2, 1, groups=2, extra=1), (2, 4, 2, 3), [(1, 1)] * 2, [1, 1]),
        (ConvTranspose2D(3, 2, flip_filters=True, dilation=2), (2, 2, 3, 3), [(0, 0)] * 2, [0, 0]),
        (
            ConvTranspose2D(3, 2, padding="full", untie_biases=True),
            (1, 2, 4, 4),
            [(1, 1)] * 2,
            [0, 0],
        ),
        (ConvTranspose3D(2, 2, 2, bias=None), (1, 2, 2, 3, 2), [(0, 0)] * 3, [0] * 3),
    ],
    ids=map(str, range(7)),
)
def test_the_adjoint_puts_filters_into_the_output(layer, shape, crops, extra, check_layer):
    def wanted(v, X):
        W = flipped(v["W"]) if layer.flip_filters else v["W"]
        z = adjoint(X, W, layer.stride, crops, layer.dilation, layer.groups, extra)
        return z if layer.bias is None else with_bias(z, v["b"])

    check_layer(layer, shape, wanted)


@pytest.mark.parametrize("padding", ["valid", "same", "full", 1])
@pytest.mark.parametrize(("size", "stride"), [(3, 1), (2, 1), (3, 2), (2, 3)])
def test_adjoints_have_a_length_that_the_convolution_takes_back(padding, size, stride):
    there = ConvTranspose1D(2, size, stride, padding)
    back = Conv1D(2, size, stride, padding)
    shape = there.output_shape((None, 3, 6))
    assert back.output_shape(shape)[2] == 6


def test_unknown_lengths_stay_unknown():
    assert Conv2D(5, 3, padding="same").output_shape((None, 2, None, 4)) == (None, 5, None, 4)
    assert ConvTranspose2D(5, 3).output_shape((None, 2, None, 4)) == (None, 5, None, 6)
    assert LocallyConnected2D(5, 3).output_shape((None, 2, 5, 4)) == (None, 5, 3, 2)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: Conv2D(0, 3), ValueError, "filters must be at least 1"),
        (lambda: Conv2D(4, (3,)), ValueError, "size is an integer or 2 of them"),
        (lambda: Conv2D(4, 3, 0), ValueError, "stride must be at least 1"),
        (lambda: Conv2D(4, 2.5), TypeError, "size must be an integer"),
        (lambda: Conv2D(4, 3, padding="half"), ValueError, "padding is one of valid, same, full"),
        (lambda: Conv2D(4, 3, padding=-1), ValueError, "padding must be at least 0"),
        (lambda: Conv2D(4, 3, padding=(1, 1, 1)), ValueError, "one for each of 2 axes"),
        (lambda: Conv2D(4, 3, padding=((1, 1, 1), 0)), ValueError, r"or \(before, after\)"),
        (lambda: Conv2D(4, 3, groups=3), ValueError, "not 3 groups"),
        (lambda: Conv2D(4, 3, activation="rleu"), ValueError, "did you mean 'relu'"),
        (lambda: Conv2D(4, 3, groups=2).build((None, 3, 5, 5)), ShapeError, "3 channels are not"),
        (lambda: Conv2D(4, 3).build((None, None, 5, 5)), ShapeError, "known number of channels"),
        (lambda: Conv2D(4, 3).build((None, 64)), ShapeError, r"\(batch, channels, rows, columns"),
        (lambda: Conv2D(4, 3).build((None, 1, 2, 8)), ShapeError, "do not fit into inputs"),
        (lambda: Conv2D(4, 3, untie_biases=True).build((None, 1, None, 8)), ShapeError, "a bias"),
        (lambda: ConvTranspose2D(4, 3, 2, extra=2), ValueError, "extra is less than the stride"),
        (lambda: ConvTranspose2D(4, 3, 2, "same", extra=1), ValueError, "extra is less than"),
        (lambda: ConvTranspose1D(4, 1, padding=2).build((None, 1, 3)), ShapeError, "cuts all off"),
        (lambda: LocallyConnected2D(4, 3).build((None, 1, None, 8)), ShapeError, "known lengths"),
    ],
    ids=map(str, range(19)),
)
def test_what_does_not_fit_is_told_at_once(call, error, says):
    with pytest.raises(error, match=says):
        call()


def test_inputs_of_another_rank_are_told():
    layer = Conv2D(4, 3, name="first")
    layer.build((None, 1, 8, 8))
    with pytest.raises(ShapeError, match="Conv2D 'first' takes tensors of 4 axes"):
        layer(T.matrix())


@pytest.mark.parametrize(
    ("layer", "pads"),
    [
        (LocallyConnected2D(3, 2), [(0, 0)] * 2),
        (LocallyConnected2D(2, (2, 3), (1, 2), "same", untie_biases=True), [(0, 1), (1, 1)]),
        (LocallyConnected2D(3, 2, flip_filters=True, bias=None), [(0, 0)] * 2),
    ],
    ids=map(str, range(3)),
)
def test_each_place_has_filters_of_its_own(layer, pads, check_layer):
    def wanted(v, X):
        W = v["W"][..., ::-1, ::-1] if layer.flip_filters else v["W"]
        rows, columns = W.shape[1:3]
        k, m = W.shape[4:]
        X = np.pad(X, [(0, 0), (0, 0), *pads])
        z = np.zeros((len(X), W.shape[0], rows, columns))
        for i, j in itertools.product(range(rows), range(columns)):
            a, b = i * layer.stride[0], j * layer.stride[1]
            seen = X[:, :, a : a + k, b : b + m]
            z[:, :, i, j] = np.einsum("ncab,fcab->nf", seen, W[:, i, j])
        return z if layer.bias is None else with_bias(z, v["b"])

    check_layer(layer, (2, 2, 3, 4), wanted)


@st.composite
def filters_and_inputs(draw):
    """A layer of filters over one axis or two, and the shape of an input that they fit into."""
    n = draw(st.integers(1, 2))
    small = st.integers(1, 3)

    def each(numbers):
        return tuple(draw(numbers) for _ in range(n))

    padding = draw(st.sampled_from(["valid", "same", "full", None]))
    if padding is None:
        padding = tuple(tuple(draw(st.integers(0, 2)) for _ in range(2)) for _ in range(n))
    size, dilation, groups = each(small), each(st.integers(1, 2)), draw(st.integers(1, 2))
    described = {"dilation": dilation, "groups": groups, "bias": None}
    arguments = (2, size, each(small), padding)
    lengths = each(st.integers(5, 8))
    return n, arguments, described, (draw(st.integers(0, 2)), 2, *lengths)


@given(filters_and_inputs())
@settings(max_examples=40, deadline=None)
def test_any_geometry_has_the_shape_and_values_told(case):
    n, arguments, described, shape = case
    rng = np.random.default_rng(0)
    x = T.tensor("float64", (None,) * (n + 2))
    X = rng.normal(size=shape)
    conv = {1: Conv1D, 2: Conv2D}[n](*arguments, **described)
    told = conv.build(shape, rng, "float64")
    found = function([x], conv(x), mode="FAST_COMPILE")(X)
    pads = pads_of(conv.padding, conv.spans)
    W = conv.get_values()["W"]
    wanted = correlation(X, W, conv.stride, pads, conv.dilation, conv.groups)
    assert found.shape == wanted.shape == told
    assert np.allclose(found, wanted)
    # The adjoint: <conv(x), y> = <x, adjoint(y)>, where lengths come back.
    back = {1: ConvTranspose1D, 2: ConvTranspose2D}[n](*arguments, **described)
    try:
        lengths = back.build(told, rng, "float64")
    except ShapeError:
        assert arguments[3] not in ("same", "valid")
        return
    back.set_values({"W": W})
    Y = rng.normal(size=told)
    y = T.tensor("float64", (None,) * (n + 2))
    returned = function([y], back(y), mode="FAST_COMPILE")(Y)
    assert returned.shape == lengths
    if lengths == shape:
        assert np.allclose(np.sum(found * Y), np.sum(X * returned))
