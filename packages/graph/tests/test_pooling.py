"""Pooling: sizes, forms of calling it, and what is refused."""

import numpy as np
import pytest
from bitale_graph import function
from bitale_graph import language as T
from bitale_graph.base.errors import DtypeError, ShapeError
from bitale_graph.pooling import (
    Pool,
    images2neibs,
    max_pool_2d,
    max_pool_2d_same_size,
    neibs2images,
    pool_1d,
    pool_2d,
    pool_3d,
    pooled_length,
    spatial_pyramid_pool,
    upscale,
)


def images(*shape):
    return np.random.default_rng(sum(shape)).normal(size=shape)


@pytest.mark.parametrize(
    ("i", "w", "s", "p", "ignore_border", "expected"),
    [
        (5, 2, 2, 0, True, 2),
        (5, 2, 2, 0, False, 3),
        (4, 2, 2, 0, False, 2),
        (5, 3, 2, 1, True, 3),
        (7, 3, 2, 0, False, 3),
        (6, 3, 2, 0, False, 3),
        (2, 5, 3, 0, True, 0),
        (2, 5, 3, 0, False, 1),
        (9, 2, 4, 0, False, 3),
        (0, 2, 2, 0, False, 0),
        (0, 3, 2, 0, False, 1),
    ],
)
def test_windows_are_counted_by_the_rule(i, w, s, p, ignore_border, expected):
    assert pooled_length(i, w, s, p, ignore_border) == expected
    lengths = [T.constant(n) for n in (i, w, s, p)]
    assert pooled_length(*lengths, ignore_border).eval() == expected


def test_lengths_are_known_where_those_of_the_input_are():
    x = T.tensor("float64", (None, 3, 5, 9))
    assert pool_2d(x, (2, 3), ignore_border=False).type.shape == (None, 3, 3, 3)
    assert pool_2d(x, 2, ignore_border=True, stride=T.lvector(), pad=1).type.shape[-2:] == (
        None,
        None,
    )


def test_one_number_is_for_all_axes():
    x = images(2, 6, 7)
    for n, pool in ((1, pool_1d), (2, pool_2d), (3, pool_3d)):
        found = pool(x, 2, True, 1, 1, "sum").eval()
        np.testing.assert_array_equal(
            found, pool(x, (2,) * n, True, (1,) * n, (1,) * n, "sum").eval()
        )


def test_no_pad_is_a_pad_of_none():
    x = images(2, 6, 7)
    np.testing.assert_array_equal(pool_2d(x, 2, True, pad=None).eval(), pool_2d(x, 2, True).eval())


def test_sizes_may_be_variables():
    x, ws, st = T.dmatrix(), T.lvector(), T.lscalar()
    run = function([x, ws, st], pool_2d(x, ws, False, (st, 2)))
    given = images(7, 8)
    np.testing.assert_array_equal(
        run(given, [3, 2], 1), pool_2d(given, (3, 2), False, (1, 2)).eval()
    )
    for wrong in ([0, 2], [-1, 2], [3, 2, 1], [3]):
        with pytest.raises(ValueError, match=r"at least 1|2 elements"):
            run(given, wrong, 1)
    with pytest.raises(ValueError, match="at least 1"):
        run(given, [3, 2], 0)


def test_a_pad_that_is_found_too_large_when_it_runs_is_told():
    x, pad = T.dmatrix(), T.lvector()
    run = function([x, pad], pool_2d(x, (2, 2), True, None, pad))
    assert run(images(4, 4), [1, 1]).shape == (3, 3)
    with pytest.raises(ValueError, match="less than the window"):
        run(images(4, 4), [2, 1])


def test_old_names_are_taken_with_a_warning():
    x = images(5, 6)
    with pytest.warns(DeprecationWarning, match="is called"):
        found = pool_2d(x, ds=(2, 2), ignore_border=True, st=(1, 2), padding=(1, 0))
    np.testing.assert_array_equal(
        found.eval(), pool_2d(x, (2, 2), True, stride=(1, 2), pad=(1, 0)).eval()
    )
    with pytest.raises(TypeError, match="both are given"):
        pool_2d(x, 2, True, ds=2)
    with pytest.raises(TypeError, match="unexpected keyword"):
        pool_2d(x, 2, True, step=2)


