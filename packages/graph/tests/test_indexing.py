import numpy as np
import pytest
from bitale_graph import TensorType, config, function
from bitale_graph import language as T
from bitale_graph.base.errors import ShapeError
from bitale_graph.extend import Read, Write
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

X = np.arange(24.0).reshape(2, 3, 4)
x = T.dtensor3("x")
SHAPES = hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=4)


def variable(array, static=False):
    return TensorType(array.dtype.name, array.shape if static else (None,) * array.ndim)()


@settings(max_examples=150, deadline=None)
@given(st.data(), SHAPES, st.booleans())
def test_basic_indices_mean_what_numpys_do(data, shape, static):
    array = np.arange(float(np.prod(shape))).reshape(shape)
    key = data.draw(hnp.basic_indices(shape, max_dims=5, allow_newaxis=True))
    v = variable(array, static)
    wanted = array[key]
    selection = v[key]
    found = function([v], selection, on_unused_input="ignore")(array)
    np.testing.assert_array_equal(found, wanted)
    assert all(n in (None, m) for n, m in zip(selection.type.shape, wanted.shape, strict=True))


@settings(max_examples=80, deadline=None)
@given(st.data(), SHAPES)
def test_slices_with_symbolic_bounds_mean_what_pythons_do(data, shape):
    array = np.arange(float(np.prod(shape))).reshape(shape)
    bounds = [data.draw(st.integers(-5, 5)) for _ in range(2)]
    step = data.draw(st.integers(-3, 3).filter(bool))
    v, i, j, k = variable(array), T.lscalar(), T.iscalar(), T.lscalar()
    selection = v[i:j:k]
    found, length = function([v, i, j, k], [selection, selection.shape[0]])(array, *bounds, step)
    np.testing.assert_array_equal(found, array[bounds[0] : bounds[1] : step])
    assert length == len(found)


@settings(max_examples=100, deadline=None)
@given(st.data(), hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=4))
def test_integer_arrays_mean_what_numpys_do(data, shape):
    array = np.arange(float(np.prod(shape))).reshape(shape)
    result_shape = hnp.array_shapes(min_dims=1, max_dims=2, min_side=1, max_side=3)
    key = data.draw(hnp.integer_array_indices(shape, result_shape=result_shape))
    np.testing.assert_array_equal(_run(array, key), array[key])


def _run(array, key):
    v = variable(array)
    return function([v], v[key])(array)


def _only_adds_axes(key):
    entries = key if isinstance(key, tuple) else (key,)
    plain = (None, Ellipsis, slice(None))
    return None in entries and all(e in plain for e in entries)


@settings(max_examples=80, deadline=None)
@given(st.data(), SHAPES, st.booleans())
def test_writing_means_what_numpys_does(data, shape, is_set):
    array = np.arange(float(np.prod(shape))).reshape(shape)
    key = data.draw(hnp.basic_indices(shape, allow_newaxis=True))
    values = -np.arange(1.0, 1 + array[key].size).reshape(array[key].shape)
    v, w = variable(array), variable(values)
    if _only_adds_axes(key):
        return
    write = T.set_subtensor if is_set else T.inc_subtensor
    found = function([v, w], write(v[key], w), on_unused_input="ignore")(array, values)
    wanted = array.copy()
    wanted[key] = values if is_set else wanted[key] + values
    np.testing.assert_array_equal(found, wanted)


@settings(max_examples=60, deadline=None)
@given(st.data(), hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=4))
def test_repeated_indices_add_up(data, shape):
    array = np.arange(float(np.prod(shape))).reshape(shape)
    result_shape = hnp.array_shapes(min_dims=1, max_dims=2, min_side=1, max_side=4)
    key = data.draw(hnp.integer_array_indices(shape, result_shape=result_shape))
    values = np.arange(1.0, 1 + array[key].size).reshape(array[key].shape)
    v, w = variable(array), variable(values)
    found = function([v, w], T.inc_subtensor(v[key], w))(array, values)
    wanted = array.copy()
    np.add.at(wanted, key, values)
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize(
    "key",
    [
        (np.array([0, 1]), slice(None), np.array([1, 2])),
        (slice(None), np.array([[0], [2]]), np.array([1, 3])),
        (np.array([1, 0]), 2),
        (Ellipsis, np.array([0, -1])),
        [1, 0, 1],
        (slice(None, None, -1), [2, 0]),
        np.array([[0, 1], [1, 1]]),
        (0, np.array([1, 2])),
    ],
    ids=str,
)
def test_arrays_among_slices(key):
    np.testing.assert_array_equal(_run(X, key), X[tuple(key) if isinstance(key, tuple) else key])


