"""Where arithmetic and indices end: C gives what NumPy gives, raises what it raises, and lives."""

import numpy as np
import pytest
from bitale_graph import function
from bitale_graph import language as T
from bitale_graph.compile.mode import Mode
from bitale_graph.extend import Reduce, Reduction, reductions, scalar
from bitale_graph.tensor.variable import TensorType
from bitale_graph.testing import difference

NUMPY = Mode(linker="numpy", optimizer="None")
MODES = [Mode(linker="c", optimizer="None"), Mode(linker="c")]
LARGE = 2**63 - 1
LEAST = -(2**63)
INTEGERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
SPECIAL = np.array([0.0, -0.0, np.nan, np.inf, -np.inf, 1, -1, 2.5, -2.5])

# Generated code does not depend on the Python that generates it.
pytestmark = [pytest.mark.usefixtures("compile_quickly"), pytest.mark.slow]


def pairs(x):
    return np.repeat(x, len(x)), np.tile(x, len(x))


def run(f, arguments):
    """Results, or what was raised: class, first line and whether this file is named."""
    try:
        with np.errstate(all="ignore"):
            return f(*arguments)
    except Exception as error:  # noqa: BLE001 (compared with the other's)
        return [type(error).__name__, str(error).splitlines()[0], __file__ in str(error)]


def check(inputs, outputs, arguments, rtol=0.0):
    """Compare C with NumPy on each tuple of arguments; all of ``outputs`` are in one function."""
    functions = [
        function(inputs, outputs, mode=m, on_unused_input="ignore") for m in [NUMPY, *MODES]
    ]
    for given in arguments:
        expected, *both = (run(f, given) for f in functions)
        for found, mode in zip(both, MODES, strict=True):
            if isinstance(expected[0], str) or isinstance(found[0], str):
                assert found == expected, (given, mode)
                assert found[2], "the user's line is not named"
                continue
            for i, (x, y) in enumerate(zip(found, expected, strict=True)):
                text = difference(x, y, rtol)
                if x.dtype == "bool" and x.size:
                    assert x.view("uint8").max() <= 1, f"{mode}: output {i} is no bool"
                assert not text, f"{mode}: output {i} of {given}: {text}"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_special_values_of_floats(dtype):
    x, y = TensorType(dtype, (None,))("x"), TensorType(dtype, (None,))("y")
    names = [
        "maximum",
        "minimum",
        "add",
        "mul",
        "true_div",
        "int_div",
        "mod",
        "eq",
        "neq",
        "lt",
        "le",
        "gt",
        "ge",
        "arctan2",
        "pow",
    ]
    outputs = [getattr(T, name)(x, y) for name in names] + [T.switch(x, y, -y)]
    names = "neg abs_ sgn sqrt ceil floor trunc round_half_to_even exp log tanh sin isnan isinf sqr"
    outputs += [getattr(T, name)(x) for name in names.split()]
    outputs += [T.cast(x, "bool"), T.max(x[:2]), T.min(x[3:]), T.max(x), T.argmax(x), T.any(x)]
    outputs += [T.cast(T.isnan(x), dtype) * 2, T.switch(T.isnan(x), y, x)]
    check(
        [x, y], outputs, [pairs(SPECIAL.astype(dtype))], rtol=1e-6 if dtype == "float32" else 1e-14
    )


@pytest.mark.parametrize(
    "dtype", ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
)
def test_integers_wrap_and_division_by_zero_is_zero(dtype):
    x, y = TensorType(dtype, (None,))("x"), TensorType(dtype, (None,))("y")
    limits = np.iinfo(dtype)
    values = [limits.min, limits.max, 0, 1, 2, 7, limits.max - 1, *([-1, -2] if limits.min else [])]
    names = [
        "add",
        "sub",
        "mul",
        "int_div",
        "mod",
        "maximum",
        "minimum",
        "and_",
        "or_",
        "xor",
        "eq",
        "lt",
        "true_div",
    ]
    outputs = [getattr(T, name)(x, y) for name in names] + [T.dot(x, y)]
    outputs += [
        getattr(T, name)(x)
        for name in ["neg", "abs_", "sqr", "invert", "sgn", "sum", "prod", "max", "min"]
    ]
    outputs += [T.cast(x, d) for d in ("int8", "uint8", "int64", "uint64", "float32", "bool")]
    check([x, y], outputs, [pairs(np.array(values, dtype))], rtol=1e-14)
    # One number at a time is computed outside any loop.
    p, q = TensorType(dtype, ())("p"), TensorType(dtype, ())("q")
    outputs = [T.int_div(p, q), T.mod(p, q), -p, p * q, T.true_div(p, q), T.abs_(p), T.sgn(p)]
    numbers = [(np.array(a, dtype), np.array(b, dtype)) for a in values for b in values]
    check([p, q], outputs, numbers, rtol=1e-14)


