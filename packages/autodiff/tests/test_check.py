import numpy as np
import pytest
from bitale_autodiff import GradientError, disconnected_grad, grad_scale, numeric_grad, verify_grad
from bitale_graph import Mode
from bitale_graph import language as T


def test_differences_of_a_function_of_one_array():
    found = numeric_grad(lambda x: (x**3).sum(), np.array([1.0, 2.0]))
    assert np.allclose(found.gf, [3, 12], rtol=1e-5, atol=0)


def test_differences_of_a_function_of_several_arrays():
    points = [np.array([1.0, 2.0]), np.array(3.0)]
    found = numeric_grad(lambda x, y: (x * y).sum(), points)
    assert [g.shape for g in found.gf] == [(2,), ()]
    assert np.allclose(found.gf[0], [3, 3])
    assert np.allclose(found.gf[1], 3)


def test_points_are_not_written_to():
    point = np.array([1.0, 2.0])
    point.flags.writeable = False
    numeric_grad(lambda x: x.sum(), point)
    assert point.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("dtype", "step"), [("float16", 1e-1), ("float32", 3e-4), ("float64", 1e-7)]
)
def test_the_step_depends_on_the_dtype(dtype, step):
    seen = []
    numeric_grad(lambda x: seen.append(float(x)) or 0.0, np.array(0, dtype))
    assert seen[1] == pytest.approx(step, rel=1e-3)


def test_the_narrowest_dtype_decides():
    seen = []
    numeric_grad(lambda x: seen.append(float(x)) or 0.0, np.array(0.0), out_type="float32")
    assert seen[1] == pytest.approx(3e-4)
    seen.clear()
    numeric_grad(lambda x: seen.append(float(x)) or 0.0, np.array(0.0), eps=0.5)
    assert seen[1] == 0.5


def test_errors_are_given_by_element():
    found = numeric_grad(lambda x: (2 * x).sum(), [np.zeros(3)])
    ((absolute, relative),) = found.abs_rel_errors([np.array([2.0, 2.0, 3.0])])
    assert np.allclose(absolute, [0, 0, 1], atol=1e-6)
    assert np.allclose(relative, [0, 0, 0.2], atol=1e-6)
    assert found.max_err([np.array([2.0, 2.0, 3.0])], 1e-4, 1e-4)[:2] == (0, 2)
    one = numeric_grad(lambda x: (2 * x).sum(), np.zeros(3))
    assert one.max_err(np.array([2.0, 2.0, 3.0]), 1e-4, 1e-4)[:2] == (0, 2)


@pytest.mark.parametrize("given", [[], [np.zeros(2)], [np.zeros(3), np.zeros(3)]])
def test_errors_need_derivatives_of_the_right_shapes(given):
    found = numeric_grad(lambda x: (2 * x).sum(), [np.zeros(3)])
    with pytest.raises(ValueError, match="derivative"):
        found.abs_rel_errors(given)


def test_differences_are_taken_of_floats():
    for point in (np.array([1, 2]), np.array([True]), np.array([1j])):
        with pytest.raises(TypeError, match="floats"):
            numeric_grad(lambda x: x.sum(), point)
    with pytest.raises(TypeError, match="a number"):
        numeric_grad(lambda x: x, np.zeros(3))


def test_right_derivatives_pass():
    verify_grad(lambda x, y: T.exp(x) * y, [np.array([[1.0], [2.0]]), np.array([3.0, 4.0])])
    verify_grad(T.tanh, [np.array(0.5)], mode=Mode(linker="numpy", optimizer="None"))
    verify_grad(T.tanh, [np.zeros((0, 3))])
    verify_grad(lambda: T.constant(1.0), [])


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("factor", [1.2, 0.0, -1.0, np.nan, np.inf])
def test_wrong_derivatives_are_found(factor, dtype):
    points = [np.array([1.0, 2.0], dtype), np.array([3.0, 4.0], dtype)]
    with pytest.raises(GradientError):
        verify_grad(lambda x, y: grad_scale(T.sin(x), factor) * y, points)


def test_a_wrong_element_of_many_is_found():
    def expression(x):
        return T.set_subtensor(x[7], disconnected_grad(x[7]))

    with pytest.raises(GradientError) as caught:
        verify_grad(expression, [np.ones(20)])
    assert caught.value.err_pos == 7


def test_the_error_shows_both_numbers_and_the_inputs():
    points = [np.array([1.5, 2.5]), np.array([[3.0, 4.0]])]
    with pytest.raises(GradientError) as caught:
        verify_grad(lambda x, y: x * grad_scale(y, 2.0), points)
    error = caught.value
    assert (error.arg, error.shape) == (1, (1, 2))
    assert error.val1 == pytest.approx(2 * error.val2, rel=1e-4)
    message = str(error)
    for part in ("input 1 at index (0, ", "symbolic", "numerical", "[1.5 2.5]", "[[3. 4.]]"):
        assert part in message


def test_tolerances_can_be_set():
    def expression(x):
        return grad_scale(x, 1.05)

    with pytest.raises(GradientError):
        verify_grad(expression, [np.ones(2)])
    verify_grad(expression, [np.ones(2)], rel_tol=0.1)
    verify_grad(expression, [np.ones(2)], abs_tol=0.1)
    verify_grad(expression, [np.ones(2)], out_type="float16")


@pytest.mark.parametrize("generator", [np.random.default_rng(3), np.random.RandomState(3)])
def test_directions_come_from_the_given_generator(generator):
    verify_grad(T.exp, [np.ones(2)], rng=generator)
    assert generator.random() not in (
        np.random.default_rng(3).random(),
        np.random.RandomState(3).random(),
    )


def test_narrow_outputs_of_wide_inputs():
    def expression(x):
        return T.cast(T.exp(x), "float32")

    verify_grad(expression, [np.array([0.5, 1.0])], out_type="float32")
    verify_grad(expression, [np.array([0.5, 1.0])], out_type="float32", cast_to_output_type=True)


def test_what_cannot_be_checked_is_refused():
    with pytest.raises(TypeError, match="close over integer arguments"):
        verify_grad(lambda x, i: x[i], [np.ones(3), np.array(1)])
    with pytest.raises(TypeError, match="one tensor"):
        verify_grad(lambda x: [x, x], [np.ones(3)])
    with pytest.raises(TypeError, match="list of arrays"):
        verify_grad(T.exp, np.ones(3))
