import numpy as np
import pytest
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