def test_symbolic_indices_of_several_dtypes():
    for dtype in ("int8", "uint8", "int32", "uint64", "int64"):
        i = TensorType(dtype, ())("i")
        rows = TensorType(dtype, (None,))("rows")
        found = function([x, i, rows], [x[i], x[:, i, i], x[rows], x[0][rows, rows]])(X, 1, [1, 0])
        wanted = [X[1], X[:, 1, 1], X[[1, 0]], X[0][[1, 0], [1, 0]]]
        for one, other in zip(found, wanted, strict=True):
            np.testing.assert_array_equal(one, other)


def test_static_lengths_of_slices():
    fixed = TensorType("float64", (5, None))()
    assert fixed[1:].type.shape == (4, None)
    assert fixed[::-2].type.shape == (3, None)
    assert fixed[2].type.shape == (None,)
    assert fixed[None].type.shape == (1, 5, None)
    assert fixed[[0, 1, 1]].type.shape == (3, None)
    assert T.dvector()[:0].type.shape == (0,)


@pytest.mark.parametrize("key", [(0, 0, 0, 0), (Ellipsis, Ellipsis), (0, 0, 0, slice(None))])
def test_too_many_indices_are_refused_at_once(key):
    with pytest.raises(IndexError, match=r"too many indices|one ellipsis"):
        x[key]


def test_a_constant_index_out_of_range_is_refused_at_once_where_lengths_are_known():
    with pytest.raises(IndexError, match="index 5 is out of bounds for axis 0"):
        TensorType("float64", (5,))("v")[5]


@pytest.mark.parametrize(
    "key", [2, -3, [0, 2], (slice(None), 3), (np.array([0]), np.array([3]))], ids=str
)
def test_an_index_out_of_range_is_an_error_when_it_runs(key):
    with pytest.raises(IndexError, match="out of bounds"):
        _run(X, key)


@pytest.mark.parametrize(
    "key", [1.5, T.dscalar("i"), True, T.bscalar("b") > 0, [0.5], "a"], ids=str
)
def test_an_index_is_an_integer(key):
    with pytest.raises(TypeError, match=r"index must be an integer|cannot make a tensor"):
        x[key]


def test_the_step_of_a_slice_is_not_zero():
    with pytest.raises(ValueError, match="zero"):
        x[::0]
    k = T.lscalar()
    with pytest.raises(ValueError, match="zero"):
        x[::k].eval({x: X, k: 0})


def test_take_follows_numpy():
    for axis in (None, 0, 1, -1):
        found = x.take([1, 0, 1], axis=axis).eval({x: X})
        np.testing.assert_array_equal(found, np.take(X, [1, 0, 1], axis=axis))


# Writing.
def test_writing_broadcasts_what_is_known_to_be_1():
    v = T.dvector("v")
    f = function(
        [x, v],
        [T.set_subtensor(x[0], v), T.inc_subtensor(x[:, 1], 2), T.set_subtensor(x[0, 0, 0], 7)],
    )
    first, second, third = f(X, np.ones(4))
    assert (first[0] == 1).all()
    np.testing.assert_array_equal(second[:, 1], X[:, 1] + 2)
    assert third[0, 0, 0] == 7


def test_writing_through_an_index_of_higher_rank():
    m, i, w = T.dmatrix("m"), T.lmatrix("i"), T.dtensor3("w")
    M = np.arange(12.0).reshape(4, 3)
    rows, W = np.array([[0, 2], [3, 0]]), np.ones((2, 2, 3))
    found = function([m, i, w], [T.inc_subtensor(m[i], w), T.inc_subtensor(m[i], 1)])(M, rows, W)
    wanted = M.copy()
    np.add.at(wanted, rows, W)
    for one in found:
        np.testing.assert_array_equal(one, wanted)


def test_writing_through_moved_axes():
    m, v = T.dmatrix("m"), T.dvector("v")
    M = np.arange(12.0).reshape(4, 3)
    found = function([m, v], T.set_subtensor(m[1:3].T, v))(M, [7.0, 8.0])
    np.testing.assert_array_equal(found[1:3], np.array([[7, 7, 7], [8, 8, 8]]))


def test_everything_can_be_written_to():
    v = T.dvector("v")
    for key in (slice(None), Ellipsis, ()):
        found = T.set_subtensor(v[key], 3).eval({v: np.zeros(2)})
        np.testing.assert_array_equal(found, [3, 3])


def test_only_a_selection_can_be_written_to():
    for what in (x, x + 1, 3, X):
        with pytest.raises(TypeError, match="must be an indexed variable"):
            T.set_subtensor(what, 0)


