"""Tile, repeat, roll, split, pad and their kin beside NumPy's, and what they know and refuse."""

import numpy as np
import pytest
from bitale_graph import Mode, TensorType, function
from bitale_graph import language as T
from bitale_graph.extend import DtypeError, ShapeError
from hypothesis import given, settings
from hypothesis import strategies as st

PLAIN = Mode(linker="numpy", optimizer="None")
x, v, n, counts = T.dmatrix("x"), T.dvector("v"), T.lscalar("n"), T.lvector("counts")
X = np.arange(12.0).reshape(3, 4)
shapes = st.lists(st.integers(0, 3), min_size=1, max_size=3).map(tuple)


def run(inputs, output, *values):
    return function(inputs, output, mode=PLAIN, on_unused_input="ignore")(*values)


def beside(call, theirs, array, *, is_known):
    """Compare the value, the dtype and what is known of the shape with NumPy's."""
    shape = array.shape if is_known else (None,) * array.ndim
    variable = TensorType(array.dtype.name, shape)("a")
    made, expected = call(variable), theirs(array)
    found = run([variable], made, array)
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == expected.dtype
    assert not is_known or made.type.shape == expected.shape


def filled(shape):
    return np.arange(float(np.prod(shape))).reshape(shape)


@settings(deadline=None, max_examples=60)
@given(shapes, st.lists(st.integers(0, 3), min_size=0, max_size=4), st.booleans())
def test_tiles_are_numpys(shape, reps, is_known):
    array = filled(shape)
    beside(lambda a: T.tile(a, reps), lambda a: np.tile(a, reps), array, is_known=is_known)


@settings(deadline=None, max_examples=60)
@given(shapes, st.data(), st.booleans())
def test_slices_are_repeated_as_numpy_does(shape, data, is_known):
    array = filled(shape)
    axis = data.draw(st.none() | st.integers(-array.ndim, array.ndim - 1))
    length = array.size if axis is None else shape[axis]
    each = st.lists(st.integers(0, 3), min_size=length, max_size=length)
    repeats = data.draw(st.integers(0, 5) | each.map(lambda c: np.array(c, "int64")))
    beside(
        lambda a: T.repeat(a, repeats, axis),
        lambda a: np.repeat(a, repeats, axis),
        array,
        is_known=is_known and isinstance(repeats, int),
    )


@settings(deadline=None, max_examples=60)
@given(shapes, st.data(), st.booleans())
def test_elements_are_rolled_and_flipped_as_numpy_does(shape, data, is_known):
    array = filled(shape)
    axis = data.draw(st.none() | st.integers(-array.ndim, array.ndim - 1))
    by = data.draw(st.integers(-5, 5))
    beside(lambda a: T.roll(a, by, axis), lambda a: np.roll(a, by, axis), array, is_known=is_known)
    beside(lambda a: T.flip(a, axis), lambda a: np.flip(a, axis), array, is_known=is_known)
    rolled = run([x, n], T.roll(x, n, 1), X, by)
    np.testing.assert_array_equal(rolled, np.roll(X, by, 1))


MODES = {
    "constant": [{}, {"constant_values": (1, 2)}],
    "edge": [{}],
    "linear_ramp": [{}, {"end_values": (5, -3)}],
    "maximum": [{}, {"stat_length": 2}],
    "mean": [{}, {"stat_length": (1, 2)}],
    "minimum": [{}],
    "reflect": [{}, {"reflect_type": "odd"}],
    "symmetric": [{}, {"reflect_type": "odd"}],
    "wrap": [{}],
}