def test_bools_compute_as_numpy_s():
    x, y = TensorType("bool", (None,))("x"), TensorType("bool", (None,))("y")
    names = ["add", "mul", "maximum", "minimum", "and_", "or_", "xor", "eq", "lt"]
    outputs = [getattr(T, name)(x, y) for name in names] + [T.dot(x, y), ~x]
    outputs += [
        getattr(T, name)(x)
        for name in ["sum", "prod", "all", "any", "max", "min", "argmax", "mean"]
    ]
    outputs += [T.sum(x, dtype="bool"), T.sum(x, dtype="int8"), T.prod(x, dtype="bool")]
    wide = T.cast(x, "int64") * 256
    outputs += [T.sum(wide, dtype="bool"), T.sum(wide, axis=0, dtype="bool", acc_dtype="bool")]
    outputs += [T.cast(T.sum(T.alloc(x, 64, 4), dtype="bool"), "int64"), T.cast(x + y, "int64")]
    outputs += [T.inc_subtensor(x[1:], y[1:]), T.inc_subtensor(x[np.array([1, 1])], y[:2])]
    check([x, y], outputs, [pairs(np.array([False, True]))])


def test_floats_that_no_integer_holds_do_no_harm():
    x = T.dvector("x")
    wild = np.array([np.nan, np.inf, -np.inf, 1e300, -1e300, 1e10, 2.0**63, -(2.0**70)])
    for mode in MODES:
        f = function([x], [T.cast(T.cast(x, d), "float64") for d in INTEGERS], mode=mode)
        assert len(f(wild)) == len(INTEGERS)
    # Within int32 a narrow integer wraps around, also where it is not stored.
    check(
        [x],
        [T.cast(x, d) for d in INTEGERS[:2] + INTEGERS[4:]],
        [(np.array([-2.0, 300.7, -70000]),)],
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_negative_numbers_wrap_around_in_every_unsigned_dtype(dtype):
    x = TensorType(dtype, (None,))("x")
    kept = np.array([-2.5, -0.75, -1.0, 3.5, -100.0] * 5)
    check([x], [T.cast(x, d) for d in INTEGERS], [(kept.astype(dtype),), (kept[:1].astype(dtype),)])
    large = np.array([2.0**63, 2.0**63 + 4096, 1.5e19, 2.0**62, -(2.0**63), -(2.0**40), -3.0])
    check([x], [T.cast(x, "uint64")], [(large.astype(dtype),)])


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "int8", "bool"])
def test_sums_and_products_convert_what_they_add_up(dtype):
    """To what they add up in, and that to their dtype, as NumPy does."""
    x, y = TensorType(dtype, (None, None))("x"), TensorType(dtype, ())("y")
    numbers = np.array([[-2.5, 3.5, -1.25], [0.5, -7.0, 2.0], [100.0, 100.0, 0.75]]).astype(dtype)
    outputs = [
        reduce(v, axis=axis, dtype=d, acc_dtype=acc)
        for reduce in (T.sum, T.prod)
        for d in ["uint8", "uint32", "uint64", "bool"]
        for acc in {None, "uint8", "bool", "float64" if dtype != "bool" else None}
        for v, axes in ((x, (0, None)), (y, (None,)))
        for axis in axes
    ]
    check([x, y], outputs, [(numbers, numbers[0, 0]), (numbers[:1], numbers[2, 2])])


def test_slices_of_any_bounds_and_steps():
    x = T.dvector("x")
    i, j, k = T.lscalars("ijk")
    outputs = [x[i:j:k], x[i::k], x[:j:k], x[::k]]
    bounds = [0, -1, 3, 7, LARGE, LEAST, -LARGE]
    steps = [1, 2, -1, -2, LARGE, LEAST, -LARGE]
    numbers = [(np.arange(5.0), a, b, c) for a in bounds for b in bounds for c in steps]
    check([x, i, j, k], outputs, numbers)
    check([x, i, j, k], [x[i:j]], [(np.arange(n), 2, -1, 0) for n in (0.0, 2.0, 5.0)])
    check([x, i, j, k], [x[::k]], [(np.arange(5.0), 0, 0, 0)])