def test_writing_does_not_lose_precision():
    i = T.ivector("i")
    with pytest.raises(TypeError, match="without losing precision"):
        T.set_subtensor(i[0], 1.5)
    with pytest.raises(TypeError, match="without losing precision"):
        T.set_subtensor(i[:], T.lvector())
    assert T.inc_subtensor(i[0], 3).dtype == "int32"


def test_writing_casts_where_the_setting_says_so():
    i, d = T.ivector("i"), T.dvector("d")
    with config.change_flags(lossy_writes="cast"):
        written = (
            T.set_subtensor(i[1:], d),
            T.inc_subtensor(i[0], 1.5),
            T.set_subtensor(i[[0, 1]], 7.9),
        )
    assert [v.dtype for v in written] == ["int32"] * 3
    found = function([i, d], written)(np.arange(3, dtype="int32"), [1.9, -2.9])
    np.testing.assert_array_equal(found, [[0, 1, -2], [1, 1, 2], [7, 7, 2]])


def test_a_list_of_slices_is_a_tuple():
    n = T.lscalar("n")
    found = function([x, n], [x[[slice(0, 1), slice(None), slice(n, None)]], x[[slice(None), 0]]])
    for value, expected in zip(found(X, 2), (X[:1, :, 2:], X[:, 0]), strict=True):
        np.testing.assert_array_equal(value, expected)


def test_shapes_that_do_not_fit_are_refused():
    fixed = TensorType("float64", (3,))("fixed")
    with pytest.raises(ShapeError, match="cannot write"):
        T.set_subtensor(fixed[:2], np.ones(3))
    with pytest.raises(ShapeError, match="rank 0"):
        T.set_subtensor(fixed[0], np.ones(1))
    v, w = T.dvectors("vw")
    f = function([v, w], T.set_subtensor(v[1:], w))
    with pytest.raises(ShapeError, match=r"shape \(1,\) into a selection of shape \(3,\)"):
        f(np.zeros(4), np.ones(1))


def test_writing_leaves_the_operand_alone():
    given = X.copy()
    function([x], T.set_subtensor(x[0], 5))(given)
    np.testing.assert_array_equal(given, X)


def test_the_last_of_repeated_rows_is_kept():
    v = T.dvector()
    found = T.set_subtensor(v[[0, 0]], np.array([1.0, 2.0])).eval({v: [9.0, 9.0]})
    np.testing.assert_array_equal(found, [2, 9])


@pytest.mark.parametrize("key", [(0, slice(1, None)), [1, 0, 1], ([1, 0], slice(None), [2, 3])])
def test_each_reader_has_its_writer(key):
    selection = x[np.array(key)] if isinstance(key, list) else x[key]
    reading = selection.owner.op
    assert isinstance(reading, Read)
    for set in (True, False):
        writing = reading.writing(set)
        assert isinstance(writing, Write)
        assert (writing.set, writing.reading()) == (set, reading)
        written = writing(x, T.sqr(selection), *selection.owner.inputs[1:])
        again = (T.set_subtensor if set else T.inc_subtensor)(selection, T.sqr(selection))
        assert again.owner.op == writing
        np.testing.assert_array_equal(written.eval({x: X}), again.eval({x: X}))


@pytest.mark.parametrize(
    "key", [("a", "b"), (0, "a", "b"), ("a", slice(1, None), "b"), (slice(None), "a")]
)
def test_lengths_of_what_arrays_select_are_told(key):
    x, a, b = T.dtensor4("x"), T.lmatrix("a"), T.lvector("b")
    names = {"a": a, "b": b}
    part = x[tuple(names.get(k, k) if isinstance(k, str) else k for k in key)]
    values = np.zeros((3, 4, 5, 6)), np.zeros((2, 2), int), np.zeros(2, int)
    told = part.owner.op.infer_shape(part.owner, [[*v.shape] for v in part.owner.inputs])[0]
    f = function([x, a, b], [part, *told], on_unused_input="ignore")
    selected, *lengths = f(*values)
    assert selected.shape == tuple(int(n) for n in lengths)


@pytest.mark.parametrize("lengths", [(3, 1), (1, 3), (2, 3)])
def test_arrays_of_an_index_do_not_stretch_where_the_type_does_not_say_so(lengths):
    x, a, b = T.dmatrix("x"), T.lvector("a"), T.lvector("b")
    values = np.eye(4), *(np.arange(n) for n in lengths)
    for result in (x[a, b], T.set_subtensor(x[a, b], 1.0), T.inc_subtensor(x[a, b], 1.0)):
        with pytest.raises(ShapeError):
            function([x, a, b], result)(*values)
    column = T.lcol("column")
    f = function([x, column, b], x[column, b])
    np.testing.assert_array_equal(f(values[0], [[0], [1]], [0, 1, 2]), np.eye(4)[:2, :3])
