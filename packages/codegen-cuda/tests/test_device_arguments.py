"""Arguments that lie on a device already: taken as they lie, or refused as the CPU refuses them."""

import numpy as np
import pytest
from bitale_codegen_cuda.driver.memory import Memory
from bitale_graph import In, Mode, function, ifelse, shared
from bitale_graph import language as T

DEVICE = Mode(device="emulated", optimizer="None")
CPU = Mode(linker="numpy", optimizer="None")


class Foreign:
    """An array of another library's, over memory of a device."""

    def __init__(self, driver, array, view=lambda a: a, **told):
        self.memory = Memory(driver, array.nbytes)
        self.memory.upload(array)
        seen = view(array)
        here, there = (a.__array_interface__["data"][0] for a in (seen, array))
        self.told = {
            "shape": seen.shape,
            "typestr": seen.dtype.str,
            "strides": seen.strides,
            "data": (self.memory.address + here - there, False),
            "version": 3,
            "stream": None,
            **told,
        }

    @property
    def __cuda_array_interface__(self):
        return self.told

    def get(self):
        whole = self.memory.download((self.memory.size,), np.uint8)
        start = self.told["data"][0] - self.memory.address
        dtype = np.dtype(self.told["typestr"])
        return np.ndarray(self.told["shape"], dtype, whole, start, self.told["strides"]).copy()


VIEWS = {
    "contiguous": lambda a: a,
    "transposed": lambda a: a.T,
    "reversed": lambda a: a[::-1, ::-1],
    "every second": lambda a: a[::2, 1::2],
    "repeated": lambda a: np.broadcast_to(a[1:2], a.shape),
    "one row": lambda a: a[1:2],
    "empty": lambda a: a[:0],
}


def ramp(*shape):
    return np.arange(float(np.prod(shape))).reshape(shape)


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_arrays_on_the_device_are_read_where_they_lie(emulated, view):
    x = T.dmatrix("x")
    run = function([x], [x + 1, x.sum(axis=0), x, T.dot(x, x.T)], mode=DEVICE)
    value, expected = Foreign(emulated, ramp(4, 6), view), view(ramp(4, 6))
    for k in range(3):
        found = []
        asked = emulated.asked(lambda found=found: found.extend(run(value)))
        assert "uploads" not in asked
        assert k == 0 or "allocations" not in asked
        for ours, theirs in zip(
            found, [expected + 1, expected.sum(axis=0), expected, expected @ expected.T],
            strict=True,
        ):  # fmt: skip
            np.testing.assert_array_equal(ours, theirs)


def test_arrays_that_lie_elsewhere_at_the_next_call_take_the_same_plan(emulated):
    x, y = T.dvector("x"), T.dvector("y")
    run = function([x, y], [T.exp(x) * y, x.sum(), y.max()], mode=DEVICE)
    for k in range(4):
        one, other = Foreign(emulated, ramp(5) + k), Foreign(emulated, np.full(5, k + 1.0))
        found = run(one, other)
        np.testing.assert_allclose(found[0], np.exp(ramp(5) + k) * (k + 1))
        assert [float(n) for n in found[1:]] == [10 + 5 * k, k + 1]
    assert len(run.executable.plans) == 1


def test_arguments_of_host_and_device_go_together(emulated):
    x, y, s = T.dvector("x"), T.dvector("y"), T.dscalar("s")
    run = function([x, y, s], x * y + s, mode=DEVICE)
    for _ in range(2):
        found = run(Foreign(emulated, ramp(3)), ramp(3), Foreign(emulated, np.array(2.0)))
        np.testing.assert_array_equal(found, ramp(3) ** 2 + 2)


WRONG = {
    "integers for floats": ("float64", lambda: np.array([2**60, 1])),
    "float64 for float32": ("float32", lambda: np.array([1e-50, 1.0])),
    "a matrix": ("float64", lambda: np.ones((2, 2))),
    "a number": ("float64", lambda: np.array(2.0)),
    "complex": ("float64", lambda: np.ones(2, "complex128")),
}


@pytest.mark.parametrize(("dtype", "make"), WRONG.values(), ids=WRONG)
def test_what_does_not_fit_is_treated_as_numpy_s_is(emulated, dtype, make):
    x = T.TensorType(dtype, (False,))("x")
    found = []
    for mode, value in ((CPU, make()), (DEVICE, Foreign(emulated, make()))):
        run = function([x], x * 2, mode=mode, name="mine")
        try:
            found.append(run(value).tolist())
        except TypeError as error:
            found.append(str(error))
    assert found[0] == found[1]


def test_lengths_that_a_type_fixes_are_checked(emulated):
    x = T.TensorType("float64", (True, False))("x")
    run = function([x], x * 2, mode=DEVICE)
    np.testing.assert_array_equal(run(Foreign(emulated, ramp(1, 3))), 2 * ramp(1, 3))
    with pytest.raises(TypeError, match="axis 0 is broadcastable"):
        run(Foreign(emulated, ramp(2, 3)))


def test_a_strict_argument_takes_an_array_of_its_dtype(emulated):
    x = T.dvector("x")
    run = function([In(x, strict=True)], x + 1, mode=DEVICE)
    np.testing.assert_array_equal(run(Foreign(emulated, ramp(3))), ramp(3) + 1)


def test_bytes_that_are_no_elements_apart_are_copied_or_refused(emulated):
    x = T.dvector("x")
    run = function([x], x + 1, mode=DEVICE)
    packed = np.array([(1.0, 0), (2.0, 0)], [("a", "f8"), ("b", "i4")])
    value = Foreign(emulated, packed, lambda a: a["a"])
    try:
        np.testing.assert_array_equal(run(value), [2.0, 3.0])
    except TypeError as error:
        assert "strides" in str(error)  # noqa: PT017


def test_an_update_copies_what_it_is_given(emulated):
    x, w = T.dvector("x"), shared(np.zeros(3))
    run = function([x], updates=[(w, x)], mode=DEVICE)
    value = Foreign(emulated, ramp(3))
    run(value)
    value.memory.upload(np.full(3, 9.0))
    np.testing.assert_array_equal(w.get_value(), ramp(3))
    add = function([x], updates=[(w, w + x)], mode=DEVICE)
    add(value)
    np.testing.assert_array_equal(value.get(), np.full(3, 9.0))
    np.testing.assert_array_equal(w.get_value(), ramp(3) + 9)


def test_a_function_that_comes_back_to_the_host_takes_them_too(emulated):
    x = T.dvector("x")
    run = function([x], ifelse(x.sum() > 0, x[::2] * 2, x[:1] * 3), mode=DEVICE)
    np.testing.assert_array_equal(run(Foreign(emulated, ramp(4), lambda a: a[::-1])), [6.0, 2.0])
    np.testing.assert_array_equal(run(Foreign(emulated, -ramp(4), lambda a: a[::-1])), [-9.0])


def test_errors_in_calls_on_them_are_numpy_s(emulated):
    x, i = T.dvector("x"), T.lvector("i")
    run = function([x, i], x[i], mode=DEVICE)
    values = [Foreign(emulated, ramp(3)), Foreign(emulated, np.array([0, 5]))]
    with pytest.raises(IndexError, match="index 5 is out of bounds for axis 0 with size 3"):
        run(*values)