def test_ranges():
    i, j, k = T.lscalars("ijk")
    numbers = [(0, 5, 1), (5, 0, 1), (0, 5, 2), (5, 0, -2), (5, 5, 1), (0, 5, 0)]
    numbers += [(0, LARGE, LARGE), (LARGE - 2, LARGE, 1), (0, -5, LEAST), (LEAST, -5, LARGE)]
    check([i, j, k], [T.arange(i, j, k)], numbers)


INDEX_ERRORS = {
    "index": (lambda m, i: m[i], [3, -4, LEAST]),
    "rows": (lambda m, i: m[T.stack([i, i])], [3, -4, LEAST]),
    "written": (lambda m, i: T.set_subtensor(m[i], 1.0), [3, -4]),
    "written rows": (lambda m, i: T.inc_subtensor(m[T.stack([i])], 1.0), [3, -4]),
    "added": (lambda m, i: m[0] + T.exp(T.arange(i)), [1, 4, -1]),
    "dot": (lambda m, i: T.dot(m, T.alloc(1.0, i, 3)), [1, 3]),
    "dot vector": (lambda m, i: T.dot(m, T.alloc(1.0, i)), [1, 3]),
    "dot vectors": (lambda m, i: T.dot(m[0], T.alloc(1.0, i)), [1, 3]),
    "reshape": (lambda m, i: T.reshape(m, (i, i)), [1, 3, -1, -2]),
    "reshape wraps": (lambda m, i: T.reshape(m[:0], (i, i)), [2**32, 1]),
    "reshape deduced": (lambda m, i: T.reshape(m, (i, -1)), [4, 0, -1, -2]),
    "reshape empty": (lambda m, i: T.reshape(m[:0], (i, -1)), [0, 1]),
    "reshape number": (lambda m, i: T.reshape(m[0, 0], (i,), ndim=1), [1, 2, -1]),
    "alloc": (lambda m, i: T.alloc(m, i, 3, 2), [2, -1]),
    "alloc rows": (lambda m, i: T.alloc(m[0], 2, i), [2, 3]),
    "eye": (lambda m, i: T.eye(i, 2), [2, -1]),
    "join": (lambda m, i: T.join(1, m, T.alloc(1.0, i, 2)), [3, 2]),
    "max": (lambda m, i: T.max(m[i:], axis=0), [0, 3]),
    "min": (lambda m, i: T.min(m[i:]), [0, 3]),
    "argmax": (lambda m, i: T.argmax(m[i:], axis=0), [0, 3]),
    "argmax of nothing": (lambda m, i: T.argmax(m[:, i:], axis=0), [0, 2]),
    "max of nothing": (lambda m, i: T.max(m[:, i:], axis=0), [0, 2]),
    "specify": (lambda m, i: T.specify_shape(m[i:], (2, None)), [0, 1]),
    "targets": (
        lambda m, i: T.categorical_crossentropy(T.softmax(m), T.stack([i, i, i])),
        [1, -1, 2, -3],
    ),
    "number of targets": (
        lambda m, i: T.categorical_crossentropy(T.softmax(m), T.alloc(T.as_tensor(0), i)),
        [3, 2],
    ),
    "targets of p": (lambda m, i: T.categorical_crossentropy(m, T.stack([i, i, i])), [1, -1, 2]),
    "late": (lambda m, i: T.tanh(T.dot(T.exp(m), m.T))[i] + T.exp(T.arange(i)), [3, 2]),
}


@pytest.mark.parametrize("kind", INDEX_ERRORS)
def test_errors_have_the_words_of_numpy_s(kind):
    build, numbers = INDEX_ERRORS[kind]
    m, i = T.dmatrix("m"), T.lscalar("i")
    array = np.arange(6.0).reshape(3, 2) / 7
    check([m, i], [build(m, i)], [(array, n) for n in numbers], rtol=1e-13)


def test_sizes_past_all_memory_are_refused():
    i = T.lscalar("i")
    for mode in MODES:
        for outputs in ([T.alloc(1.0, i)], [T.alloc(1.0, i, i)], [T.zeros((i, 2, i))]):
            f = function([i], outputs, mode=mode)
            for n in (2**61, 2**40, 2**32, LARGE):
                if n**2 > 2**62 or len(outputs[0].owner.inputs) == 2:
                    with pytest.raises((MemoryError, ValueError)):
                        f(n)


