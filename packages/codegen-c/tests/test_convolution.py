"""Convolutions and their gradients in C: each of the ways in which they are computed."""

import numpy as np
import pytest
from bitale_codegen_c.library.units import units
from bitale_codegen_c.runtime import Argument, Program
from bitale_codegen_c.runtime.runtime import get_threads, set_threads
from bitale_codegen_c.toolchain.loader import load_kernel
from bitale_graph import TensorType, function
from bitale_graph.convolution import Conv, ConvGradInputs, ConvGradWeights, geometry
from bitale_graph.extend import Mode

# Relative to the root of how many products a number sums up, for numbers of unit variance.
TOLERANCE = {"float32": 4e-6, "float64": 3e-14}


def by_taps(x, w, y, geo):
    """Result and both gradients in float64, by sums over one tap and group after the other."""
    x, w, y = (v.astype("float64") for v in (x, w, y))
    pads = [(0, 0), (0, 0), *geo.padding]
    padded = np.pad(x, pads)
    found, of_w, of_x = np.zeros(y.shape), np.zeros(w.shape), np.zeros(padded.shape)
    filters, channels = w.shape[:2]
    filters //= geo.groups
    for i, tap in np.ndindex(geo.groups, int(np.prod(w.shape[2:]))):
        at = np.unravel_index(tap, w.shape[2:])
        mine = slice(i * filters, (i + 1) * filters)
        windows = (
            slice(None),
            slice(i * channels, (i + 1) * channels),
            *(
                slice(t * d, t * d + (m - 1) * s + 1, s)
                for t, d, m, s in zip(at, geo.dilation, y.shape[2:], geo.stride, strict=True)
            ),
        )
        one = w[(mine, slice(None), *at)]
        under, above = padded[windows], y[:, mine]
        found[:, mine] += np.einsum("nc...,kc->nk...", under, one)
        of_x[windows] += np.einsum("nk...,kc->nc...", above, one)
        axes = (0, *range(2, y.ndim))
        of_w[(mine, slice(None), *at)] = np.tensordot(above, under, (axes, axes))
    inner = tuple(slice(b, n - a) for (b, a), n in zip(pads, padded.shape, strict=True))
    return found, of_x[inner], of_w


def compiled(geo, dtype):
    """All three of one geometry, from x, w and the gradient y."""
    x, w, y = (TensorType(dtype, (None,) * (geo.ndim + 2))() for _ in range(3))
    lengths = [[v.shape[a + 2] for a in range(geo.ndim)] for v in (x, w)]
    results = [
        Conv(geo)(x, w),
        ConvGradInputs(geo)(y, w, *lengths[0]),
        ConvGradWeights(geo)(x, y, *lengths[1]),
    ]
    return function([x, w, y], results, mode=Mode("c", "None"))


def operands(geo, dtype, x_shape, w_shape, seed=0):
    rng = np.random.default_rng(seed)
    shapes = [x_shape, w_shape, geo.out_shape(x_shape, w_shape)]
    return [rng.standard_normal(shape).astype(dtype) for shape in shapes]