def test_max_pool_2d_keeps_borders_unless_told():
    x = images(5, 5)
    assert max_pool_2d(x, (2, 2)).eval().shape == (3, 3)
    assert max_pool_2d(x, (2, 2), ignore_border=True, st=(1, 1)).eval().shape == (4, 4)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"ws": 2}, ValueError, "say ignore_border"),
        ({"ignore_border": True}, TypeError, "is missing"),
        ({"ws": 0, "ignore_border": True}, ValueError, "at least 1"),
        ({"ws": (2, 2, 2), "ignore_border": True}, ValueError, "2 axes, not 3"),
        ({"ws": [2], "ignore_border": True}, ValueError, "2 axes, not 1"),
        ({"ws": 2.0, "ignore_border": True}, DtypeError, "integer"),
        ({"ws": 2, "ignore_border": True, "stride": (0, 1)}, ValueError, "at least 1"),
        ({"ws": 2, "ignore_border": True, "pad": 2}, ValueError, "less than the window"),
        ({"ws": 2, "ignore_border": True, "pad": -1}, ValueError, "not negative"),
        ({"ws": 2, "ignore_border": False, "pad": 1}, ValueError, "ignore_border=True only"),
        ({"ws": 2, "ignore_border": True, "mode": "mean"}, ValueError, "one of 'max'"),
    ],
)
def test_what_cannot_be_is_told_at_once(arguments, error, words):
    with pytest.raises(error, match=words):
        pool_2d(T.dtensor4(), **arguments)


def test_tensors_without_the_axes_or_of_complex_numbers_are_refused():
    with pytest.raises(ShapeError, match="no 2 axes"):
        pool_2d(T.dvector(), 2, True)
    with pytest.raises(DtypeError, match="real numbers"):
        pool_2d(T.zmatrix(), 2, True)
    with pytest.raises(DtypeError, match="average is a float"):
        Pool(1, "average_inc_pad")(T.lvector(), 2, 2, 0)


def test_averages_of_integers_are_floats_and_sums_of_bool_are_counts():
    x = np.array([[1, 2], [3, 5]])
    assert pool_2d(x, 2, True, mode="average_exc_pad").eval() == 2.75
    found = pool_2d(x > 1, 2, True, mode="sum").eval()
    assert found == 3
    assert found.dtype == "int64"
    assert pool_2d(x > 1, 2, True).eval().dtype == bool


def test_only_the_maxima_of_patches_are_kept():
    x = np.array([[1.0, 2.0, 5.0], [4.0, 3.0, 6.0], [7.0, 8.0, 9.0]])
    kept = [[0, 0, 0], [4, 0, 0], [0, 0, 0]]
    np.testing.assert_array_equal(max_pool_2d_same_size(x, (2, 2)).eval(), kept)


def patches(x, shape, steps):
    """The rows that plain loops give."""
    return np.array([
        image[a : a + shape[0], b : b + shape[1]].ravel()
        for image in x.reshape(-1, *x.shape[2:])
        for a in range(0, image.shape[0] - shape[0] + 1, steps[0])
        for b in range(0, image.shape[1] - shape[1] + 1, steps[1])
    ])  # fmt: skip


@pytest.mark.parametrize("steps", [None, (1, 1), (2, 3)])
@pytest.mark.parametrize("mode", ["valid", "ignore_borders", "half", "full", "wrap_centered"])
def test_patches_are_those_of_a_loop(mode, steps):
    x = images(2, 3, 9, 9)
    shape = (3, 3)
    if mode in ("half", "full"):
        shape = (3, 1)
    each = steps or shape
    if mode == "valid":
        x = x[:, :, : 3 + 2 * each[0], : 3 + each[1]]
    wide = {"half": 1, "full": 2}.get(mode, 0)
    padded = np.pad(x, [(0, 0), (0, 0), (wide, wide), (0, 0)])
    if mode == "wrap_centered":
        padded = np.pad(x, [(0, 0), (0, 0), (1, 1), (1, 1)], mode="wrap")
    v = T.dtensor4()
    found = images2neibs(v, shape, steps, mode)
    if wide and any((n - c) % s for n, c, s in zip(padded.shape[2:], shape, each, strict=True)):
        with pytest.raises(ShapeError, match="do not fit"):
            found.eval({v: x})
        return
    np.testing.assert_array_equal(found.eval({v: x}), patches(padded, shape, each))


