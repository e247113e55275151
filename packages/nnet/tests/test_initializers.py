import numpy as np
import pytest
from bitale_nnet import GRU, Dense
from bitale_nnet import initializers as init


@pytest.fixture
def rng():
    return np.random.default_rng(3)


ALL = [
    init.Constant(2.0),
    init.Normal(0.5),
    init.Uniform(0.5),
    init.GlorotNormal(),
    init.GlorotUniform(),
    init.HeNormal("relu"),
    init.HeUniform("relu"),
    init.Orthogonal(),
    init.SideBySide(init.Orthogonal(), init.Normal(0.5)),
    init.LeCunNormal(),
    init.TruncatedNormal(0.5),
    init.Sparse(),
    init.Identity(),
]


@pytest.mark.parametrize("initializer", ALL, ids=lambda i: type(i).__name__)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_value_has_the_shape_and_dtype_asked_for(initializer, dtype, rng):
    value = initializer((30, 20), rng, dtype)
    assert (value.shape, value.dtype) == ((30, 20), dtype)


@pytest.mark.parametrize("initializer", ALL, ids=lambda i: type(i).__name__)
def test_the_same_generator_gives_the_same_value(initializer):
    first = initializer((5, 4), np.random.default_rng(7))
    assert np.array_equal(first, initializer((5, 4), np.random.default_rng(7)))


@pytest.mark.parametrize(
    ("initializer", "std"),
    [
        (init.Normal(0.5), 0.5),
        (init.Uniform(0.3), 0.3 / np.sqrt(3)),
        (init.Uniform((0.0, 1.0)), 1 / np.sqrt(12)),
        (init.Uniform(std=0.2, mean=1.0), 0.2),
        (init.GlorotNormal(), np.sqrt(2 / 500)),
        (init.GlorotUniform(2.0), 2 * np.sqrt(2 / 500)),
        (init.HeNormal("relu"), np.sqrt(2 / 300)),
        (init.HeUniform(), np.sqrt(1 / 300)),
        (init.LeCunNormal(), np.sqrt(1 / 300)),
        (init.LeCunUniform(), np.sqrt(1 / 300)),
    ],
)
def test_the_deviation_is_what_the_formula_says(initializer, std, rng):
    # 60,000 numbers: the deviation of a deviation is about 0.3 %, and 2 % is out of reach.
    assert initializer((300, 200), rng).std() == pytest.approx(std, rel=0.02)


def test_the_fans_of_a_kernel_count_its_area(rng):
    # 8 units, 4 channels, 5 by 5: 100 inputs.
    assert init.HeNormal()((8, 4, 5, 5), rng).std() == pytest.approx(0.1, rel=0.1)


@pytest.mark.parametrize("shape", [(6, 4), (4, 6), (5, 5), (4, 3, 2)])
def test_orthogonal_rows_or_columns_have_the_length_of_the_gain(shape, rng):
    matrix = init.Orthogonal("relu")(shape, rng).reshape(shape[0], -1)
    small = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    assert np.allclose(small @ small.T, 2 * np.eye(len(small)))


def test_an_unknown_gain_is_refused():
    with pytest.raises(ValueError, match=r"gain is a number or 'relu' .*, not 'tanh'"):
        init.HeNormal("tanh")


@pytest.mark.parametrize("initializer", [init.GlorotUniform(), init.Orthogonal()])
def test_a_vector_has_no_fans(initializer, rng):
    with pytest.raises(ValueError, match=r"got \(3,\)"):
        initializer((3,), rng)


def test_parts_side_by_side_are_drawn_as_if_alone(rng):
    value = init.SideBySide(init.Orthogonal(), init.Constant(3.0), init.Orthogonal(2.0))(
        (4, 12), rng
    )
    first, second, third = np.split(value, 3, axis=1)
    assert np.allclose(first.T @ first, np.eye(4))
    assert np.all(second == 3)
    assert np.allclose(third.T @ third, 4 * np.eye(4))