@settings(deadline=None, max_examples=80)
@given(
    st.sampled_from([(m, o) for m, options in MODES.items() for o in options]),
    st.lists(st.integers(1, 4), min_size=1, max_size=2).map(tuple),
    st.tuples(st.integers(0, 6), st.integers(0, 6)),
    st.sampled_from(["float64", "int8"]),
    st.booleans(),
)
def test_pads_are_numpys(mode, shape, width, dtype, is_known):
    array = (filled(shape) * 7 % 5).astype(dtype)
    variable = TensorType(dtype, shape if is_known else (None,) * len(shape))("a")
    made = T.pad(variable, width, mode[0], **mode[1])
    expected = np.pad(array, width, mode[0], **mode[1])
    np.testing.assert_allclose(run([variable], made, array), expected, rtol=1e-12, atol=1e-12)
    assert made.dtype == expected.dtype
    assert not is_known or made.type.shape == expected.shape


def test_widths_and_numbers_may_be_symbolic():
    padded = T.pad(x, [(n, 1), (0, n)], constant_values=T.sum(x))
    np.testing.assert_array_equal(
        run([x, n], padded, X, 2), np.pad(X, [(2, 1), (0, 2)], constant_values=66)
    )
    tiled = T.tile(x, [n, 2])
    np.testing.assert_array_equal(run([x, n], tiled, X, 3), np.tile(X, (3, 2)))
    np.testing.assert_array_equal(
        run([v, counts], T.tile(v, counts, ndim=2), X[0], [2, 3]), np.tile(X[0], (2, 3))
    )
    np.testing.assert_array_equal(
        run([x, counts], T.repeat(x, counts, 1), X, [0, 2, 1, 3]), np.repeat(X, [0, 2, 1, 3], 1)
    )


def test_pads_are_told_by_axis_too():
    np.testing.assert_array_equal(
        run([x], T.pad(x, {1: (1, 2)}, "edge"), X), np.pad(X, ((0, 0), (1, 2)), "edge")
    )


@pytest.mark.parametrize("sizes", [[1, 3], [n, 4 - n], counts, T.constant([2, 2])])
def test_parts_are_views_that_add_up(sizes):
    for given_sizes in ([1, 3], [3, 1], [2, 2]):
        if isinstance(sizes, list) and sizes == [1, 3]:
            given_sizes = [1, 3]
        parts = T.split(x, sizes, 2, 1)
        found = run([x, n, counts], parts, X, given_sizes[0], given_sizes)
        cut = 2 if sizes is not counts and not isinstance(sizes, list) else given_sizes[0]
        for part, expected in zip(found, np.split(X, [cut], 1), strict=True):
            np.testing.assert_array_equal(part, expected)


def test_sizes_of_parts_that_do_not_add_up_are_refused():
    with pytest.raises(ShapeError, match="do not add up to the length 4"):
        T.split(T.specify_shape(x, (3, 4)), [1, 2], 2, 1)
    with pytest.raises(ShapeError, match="cannot be negative"):
        T.split(x, [-1, 4], 2)
    with pytest.raises(ShapeError, match="3 parts need as many"):
        T.split(x, [1, 2], 3)
    split = function([x, counts], T.split(x, counts, 2, 1), mode=PLAIN)
    for wrong in ([1, 2], [-1, 5]):
        with pytest.raises(ShapeError, match="split: the sizes"):
            split(X, wrong)
    for wrong in ([1, 1, 2], [4]):
        with pytest.raises(ShapeError, match="split: the vector of lengths has not 2 elements"):
            split(X, wrong)


