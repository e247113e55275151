"""Elements at places that are computed: along an axis, by a mode, on a diagonal."""

import numpy as np
import pytest
from bitale_graph import function
from bitale_graph import language as T
from bitale_graph.base.errors import ShapeError
from hypothesis import given, settings
from hypothesis import strategies as st

rng = np.random.default_rng(6)
X = rng.standard_normal((3, 4))
x, i, k = T.dmatrix("x"), T.lvector("i"), T.lmatrix("k")
I, K = np.array([2, 0, 1, 1]), np.array([[3, 0], [1, 1], [-4, 2]])  # noqa: E741


def run(out):
    given = {x: X, i: I, k: K}
    return function(list(given), out, on_unused_input="ignore")(*given.values())


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.integers(-30, 30), max_size=6),
    st.sampled_from([None, 0, 1, -1]),
    st.sampled_from(["raise", "wrap", "clip"]),
    st.booleans(),
)
def test_take_is_numpys(places, axis, mode, is_matrix):
    at = np.array(places * 2, "int64").reshape((2, -1) if is_matrix else -1)
    v = T.TensorType("int64", (None,) * at.ndim)()
    f = function([x, v], [T.take(x, v, axis, mode), x.take(v, axis, mode)], mode="FAST_COMPILE")
    try:
        expected = np.take(X, at, axis, mode=mode)
    except IndexError:
        with pytest.raises(IndexError):
            f(X, at)
        return
    for found in f(X, at):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("n", [1, 2, 3, 1000, 2**20 - 3])
def test_far_indices_wrap_exactly(n):
    powers = 2 ** np.arange(63, dtype="int64")
    at = np.concatenate([s * (powers * k + d) for s in (1, -1) for k in (1, n) for d in (-1, 0, 1)])
    at = np.append(at, [-(2**63), 2**63 - 1, 2**63 - 600])
    v = T.lvector()
    found = function([v], T.take(np.arange(n), v, mode="wrap"))(at)
    np.testing.assert_array_equal(found, at % n)


def test_nothing_is_taken_of_nothing():
    for mode in ("wrap", "clip", "raise"):
        out = T.take(T.zeros((0,)), [1], mode=mode)
        with pytest.raises(IndexError):
            run(out)
        assert run(T.take(T.zeros((0,)), np.zeros(0, int), mode=mode)).shape == (0,)


def test_a_mode_is_one_of_three():
    for call in (
        lambda: x.take(i, mode="bounce"),
        lambda: T.choose(i, [x, x], mode=0),
        lambda: T.ravel_multi_index((i, i), (3, 4), mode=("wrap", "x")),
    ):
        with pytest.raises(ValueError, match="mode is 'raise', 'wrap' or 'clip'"):
            call()


@pytest.mark.parametrize("axis", [0, 1, -1, None])
def test_along_an_axis_each_row_has_places_of_its_own(axis):
    at = np.argsort(X, axis)
    if axis is not None:
        at = at[:2] if axis == 0 else at[:, :3]
    y = rng.standard_normal(at.shape)
    put = X.copy()
    np.put_along_axis(put, at, y, axis)
    found = run([T.take_along_axis(x, at, axis), T.put_along_axis(x, at, y, axis)])
    np.testing.assert_array_equal(found[0], np.take_along_axis(X, at, axis))
    np.testing.assert_array_equal(found[1], put)


def test_places_along_an_axis_have_the_rank_and_the_lengths_of_the_rest():
    with pytest.raises(ShapeError, match="indices have the rank of what they are for"):
        T.take_along_axis(x, i, 0)
    with pytest.raises(ShapeError, match="no axis 2"):
        T.take_along_axis(x, k, 2)
    with pytest.raises(TypeError, match="an index must be an integer"):
        T.take_along_axis(x, x, 0)
    for mode in (None, "FAST_COMPILE"):
        f = function([x, k], T.take_along_axis(x, k, 1), mode=mode)
        with pytest.raises(ShapeError):
            f(X, K[:2])
        with pytest.raises(IndexError):
            f(X, K + 1)


def test_permutations_of_rows_and_what_undoes_them():
    orders = rng.permuted(np.tile(np.arange(4), (3, 1)), axis=1)
    for y in (orders, orders[0]):
        whole = np.broadcast_to(y, (3, 4))
        found = run([T.permute_row_elements(x, y), T.permute_row_elements(x, y, inverse=True)])
        np.testing.assert_array_equal(found[0], np.take_along_axis(X, whole, 1))
        np.testing.assert_array_equal(found[1], np.take_along_axis(X, np.argsort(whole, 1), 1))
    order = np.array([2, 0, 1], "int8")
    inverse = T.inverse_permutation(order)
    assert inverse.dtype == "int8"
    np.testing.assert_array_equal(run(inverse), np.argsort(order))
    many = np.stack([X, -X])
    permuted = function([x], T.permute_row_elements(many, orders[0]), on_unused_input="ignore")(X)
    np.testing.assert_array_equal(permuted, many[..., orders[0]])
    for call in (
        lambda: T.permute_row_elements(T.dscalar(), i),
        lambda: T.permute_row_elements(x, T.lscalar()),
        lambda: T.inverse_permutation(T.lscalar()),
    ):
        with pytest.raises(ShapeError, match="a number"):
            call()