@pytest.mark.parametrize("shape", [(), (4, 5)])
def test_parts_side_by_side_are_equal(shape):
    with pytest.raises(ValueError, match="is not 2 equal parts"):
        init.SideBySide(init.Normal(), init.Normal())(shape)


def test_side_by_side_needs_a_part():
    with pytest.raises(ValueError, match="got none"):
        init.SideBySide()


def test_numbers_far_from_the_mean_are_drawn_again(rng):
    value = init.TruncatedNormal(0.5, 1.0)((300, 200), rng)
    assert np.abs(value - 1).max() <= 1
    # Of a normal distribution cut off at two deviations.
    assert value.std() == pytest.approx(0.5 * 0.8796, rel=0.02)


@pytest.mark.parametrize(("rows", "count"), [(40, 4), (5, 1), (0, 0)])
def test_columns_of_sparse_weights_have_as_many_numbers(rows, count, rng):
    value = init.Sparse(0.1, std=0.5)((rows, 300), rng)
    assert np.all(np.count_nonzero(value, axis=0) == count)
    assert len({tuple(np.flatnonzero(column)) for column in value.T}) > 1 or rows == 0


def test_an_identity_hands_on_its_input(rng):
    assert np.array_equal(init.Identity()((3, 3), rng), np.eye(3))
    filters = init.Identity(2.0)((2, 3, 3, 1), rng)
    assert np.array_equal(filters[:, :, 1, 0], 2 * np.eye(2, 3))
    assert np.count_nonzero(filters) == 2


def test_filters_can_lie_with_units_last(rng):
    assert init.HeNormal(c01b=True)((4, 5, 5, 80), rng).std() == pytest.approx(0.1, rel=0.05)
    for kind in (init.GlorotNormal, init.GlorotUniform, init.LeCunUniform):
        a = kind(c01b=True).std((4, 3, 5, 8))
        assert a == kind().std((8, 4, 3, 5))


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: init.Normal(-1), "Normal: std is 0 or more"),
        (lambda: init.Uniform((1, 0)), "is no range"),
        (lambda: init.TruncatedNormal(bound=0), "bound is at least"),
        (lambda: init.Sparse(1.5), "a share from 0 to 1"),
        (lambda: init.Sparse()((3,)), "Sparse draws matrices"),
        (lambda: init.Identity()((3,)), "two axes or more"),
        (lambda: init.HeNormal(c01b=True)((3, 3)), "needs four axes"),
        (lambda: Dense(2, weights=np.zeros((3, 3))).build((None, 3)), r"of the shape \(3, 2\)"),
        (lambda: Dense(2, weights="glorot"), "first values of weights are an initialiser"),
        (lambda: Dense(2, weights=init.HeNormal), r"make one, HeNormal\(\)"),
        (lambda: Dense(2, bias=np.zeros(3)).build((None, 3)), r"of the shape \(2,\)"),
        (lambda: GRU(2, bias=["a"]), "first values are numbers"),
    ],
    ids=map(str, range(12)),
)
def test_what_gives_no_first_values_is_refused(call, says):
    with pytest.raises((ValueError, TypeError), match=says):
        call()


def test_numbers_arrays_and_functions_are_first_values():
    W = np.arange(6.0).reshape(3, 2)
    layer = Dense(2, weights=W, bias=lambda shape: np.full(shape, 3))
    layer.build((None, 3))
    values = layer.get_values()
    assert np.array_equal(values["W"], W)
    assert values["b"].tolist() == [3, 3]
    layer = Dense(2, weights=0.5, bias=1)
    layer.build((None, 3))
    assert layer.get_values()["W"].tolist() == [[0.5] * 2] * 3
    layer = GRU(2, bias=0.25)
    layer.build((None, 3))
    assert layer.get_values()["b_m"].tolist() == [0.25] * 4