def test_lengths_of_parts_are_known_where_sizes_are():
    first, second = T.split(x, [1, 3], 2, 1)
    assert (first.type.shape, second.type.shape) == ((None, 1), (None, 3))
    assert [p.type.shape for p in T.array_split(T.zeros(7), 3)] == [(3,), (2,), (2,)]


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: T.tile(x, -1), ShapeError, "tile: a number of copies"),
        (lambda: T.tile(x, 1.5), DtypeError, "tile: a length must be an integer"),
        (lambda: T.tile(x, counts), ShapeError, "unknown length; give ndim"),
        (lambda: T.tile(x, (2, 2, 2), ndim=2), ValueError, "lower than the rank 3"),
        (lambda: T.repeat(x, -2, 0), ShapeError, "repeat: a number of copies"),
        (lambda: T.repeat(x, [1, -2], 0), ShapeError, "repeat: a count"),
        (lambda: T.repeat(x, 1.5), DtypeError, "must be an integer"),
        (lambda: T.repeat(x, 2, 5), ShapeError, "repeat: a tensor of rank 2 has no axis 5"),
        (lambda: T.repeat(T.zeros((2, 2)), [1, 2, 3], 0), ShapeError, "3 counts do not go"),
        (lambda: T.roll(x, 1, 2), ShapeError, "roll: a tensor of rank 2 has no axis 2"),
        (lambda: T.roll(x, 1.5, 0), DtypeError, "a shift must be an integer"),
        (lambda: T.roll(x, (1, 2), (0, 1, 0)), ShapeError, "2 shifts do not go with 3"),
        (lambda: T.rot90(x, 1, (0, 0)), ShapeError, "rot90: "),
        (lambda: T.fliplr(v), ShapeError, "fliplr needs rank 2"),
        (lambda: T.pad(x, -1), ShapeError, "a width cannot be negative"),
        (lambda: T.pad(x, 1, "nothing"), ValueError, "pad: mode is one of"),
        (lambda: T.pad(x, 1, "edge", end_values=1), ValueError, "does not take end_values"),
        (lambda: T.pad(x, ((1, 2),) * 3), ShapeError, "a pair for each of the 2 axes"),
        (lambda: T.pad(T.zeros((0, 2)), 1, "wrap"), ShapeError, "cannot continue axis 0"),
        (lambda: T.array_split(x, 0), ValueError, "a part or more"),
        (lambda: T.split(x, [1, 2], 2, T.lscalar()), TypeError, "the axis must be known"),
    ],
)
def test_what_cannot_be_is_said_when_it_is_written(call, error, words):
    with pytest.raises(error, match=words):
        call()


@pytest.mark.parametrize(
    ("output", "given_values"),
    [
        (T.repeat(x, counts, 0), (X, [1, 2])),
        (T.repeat(x, counts, 0), (X, [1, 2, -1])),
        (T.repeat(x, n, 0), (X, -1)),
        (T.pad(x, n), (X, -1)),
        (T.pad(x, 1, "wrap"), (X[:0],)),
    ],
)
def test_what_cannot_be_is_said_when_it_runs(output, given_values):
    inputs = [x, *([counts] if isinstance(given_values[-1], list) else [n])][: len(given_values)]
    with pytest.raises(ShapeError):
        run(inputs, output, *given_values)


def test_packs_are_taken_apart_again():
    a, b, c = T.dmatrix(), T.dtensor3(), T.dvector()
    packed, packed_shapes = T.pack(a, b, c, axes=None)
    arrays = [X, np.ones((2, 1, 2)), np.zeros(5)]
    assert run([a, b, c], packed, *arrays).shape == (21,)
    for found, expected in zip(
        run([a, b, c], T.unpack(packed, None, packed_shapes), *arrays), arrays, strict=True
    ):
        np.testing.assert_array_equal(found, expected)
    packed, packed_shapes = T.pack(T.zeros((2, 3)), T.zeros((2,)), T.zeros((2, 5, 6)), axes=0)
    assert packed.type.shape == (2, 34)
    shapes = [p.type.shape for p in T.unpack(packed, 0, packed_shapes)]
    assert shapes == [(2, 3), (2,), (2, 5, 6)]
    packed, _ = T.pack(T.zeros((2, 4, 3)), T.zeros((2, 5, 3)), axes=(0, -1))
    assert packed.type.shape == (2, 9, 3)
    with pytest.raises(ValueError, match="the axes to keep"):
        T.pack(x, axes=1)