def test_patches_of_a_size_that_is_a_variable():
    v, shape, steps = T.dtensor4(), T.lvector(), T.lvector()
    run = function([v, shape, steps], images2neibs(v, shape, steps))
    x = images(1, 2, 6, 7)
    np.testing.assert_array_equal(run(x, [2, 3], [2, 2]), patches(x, (2, 3), (2, 2)))
    with pytest.raises(ShapeError, match="do not fit"):
        run(x, [4, 3], [4, 2])


@pytest.mark.parametrize("mode", ["valid", "ignore_borders"])
def test_images_come_back_from_their_patches(mode):
    x = images(2, 3, 10, 10)
    if mode == "ignore_borders":
        x = images(2, 3, 11, 13)
    rows = images2neibs(x, (5, 5), mode=mode)
    assert mode != "valid" or rows.eval().shape == (24, 25)
    back = neibs2images(rows, (5, 5), x.shape, mode).eval()
    assert back.shape == x.shape
    np.testing.assert_array_equal(back[:, :, :10, :10], x[:, :, :10, :10])
    assert not back[:, :, 10:].any()
    assert not back[:, :, :, 10:].any()


def test_patches_and_images_refuse_what_does_not_fit():
    with pytest.raises(ShapeError, match="4 axes"):
        images2neibs(T.dmatrix(), (2, 2))
    with pytest.raises(ValueError, match="one of 'valid'"):
        images2neibs(T.dtensor4(), (2, 2), mode="same")
    with pytest.raises(ValueError, match="in several patches"):
        neibs2images(T.dmatrix(), (2, 2), (1, 1, 4, 4), "half")
    with pytest.raises(ShapeError, match="odd sizes"):
        images2neibs(images(1, 1, 4, 4), (2, 2), mode="wrap_centered").eval()


def test_upscaled_images_repeat_or_have_zeros():
    x = images(2, 2, 3)
    np.testing.assert_array_equal(upscale(x, (2, 3)).eval(), x.repeat(2, 1).repeat(3, 2))
    wide = upscale(x, 2, "dilate").eval()
    assert wide.shape == (2, 4, 6)
    np.testing.assert_array_equal(wide[:, ::2, ::2], x)
    assert np.count_nonzero(wide) == x.size
    for wrong in (0, 1.5, (2, 2, 2)):
        with pytest.raises((ValueError, TypeError), match=r"factors|iterable"):
            upscale(x, wrong)


@pytest.mark.parametrize("shape", [(2, 3, 7, 5), (1, 2, 8, 8), (2, 1, 3, 2)])
def test_a_pyramid_gives_as_many_numbers_for_every_size(shape):
    v, x = T.dtensor4(), images(*shape)
    for mode in ("max", "average"):
        found = spatial_pyramid_pool(v, (4, 2, 1), mode).eval({v: x})
        assert found.shape == (*shape[:2], 21)
        last = x.max((2, 3)) if mode == "max" else x.mean((2, 3))
        np.testing.assert_allclose(found[:, :, -1], last, rtol=1e-13)
        # The first part of the level of 2.
        first = x[:, :, : -(-shape[2] // 2), : -(-shape[3] // 2)]
        one = first.max((2, 3)) if mode == "max" else first.mean((2, 3))
        np.testing.assert_allclose(found[:, :, 16], one, rtol=1e-13)


def test_upscaled_integers_are_integers():
    x = np.arange(6).reshape(2, 3)
    found = upscale(x, 2).eval()
    np.testing.assert_array_equal(found, x.repeat(2, 0).repeat(2, 1))
    assert found.dtype == x.dtype