def check(run, geo, x, w, y):
    found = run(x, w, y)
    summed = [np.prod(w.shape[1:]), w.size // max(w.shape[1], 1), y.size // max(y.shape[1], 1)]
    for one, wanted, count in zip(found, by_taps(x, w, y, geo), summed, strict=True):
        atol = TOLERANCE[x.dtype.name] * max(count, 1) ** 0.5
        np.testing.assert_allclose(one, wanted, rtol=0, atol=atol)
    return found


CASES = {
    "as_they_lie": (geometry(2), [((5, 3, 12, 11), (20, 3, 5, 4)), ((1, 1, 5, 40), (3, 1, 5, 40))]),
    "padded": (
        geometry(2, padding=1),
        [((3, 4, 19, 33), (13, 4, 3, 3)), ((2, 9, 1, 1), (3, 9, 3, 3))],
    ),
    "one_by_one": (
        geometry(2),
        [((3, 300, 7, 7), (14, 300, 1, 1)), ((2, 900, 3, 5), (4, 900, 1, 1))],
    ),
    "stride": (geometry(2, stride=(2, 3), padding=(3, (0, 2))), [((2, 3, 40, 41), (30, 3, 7, 7))]),
    "stride_of_one_by_one": (geometry(2, stride=2), [((2, 5, 9, 8), (7, 5, 1, 1))]),
    "dilation": (geometry(2, dilation=(2, 3), padding=2), [((2, 6, 17, 20), (8, 6, 3, 2))]),
    "groups": (geometry(2, padding=1, groups=3), [((2, 9, 10, 35), (12, 3, 3, 3))]),
    "depthwise": (
        geometry(2, padding=1, groups=7),
        [((2, 7, 28, 28), (7, 1, 3, 3)), ((3, 7, 3, 5), (14, 1, 3, 5))],
    ),
    "depthwise_stride": (
        geometry(2, stride=2, padding=1, groups=7),
        [((2, 7, 28, 9), (7, 1, 3, 3))],
    ),
    # A channel in each lane: planes shorter than a vector, rows as long and longer, several chunks.
    "channels": (
        geometry(2, padding=1, groups=21),
        [((2, 21, n, m), (21, 1, 3, 3)) for n, m in ((1, 1), (7, 7), (9, 16), (150, 23))],
    ),
    "channels_far_apart": (
        geometry(2, stride=(2, 3), padding=((3, 0), (1, 4)), dilation=(3, 2), groups=35),
        [((3, 35, 11, n), (35, 1, 2, 5)) for n in (6, 9, 40)],
    ),
    "channels_skipped": (
        geometry(2, stride=(4, 3), padding=((0, 9), (9, 0)), groups=16),
        [((2, 16, 10, 8), (16, 1, 2, 1))],
    ),
    "channels_in_groups": (
        geometry(2, stride=(1, 2), padding=((1, 2), 1), groups=31),
        [((2, 62, 9, n), (93, 2, 3, 3)) for n in (3, 33)],
    ),
    "series_of_channels": (geometry(1, 2, ((4, 0),), groups=16), [((3, 16, 700), (16, 1, 5))]),
    "one_filter": (geometry(2, padding=3), [((2, 3, 9, 50), (1, 3, 4, 4))]),
    "all_in_padding": (
        geometry(2, padding=((9, 8), (9, 8)), dilation=4),
        [((2, 2, 3, 2), (3, 2, 3, 3))],
    ),
    "series": (
        geometry(1, stride=2, padding=((3, 0),)),
        [((2, 6, 150), (40, 6, 4)), ((0, 2, 9), (3, 2, 4))],
    ),
    "volumes": (geometry(3, (1, 2, 1), 1, (2, 1, 1)), [((2, 3, 6, 7, 18), (5, 3, 3, 2, 3))]),
    "many_channels": (geometry(2, padding=1), [((1, 130, 5, 5), (140, 130, 3, 3))]),
    "squares": (
        geometry(2, padding=1),
        [((60, 16, 5, 4), (17, 16, 3, 3)), ((1, 32, 34, 67), (40, 32, 3, 3))],
    ),
    "squares_in_blocks": (
        geometry(2, padding=((2, 0), (0, 3))),
        [((1, 133, 9, 12), (20, 133, 3, 3)), ((3, 18, 4, 301), (135, 18, 3, 3))],
    ),
    "squares_mostly_in_padding": (geometry(2, padding=3), [((3, 16, 2, 1), (16, 16, 3, 3))]),
    "squares_in_groups": (geometry(2, groups=2), [((31, 40, 9, 7), (42, 20, 3, 3))]),
    "long_rows": (
        geometry(2, padding=1),
        [((1, 3, 3, 1500), (5, 3, 3, 3)), ((1, 16, 3, 700), (16, 16, 3, 3))],
    ),
    "long_series": (geometry(1, 2, ((8, 0),), 2, 2), [((1, 4, 9001), (6, 2, 5))]),
    "nothing": (
        geometry(2, padding=1),
        [
            ((0, 2, 5, 5), (3, 2, 3, 3)),
            ((2, 0, 5, 5), (3, 0, 3, 3)),
            ((2, 2, 5, 5), (0, 2, 3, 3)),
            ((2, 2, 0, 5), (3, 2, 2, 3)),
        ],
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("case", CASES)
def test_each_way_computes_result_and_gradients(case, dtype):
    geo, shapes = CASES[case]
    run = compiled(geo, dtype)
    for x_shape, w_shape in shapes:
        check(run, geo, *operands(geo, dtype, x_shape, w_shape))


@pytest.fixture
def with_threads():
    before = get_threads()
    yield set_threads
    set_threads(before)


@pytest.mark.parametrize(
    "case",
    [
        "padded",
        "stride",
        "one_by_one",
        "depthwise",
        "channels",
        "channels_in_groups",
        "many_channels",
        "squares",
        "long_rows",
    ],
)
def test_the_number_of_threads_changes_no_bit(case, with_threads):
    geo, shapes = CASES[case]
    run = compiled(geo, "float32")
    given = operands(geo, "float32", *shapes[0])
    with_threads(1)
    wanted = run(*given)
    for threads in (2, 5):
        with_threads(threads)
        for one, other in zip(run(*given), wanted, strict=True):
            np.testing.assert_array_equal(one, other)


def test_views_are_taken_as_they_are():
    geo = geometry(2)
    run = compiled(geo, "float64")
    x, w, y = operands(geo, "float64", (3, 4, 9, 10), (6, 4, 3, 2))
    turned = np.ascontiguousarray(x.transpose(3, 2, 1, 0)).transpose(3, 2, 1, 0)
    check(run, geo, turned, w[:, :, ::-1, ::-1], np.repeat(y, 2, axis=2)[:, :, ::2])


def test_what_is_not_finite_stays_where_it_belongs():
    geo = geometry(2, padding=1)
    run = compiled(geo, "float32")
    x, w, y = operands(geo, "float32", (2, 3, 20, 37), (15, 3, 3, 3))
    x[1, 2, 19, 36], y[0, 3, 0, 0] = np.nan, np.inf
    found, of_x, of_w = run(x, w, y)
    assert not np.isfinite(found[1, :, 18:, 35:]).any()
    for kept in (found[0], found[1, :, :18], of_x[1], of_x[0, :, 2:]):
        assert np.isfinite(kept).all()
    assert np.isfinite(np.delete(of_w, 3, axis=0)[:, :2]).all()


def test_squares_are_as_exact_as_sums_of_products():
    geo = geometry(2, padding=1)
    run = compiled(geo, "float32")
    x, w, y = operands(geo, "float32", (8, 256, 12, 12), (16, 256, 3, 3))
    squares, sums = (
        [np.abs(one - exact).max() for one, exact in zip(run(*given), wanted, strict=True)]
        for given in ((x, w, y), (x[:, :15], w[:, :15], y))
        for wanted in (by_taps(*given, geo),)
    )
    # Errors grow as the root of how many products are summed up; for filters these are as many.
    assert squares[0] < 3 * (256 / 15) ** 0.5 * sums[0]
    assert squares[2] < 2 * sums[2]


BODY = """
static bt_runtime poor;
poor = *rt, poor.alloc = bt_nothing;
const int64_t *n = in[0].shape + 2, *k = in[1].shape + 2, *m = in[2].shape + 2;
const int64_t one[2] = {{1, 1}}, two[2] = {{2, 2}};
for (int i = 0; i < 3; i++) {{
    int64_t size = 8;
    for (int a = 0; a < 4; a++) size *= out[i].shape[a] = in[(i + 2) % 3].shape[a];
    out[i].data = rt->alloc((size_t)size);
}}
#define REST 2, in[0].shape[0], in[0].shape[1], in[1].shape[0], {groups}, n, k, m, two, one, one
bt_conv_f64(&poor, in[0].data, in[1].data, out[0].data, REST);
bt_conv_grad_inputs_f64(&poor, out[1].data, in[1].data, in[2].data, REST);
bt_conv_grad_weights_f64(&poor, in[0].data, out[2].data, in[2].data, REST);
return 0;
"""


@pytest.mark.slow
@pytest.mark.parametrize("groups", [1, 4])
def test_without_memory_numbers_come_one_by_one(compiler, tmp_path, groups):
    names = ("conv", "conv_grad_inputs", "conv_grad_weights")
    parts = {unit.name: unit for name in names for unit in units(name, "float64")}
    for name, unit in parts.items():
        compiler.compile_object(unit.source, tmp_path / f"{name}.o")
    prelude = parts["conv_f64"].source.split("/* What convolutions share")[0]
    text = (
        "\n".join([prelude, *(unit.prototypes for unit in parts.values())])
        + "\nstatic void *bt_nothing(size_t bytes) { (void)bytes; return NULL; }\n"
        "const int64_t bitale_abi = BITALE_ABI;\nint64_t bitale_main(const bt_runtime *rt,"
        " void *call, const bt_array *in, bt_result *out) {\n"
        f"{BODY.format(groups=groups)}}}\n"
    )
    compiler.compile(text, tmp_path / "all.so", [tmp_path / f"{name}.o" for name in parts])
    kernel = load_kernel(tmp_path / "all.so")
    run = Program(
        *(kernel.entry, kernel),
        arguments=[Argument("float64", 4)] * 3,
        outputs=[("float64", 4)] * 3,
    )
    geo = geometry(2, stride=2, padding=1, groups=groups)
    check(
        lambda *given: run(given),
        geo,
        *operands(geo, "float64", (2, 4, 6, 7), (8, 4 // groups, 3, 2)),
    )