def test_one_of_several_is_chosen():
    at = np.array([[0], [2], [1]])
    options = [x, 2 * x, -1]
    expected = np.choose(at, [X, 2 * X, -1.0])
    np.testing.assert_array_equal(run(T.choose(at, options)), expected)
    np.testing.assert_array_equal(run(T.as_tensor(at).choose(options)), expected)
    stacked = np.stack([X, 2 * X, X])
    np.testing.assert_array_equal(run(T.choose(at, stacked)), np.choose(at, list(stacked)))
    np.testing.assert_array_equal(run(T.choose(i, x)), np.choose(I, X))
    np.testing.assert_array_equal(run(T.choose(i - 5, x, "wrap")), np.choose(I - 5, X, mode="wrap"))
    assert run(T.choose([0, 0, 0], [7])).tolist() == [7, 7, 7]
    for choices in ([x, x], x[:2]):
        for at in ([0, 2], [-1, 0]):
            with pytest.raises(ValueError, match="numbers that no choice has"):
                run(T.choose(np.array(at * 2), choices))
    with pytest.raises(ValueError, match="nothing to choose from"):
        T.choose(i, [])
    with pytest.raises(TypeError, match="an index must be an integer"):
        T.choose(x, [x])


def test_what_a_condition_holds_for_is_kept():
    for axis in (None, 0, 1):
        condition = [True, False, True]
        expected = np.compress(condition, X, axis)
        np.testing.assert_array_equal(run(T.compress(condition, x, axis)), expected)
        np.testing.assert_array_equal(run(x.compress(np.array([1, 0, 5]), axis)), expected)
        np.testing.assert_array_equal(
            run(np.compress(i[:3] > 0, x, axis)), np.compress(I[:3] > 0, X, axis)
        )
    with pytest.raises(IndexError):
        run(T.compress([False] * 5 + [True], x, axis=1))
    with pytest.raises(ShapeError, match="condition is a vector"):
        T.compress(x, x)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=4),
    st.sampled_from("CF"),
    st.data(),
)
def test_places_in_a_shape_are_counted_as_numpy_counts(dims, order, data):
    size = int(np.prod(dims))
    flat = np.array(data.draw(st.lists(st.integers(0, size - 1), max_size=4)), "int32")
    modes = tuple(data.draw(st.sampled_from(["wrap", "clip"])) for _ in dims)
    given_dims = dims if data.draw(st.booleans()) else T.constant(np.array(dims))
    places = T.unravel_index(flat, given_dims, order)
    far = tuple(np.asarray(p) * 3 - 4 for p in np.unravel_index(flat, dims, order))
    outs = [
        *places,
        T.ravel_multi_index(places, given_dims, order=order),
        T.ravel_multi_index(far, given_dims, modes, order),
    ]
    *found, back, there = function([], outs, mode="FAST_COMPILE")()
    for a, b in zip(found, np.unravel_index(flat, dims, order), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(back, flat)
    np.testing.assert_array_equal(there, np.ravel_multi_index(far, dims, modes, order))


def test_places_outside_of_a_shape_are_an_error_when_it_runs():
    for out in (
        T.unravel_index(i * 6, (3, 4))[0],
        T.unravel_index(-i, (3, 4))[1],
        T.ravel_multi_index((i, i), (2, 4)),
        T.ravel_multi_index((i, -i), (3, 4)),
    ):
        with pytest.raises(ValueError, match="places outside of the shape"):
            run(out)


def test_places_go_with_lengths():
    dims = T.lvector("dims")
    with pytest.raises(ValueError, match="for 3 lengths"):
        T.ravel_multi_index((i, i), (3, 4, 5))
    with pytest.raises(ValueError, match="order is 'C'"):
        T.unravel_index(i, (3, 4), order="A")
    with pytest.raises(ShapeError, match="give ndim"):
        T.unravel_index(i, dims)
    rows, columns = T.unravel_index(k, dims, ndim=2)
    f = function([k, dims], [rows, columns, T.ravel_multi_index((k[0], k[1]), dims)])
    with pytest.raises(ValueError, match="give a tuple of tensors"):
        T.ravel_multi_index(k, dims)
    assert run(T.ravel_multi_index(k[1:], (9, 9), "wrap")).tolist() == [14, 11]
    given = np.array([[5, 0], [3, 11]])
    found = f(given, [6, 12])
    np.testing.assert_array_equal(found[:2], np.unravel_index(given, (6, 12)))
    np.testing.assert_array_equal(found[2], np.ravel_multi_index(tuple(given), (6, 12)))
    np.testing.assert_array_equal(
        run(np.ravel_multi_index((i, i), (9, 9))), np.ravel_multi_index((I, I), (9, 9))
    )
    np.testing.assert_array_equal(
        run(np.unravel_index(i, (2, 2))[0]), np.unravel_index(I, (2, 2))[0]
    )


@pytest.mark.parametrize("shape", [(3, 4), (5, 3), (1, 1), (0, 2), (3, 3, 3)])
def test_a_diagonal_is_filled(shape):
    a = rng.standard_normal(shape)
    v = T.TensorType("float64", (None,) * len(shape))()
    expected = a.copy()
    for place in range(min(shape)):
        expected[(place,) * len(shape)] = 2
    np.testing.assert_array_equal(function([v], T.fill_diagonal(v, 2))(a), expected)
    if len(shape) > 2:
        return
    n = T.lscalar()
    f = function([v, n], T.fill_diagonal_offset(v, 2.5, n))
    for offset in range(-6, 7):
        expected = np.where(np.eye(*shape, offset) == 1, 2.5, a)
        np.testing.assert_array_equal(f(a, offset), expected)


def test_what_has_no_diagonal_is_refused():
    cube = T.dtensor3("cube")
    with pytest.raises(ShapeError, match="rank 2 at least"):
        T.fill_diagonal(T.dvector(), 0)
    with pytest.raises(ShapeError, match="filled with a number"):
        T.fill_diagonal(x, [1.0, 2.0])
    with pytest.raises(ShapeError, match="a matrix and a number of columns"):
        T.fill_diagonal_offset(cube, 0, 1)
    with pytest.raises(TypeError, match="cannot write"):
        T.fill_diagonal(k, 0.5)
    with pytest.raises(ShapeError, match="must all be equal"):
        function([cube], T.fill_diagonal(cube, 0))(np.ones((2, 2, 3)))
    with pytest.raises(ShapeError, match="must all be equal"):
        T.fill_diagonal(T.TensorType("float64", (2, 3, 2))(), 0)


def test_a_part_is_set_or_increased_by_a_method():
    np.testing.assert_array_equal(run(x[1].set(0.0)), np.where([[0], [1], [0]], 0, X))
    np.testing.assert_array_equal(run(x[1:].inc(2)), X + np.array([[0], [2], [2]]))
    with pytest.raises(TypeError, match="must be an indexed variable"):
        x.set(1.0)


def test_options_of_theano_are_taken():
    options = {"inplace": True, "tolerate_inplace_aliasing": True}
    expected = run(T.set_subtensor(x[0], 1.0))
    np.testing.assert_array_equal(run(T.set_subtensor(x[0], 1.0, **options)), expected)
    as_set = T.inc_subtensor(x[0], 1.0, set_instead_of_inc=True, **options)
    np.testing.assert_array_equal(run(as_set), expected)


@pytest.mark.parametrize("mode", [None, "FAST_COMPILE"])
def test_the_last_of_several_values_stays_however_indices_lie_in_memory(mode):
    a, v, m = T.dmatrix(), T.lvector(), T.lmatrix()
    outs = [T.put_along_axis(a, m, a, 0), T.set_subtensor(a[v], a), T.set_subtensor(a[:, v], a)]
    f = function([a, v, m], outs, mode=mode)
    values = np.arange(16.0).reshape(4, 4)
    rows, places = np.zeros(4, int)[::-1], np.zeros((4, 4), int)
    for at in (places, places[::-1, ::-1], np.asfortranarray(places)):
        found = f(values, rows, at)
        np.testing.assert_array_equal(found[0][0], values[3])
        np.testing.assert_array_equal(found[1][0], values[3])
        np.testing.assert_array_equal(found[2][:, 0], values[:, 3])


def test_more_than_is_named_is_not_written_where_one_place_is_known():
    one = T.TensorType("int64", (1,))("one")
    for selection, fitting in [(x[one], (1, 4)), (x[:, one], (3, 1)), (x[one, one], (1,))]:
        y = T.TensorType("float64", (None,) * len(fitting))()
        for mode in (None, "FAST_COMPILE"):
            f = function([x, one, y], T.set_subtensor(selection, y), mode=mode)
            assert np.sum(f(X, [2], np.full(fitting, 9.0)) == 9) == np.prod(fitting)
            with pytest.raises(ShapeError):
                f(X, [2], np.ones([n + 1 if n == 1 else n for n in fitting]))