def test_rows_of_nothing():
    m = T.dmatrix("m")
    outputs = [T.softmax(m), T.log_softmax(m), T.dot(m, m.T), T.sum(m, axis=0), T.prod(m, axis=1)]
    outputs += [T.join(0, m, m), m[::-1], T.tanh(m).T, T.sum(m), m.reshape((-1, 1)), m + m[:1]]
    for shape in ((0, 0), (0, 3), (3, 0), (1, 1)):
        check([m], outputs[:-1], [(np.ones(shape),)], rtol=1e-14)


def test_softmax_of_what_is_not_finite():
    m = T.dmatrix("m")
    rows = [[1, np.nan], [np.inf, 1], [-np.inf, -np.inf], [-np.inf, 2], [1e308, -1e308], [1000, 0]]
    check([m], [T.softmax(m), T.log_softmax(m)], [(np.array(rows),)], rtol=1e-14)


def test_axes_of_length_one_that_were_not_known():
    x, y = T.dmatrix("x"), T.dmatrix("y")
    row = TensorType("float64", (1, None))("row")
    for layout in (np.ones((1, 4)), np.ones((4, 8))[::5, ::2], np.asfortranarray(np.ones((1, 4)))):
        check([x, y, row], [x + y, x * row, T.dot(x, y.T), T.tanh(x).T], [(layout, layout, layout)])
    check([x, y], [x + y], [(np.ones((1, 4)), np.ones((3, 4)))])


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int32", "uint32", "int64"])
def test_index_vectors_of_every_dtype_and_layout(dtype):
    m, rows = T.dmatrix("m"), TensorType(dtype, (None,))("rows")
    outputs = [m[rows], T.inc_subtensor(m[rows], 1.0), T.set_subtensor(m[rows], m[rows] * 2)]
    array = np.arange(400.0).reshape(200, 2)
    index = np.array([100, 3, 0, 3, 120, 5], dtype)
    flipped = array[::-1, ::-1]
    check([m, rows], outputs, [(array, index), (flipped, index[::-2]), (array, index[:0])])


@pytest.mark.parametrize("dtype", ["int64", "uint8", "bool"])
def test_a_reduction_is_in_c_what_its_row_says(dtype, monkeypatch):
    row = Reduction("parity", np.bitwise_xor, identity=lambda dtype: np.zeros((), dtype)[()])
    monkeypatch.setitem(reductions._rules, scalar.xor, row)
    x = np.random.default_rng(3).integers(0, 100, (40, 70)).astype(dtype)
    v = T.TensorType(dtype, (None, None))()
    reduced = [Reduce(scalar.xor, axes, dtype, dtype)(v) for axes in ((0,), (1,), (0, 1))]
    f = function([v], reduced, mode=Mode(linker="c", optimizer="None"))
    assert type(f.executable).__name__ == "Program"
    for given in (x, x[:0], x[:, ::-2]):
        for found, axes in zip(f(given), (0, 1, (0, 1)), strict=True):
            np.testing.assert_array_equal(found, np.bitwise_xor.reduce(given, axis=axes))


def test_a_reduction_that_openmp_has_not_is_declared(monkeypatch):
    known = reductions[scalar.maximum]
    row = Reduction("peak", np.maximum, known.identity, refuses_nothing=True)
    monkeypatch.setitem(reductions._rules, scalar.maximum, row)
    v = T.lmatrix()
    reduced = Reduce(scalar.maximum, (1,), "int64", "int64")(v)
    f = function([v], reduced, mode=Mode(linker="c", optimizer="None"))
    x = np.random.default_rng(3).integers(LEAST, LARGE, (5, 70))
    np.testing.assert_array_equal(f(x), x.max(axis=1))


def test_what_is_written_by_arrays_fits_or_is_refused_as_numpy_refuses_it():
    x, y = T.dmatrix("x"), T.dmatrix("y")
    one, places = TensorType("int64", (1,))("one"), T.lmatrix("places")
    written = [
        T.set_subtensor(x[one], y),
        T.set_subtensor(x[:, one], y),
        T.inc_subtensor(x[1:, one], y),
        T.set_subtensor(x[::2, places[0]], y),
        T.take_along_axis(x, places, 1).inc(y),
        T.take_along_axis(x, one.dimshuffle(0, "x"), 0).set(y[:1]),
    ]
    values, at = np.arange(12.0).reshape(4, 3), np.array([[0, 2], [1, 1], [-1, 0], [2, -3]])
    given = [
        (values, np.full(shape, 5.0), np.array([place]), at)
        for shape in [(1, 3), (3, 3), (4, 1), (4, 2), (2, 2), (3, 1), (0, 3)]
        for place in (0, -3, 3)
    ]
    for out in written:
        check([x, y, one, places], [out], given)