def test_axes_are_joined_and_split():
    cube = T.zeros((2, 3, 4))
    assert T.join_dims(cube).type.shape == (24,)
    assert T.join_dims(cube, 1).type.shape == (2, 12)
    assert T.join_dims(cube, 0, 2).type.shape == (6, 4)
    assert T.join_dims(cube, 1, 0).type.shape == (2, 1, 3, 4)
    assert T.join_dims(cube, (1, 2)).type.shape == (2, 12)
    assert T.split_dims(T.zeros((6, 4)), (2, -1), 0).type.shape == (2, 3, 4)
    assert T.split_dims(T.zeros(6), (2, 3)).type.shape == (2, 3)
    assert run([x, n], T.split_dims(x, (n, 2), 1), X, 2).shape == (3, 2, 2)
    with pytest.raises(ValueError, match="tell which axis"):
        T.split_dims(cube, (2, 1))


def test_broadcasting_is_told_and_done():
    row, column = T.zeros((1, 4)), T.zeros((3, 1))
    assert [m.type.shape for m in T.broadcast_arrays(row, column, 1.0)] == [(3, 4)] * 3
    assert [int(m.data) for m in T.broadcast_shape(row, column)] == [3, 4]
    lengths = T.broadcast_shape((n, 1), (2,), arrays_are_shapes=True)
    assert run([n], list(lengths), 5) == [5, 2]
    np.testing.assert_array_equal(run([v], T.broadcast_to(v, (3, 4)), X[0]), [X[0]] * 3)
    with pytest.raises(ShapeError, match="do not go together"):
        T.broadcast_shape(T.zeros(2), T.zeros(3))


def test_patterns_are_added_and_forgotten():
    row = T.drow()
    assert T.unbroadcast(row, 0).broadcastable == (False, False)
    assert T.unbroadcast(x, 0) is x
    assert T.patternbroadcast(x, (True, False)).broadcastable == (True, False)
    assert T.Rebroadcast((0, False), (1, True))(row).broadcastable == (False, True)
    with pytest.raises(ShapeError):
        run([row, x], T.unbroadcast(row, 0) + x, X[:1], X)
    assert T.is_flat(v)
    assert not T.is_flat(x)
    assert T.is_flat(x, 2)


def test_reduced_axes_come_back():
    assert T.makeKeepDims(x, x.sum(1), 1).broadcastable == (False, True)
    assert T.makeKeepDims(x, x.sum(), None).broadcastable == (True, True)
    with pytest.raises(ShapeError, match="makeKeepDims"):
        T.makeKeepDims(x, x, 1)


def test_axes_move_and_appear():
    cube = T.zeros((2, 3, 4))
    assert T.moveaxis(cube, (0, 1), (-1, 0)).type.shape == (3, 4, 2)
    assert T.expand_dims(cube, (0, -1)).type.shape == (1, 2, 3, 4, 1)
    assert T.atleast_3d(x).broadcastable == (False, False, True)
    assert [a.ndim for a in T.atleast_2d(1.0, v, cube)] == [2, 2, 3]
    with pytest.raises(ShapeError, match="moveaxis"):
        T.moveaxis(x, (0, 0), (0, 1))


def test_methods_and_numpys_names_are_these_functions():
    np.testing.assert_array_equal(run([x], x.repeat(2, 0), X), X.repeat(2, 0))
    np.testing.assert_array_equal(run([x], x.diagonal(1), X), X.diagonal(1))
    np.testing.assert_array_equal(run([x], x.trace(), X), X.trace())
    np.testing.assert_array_equal(run([x], x.ptp(0), X), np.ptp(X, 0))
    for name, arguments in (("tile", (2,)), ("roll", (1, 0)), ("pad", (1, "edge")), ("tril", ()),
                            ("diff", ()), ("diagonal", ()), ("rot90", ())):  # fmt: skip
        function_of_numpy = getattr(np, name)
        np.testing.assert_array_equal(
            run([x], function_of_numpy(x, *arguments), X), function_of_numpy(X, *arguments)
        )
    assert [m.ndim for m in np.meshgrid(v, v, indexing="ij")] == [2, 2]
    with pytest.raises(ShapeError, match="3 parts of equal length"):
        np.split(T.zeros(4), 3)
