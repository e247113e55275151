"""The vector functions, compiled and held to wider arithmetic, to NumPy, and to the vectoriser."""

from __future__ import annotations

import ctypes
import itertools
import re
import shutil
import subprocess
from dataclasses import dataclass

import numpy as np
import pytest
from bitale_codegen_c.library.vector_math import FUNCTIONS, VectorFunction, source

FLAGS = [
    "-O3",
    "-march=native",
    "-fopenmp-simd",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-ffp-contract=fast",
    "-fwrapv",
    "-shared",
    "-fPIC",
    "-Wall",
    "-Wextra",
]
C_TYPES = {"float32": "float", "float64": "double"}
C_TYPES |= {f"{u}int{n}": f"__{u.upper()}INT{n}_TYPE__" for n in (8, 16, 32, 64) for u in ("", "u")}
INTEGERS = [dtype for dtype in C_TYPES if "int" in dtype]
BINARY = {"arctan2", "pow", "floordiv", "mod", "maximum", "minimum", "ipow", "gcd", "lcm"}

# In long double. The names are those of C but for these.
REFERENCES = {
    "arcsin": "asinl(x)",
    "arccos": "acosl(x)",
    "arctan": "atanl(x)",
    "arctan2": "atan2l(x, y)",
    "arcsinh": "asinhl(x)",
    "arccosh": "acoshl(x)",
    "arctanh": "atanhl(x)",
    "pow": "powl(x, y)",
    "sigmoid": "x < 0 ? expl(x) / (1 + expl(x)) : 1 / (1 + expl(-x))",
    "softplus": "(x > 0 ? x : 0) + log1pl(expl(-fabsl(x)))",
}
INEXACT = [f for f in FUNCTIONS.values() if f.max_ulp > 0]

# Where reductions, clamps, overflow and denormal results begin.
EDGES = [
    *[0.5, 1.0, 2.0, 3.0, 0.48, 0.625, 6.0, 28.0, 26.54, 26.64, 27.2, 9.19, 10.05, 4.1, 22.0],
    *[0.5**0.5, 2**0.5, 2**0.5 - 1, 2**0.5 + 1, np.pi / 4, np.pi / 2, np.pi, 355.0],
    *[88.72284, 87.33655, 103.27893, 103.97208, 89.41599, 126.0, 128.0, 149.0, 149.5, 150.0],
    *[709.782712893384, 708.3964185322641, 744.4400719213812, 745.1332191019411],
    *[710.4758600739439, 1022.0, 1024.0, 1074.0, 1074.5, 1075.0],
    *[2.0**47, 2.0**71, 2.0**95, 2.0**119, 1.999 * 2.0**46, 1.999 * 2.0**70, 1.999 * 2.0**94],
    *[2.0**60, 2.0**100, 16367173.0 * 2.0**72, 6381956970095103.0 * 2.0**797],
]


@dataclass(frozen=True)
class Compiled:
    """The loops over all functions, their references, and what the vectoriser reported."""

    loops: ctypes.CDLL
    references: ctypes.CDLL
    vectorised: frozenset[str]
    avx2: bool

    def call(self, function: VectorFunction, *arguments: np.ndarray) -> np.ndarray:
        out = np.empty_like(arguments[0])
        self._run(getattr(self.loops, f"loop_{function.c_name}"), out, *arguments)
        return out

    def exact(self, name: str, *arguments: np.ndarray) -> np.ndarray:
        out = np.empty(arguments[0].shape, np.longdouble)
        doubles = [a.astype(np.float64) for a in arguments]
        self._run(getattr(self.references, f"exact_{name}"), out, *doubles)
        return out

    @staticmethod
    def _run(function, *arrays):
        pointers = [ctypes.c_void_p(a.ctypes.data) for a in arrays]
        function(*pointers, ctypes.c_int64(arrays[0].size))


def loop(head: str, out: str, operand: str, value: str, arity: int) -> str:
    """One line of C: a function that stores ``value`` for each element."""
    operands = [f"const {operand} *restrict {a}" for a in "ab"[:arity]]
    parameters = ", ".join([f"{out} *restrict o", *operands, "__INT64_TYPE__ n"])
    body = f"for (__INT64_TYPE__ i = 0; i < n; i++) {value}"
    return f'void {head}({parameters}) {{ _Pragma("omp simd") {body} }}'


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    compiler = shutil.which("gcc")
    if compiler is None:
        pytest.skip("no gcc on the path; the functions are text for a C compiler")
    folder = tmp_path_factory.mktemp("vector_math")
    lines = source(f.c_name for f in FUNCTIONS.values()).splitlines()
    names = {}
    for f in FUNCTIONS.values():
        arity = 2 if f.name in BINARY else 1
        value = f"o[i] = {f.c_name}({', '.join(['a[i]', 'b[i]'][:arity])});"
        c_type = C_TYPES[f.dtype]
        lines.append(loop(f"loop_{f.c_name}", c_type, c_type, value, arity))
        names[len(lines)] = f.c_name
    gather = "o[i] = bt_two_over_pi_f64[0][(int)a[i] & 31];"
    lines.append(loop("loop_gather", "double", "double", gather, 1))
    names[len(lines)] = "gather"
    (folder / "loops.c").write_text("\n".join(lines) + "\n")

    lines = ["#include <math.h>"]
    for name in sorted({f.name for f in INEXACT}):
        arity = 2 if name in BINARY else 1
        operands = "long double x = a[i];" + (" long double y = b[i];" if arity == 2 else "")
        value = f"{{ {operands} o[i] = {REFERENCES.get(name, f'{name}l(x)')}; }}"
        lines.append(loop(f"exact_{name}", "long double", "double", value, arity))
    (folder / "exact.c").write_text("\n".join(lines) + "\n")

    def run(*arguments):
        done = subprocess.run(
            [compiler, *arguments], cwd=folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert "warning:" not in done.stderr, done.stderr
        return done

    report = run(*FLAGS, "-fopt-info-vec-optimized", "loops.c", "-o", "loops.so", "-lm").stderr
    run("-O1", "-shared", "-fPIC", "exact.c", "-o", "exact.so", "-lm")
    found = re.findall(r"^loops\.c:(\d+):\d+: optimized: loop vectorized", report, re.MULTILINE)
    return Compiled(
        ctypes.CDLL(str(folder / "loops.so")),
        ctypes.CDLL(str(folder / "exact.so")),
        frozenset(names[int(number)] for number in found if int(number) in names),
        "__AVX2__" in run("-march=native", "-dM", "-E", "-x", "c", "/dev/null").stdout,
    )


def special_values(dtype):
    info = np.finfo(dtype)
    tiny = [info.smallest_subnormal, info.tiny, info.eps]
    values = [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 1e10, info.max, np.inf, *tiny, 1 - info.epsneg]
    return np.array([*values, *np.negative(values), np.nan], dtype)


def samples(dtype, rng):
    """All exponents, multiples of pi/2, the edges with their neighbours, and uniform draws."""
    unsigned = np.uint32 if dtype == "float32" else np.uint64
    bits = rng.integers(0, np.iinfo(unsigned).max, 20_000, unsigned, endpoint=True)
    bits = bits.view(dtype)
    steps = [np.array([e for e in EDGES if e < float(np.finfo(dtype).max)], dtype)]
    for towards in (np.inf, -np.inf):
        step = steps[0]
        for _ in range(6):
            step = np.nextafter(step, np.array(towards, dtype))
            steps.append(step)
    turns = (np.arange(1, 4000) * (np.pi / 2)).astype(dtype)
    halves = np.concatenate([*steps, turns])
    widths = (1e-3, 0.1, 1.0, 3.0, 6.0, 30.0, 110.0, 750.0)
    uniform = [rng.uniform(-w, w, 6000).astype(dtype) for w in widths]
    near_one = [(1 + rng.uniform(-w, w, 3000)).astype(dtype) for w in (0.5, 1e-3, 1e-6)]
    parts = [special_values(dtype), bits[~np.isnan(bits)], halves, -halves, *uniform, *near_one]
    return np.concatenate(parts)


def errors_in_ulp(got, want):
    """Distances in units in the last place of ``want``; infinite where the kinds differ."""
    info = np.finfo(got.dtype)
    with np.errstate(all="ignore"):
        rounded = want.astype(got.dtype)
        _, exponent = np.frexp(np.where(np.isfinite(want), np.abs(want), 1))
        last = np.ldexp(np.longdouble(1), np.maximum(exponent - 1, info.minexp) - info.nmant)
        distance = (np.abs(got - want) / last).astype(np.float64)
    same = (got == rounded) | (np.isnan(got) & np.isnan(want))
    finite = np.isfinite(got) & np.isfinite(rounded)
    return np.where(finite, distance, np.where(same, 0.0, np.inf))


@pytest.mark.slow
@pytest.mark.parametrize("function", INEXACT, ids=lambda f: f.c_name)
def test_error_is_within_the_stated_bound(compiled, function):
    if np.finfo(np.longdouble).nmant < 63:
        pytest.skip("long double is no wider than double here")
    rng = np.random.default_rng(11)
    x = samples(function.dtype, rng)
    arguments = [x]
    if function.name in BINARY:
        x = np.concatenate([x, np.abs(x)])
        y = rng.permutation(x)
        y[::2] = rng.uniform(-20, 20, y[::2].size)
        arguments = [x, y]
    got = compiled.call(function, *arguments)
    want = compiled.exact(function.name, *arguments)
    errors = errors_in_ulp(got, want)
    worst = int(np.argmax(errors))
    at = [a[worst] for a in arguments]
    assert errors[worst] <= function.max_ulp, f"{at}: {got[worst]!r}, exact {want[worst]!r}"
    zero = want == 0
    np.testing.assert_array_equal(np.signbit(got[zero]), np.signbit(want[zero]))


def same_kind(got, want):
    """NaN, infinities and zeros agree, the last two with their signs."""
    np.testing.assert_array_equal(np.isnan(got), np.isnan(want))
    for mask in (np.isinf(want), want == 0):
        np.testing.assert_array_equal(got[mask], want[mask])
        np.testing.assert_array_equal(np.signbit(got[mask]), np.signbit(want[mask]))


@pytest.mark.parametrize("function", INEXACT, ids=lambda f: f.c_name)
def test_special_values_are_numpys(compiled, function):
    x = special_values(function.dtype)
    with np.errstate(all="ignore"):
        if function.name in BINARY:
            pairs = np.array(list(itertools.product(x, x)), function.dtype).T
            x, y = (np.ascontiguousarray(operand) for operand in pairs)
            numpy_function = {"pow": np.power, "arctan2": np.arctan2}[function.name]
            same_kind(compiled.call(function, x, y), numpy_function(x, y))
        elif function.name == "sigmoid":
            same_kind(compiled.call(function, x), 1 / (1 + np.exp(-x)))
        elif function.name == "softplus":
            same_kind(compiled.call(function, x), np.logaddexp(x, 0))
        elif function.name not in {"erf", "erfc"}:  # NumPy has them not; the test above does
            same_kind(compiled.call(function, x), getattr(np, function.name)(x))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_exact_cases(compiled, dtype):
    info = np.finfo(dtype)
    powers = np.arange(info.minexp - info.nmant, info.maxexp).astype(dtype)
    two_to = np.exp2(powers.astype(np.longdouble)).astype(dtype)
    np.testing.assert_array_equal(compiled.call(FUNCTIONS["exp2", dtype], powers), two_to)
    np.testing.assert_array_equal(compiled.call(FUNCTIONS["log2", dtype], two_to), powers)
    one = np.ones(1, dtype)
    for name, value in [("exp", 0), ("cosh", 0), ("cos", 0), ("erfc", 0), ("sigmoid", np.inf)]:
        argument = np.array([value], dtype)
        np.testing.assert_array_equal(compiled.call(FUNCTIONS[name, dtype], argument), one)
    for name in ("tanh", "erf"):
        argument = np.array([-40, 40], dtype)
        np.testing.assert_array_equal(compiled.call(FUNCTIONS[name, dtype], argument), [-1, 1])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_powers_of_integers_are_exact(compiled, dtype):
    digits = np.finfo(dtype).nmant + 1
    cases = [
        (float(x), float(y), float(x**y))
        for x in range(-1000, 1001)
        for y in range(digits)
        if abs(x) ** y < 2**digits
    ]
    x, y, want = np.array(cases, dtype).T.copy()
    np.testing.assert_array_equal(compiled.call(FUNCTIONS["pow", dtype], x, y), want)


@pytest.mark.parametrize("name", ["sin", "cos"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_sine_and_cosine_are_not_above_one(compiled, name, dtype):
    turns = (np.arange(-4000, 4000) * (np.pi / 2)).astype(dtype)
    x = np.concatenate([turns + step for step in np.linspace(-2e-3, 2e-3, 101, dtype=dtype)])
    assert np.abs(compiled.call(FUNCTIONS[name, dtype], x)).max() <= 1


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("floordiv", np.floor_divide),
        ("mod", np.mod),
        ("maximum", np.maximum),
        ("minimum", np.minimum),
    ],
)
def test_binary_functions_equal_numpys(compiled, name, reference, dtype):
    rng = np.random.default_rng(5)
    x, y = np.array(list(itertools.product(special_values(dtype), repeat=2)), dtype).T
    draws = [rng.uniform(-w, w, (2, 2000)).astype(dtype) for w in (1, 10, 1e5)]
    whole = rng.integers(-9, 10, (2, 2000)).astype(dtype)
    x, y = np.concatenate([np.stack([x, y]), *draws, whole], axis=1)
    x, y = x.copy(), y.copy()
    with np.errstate(all="ignore"):
        want = reference(x, y)
    got = compiled.call(FUNCTIONS[name, dtype], x, y)
    np.testing.assert_array_equal(got, want)
    if name in {"floordiv", "mod"}:
        same_kind(got, want)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("name", "reference"), [("sign", np.sign), ("round", np.rint)])
def test_unary_functions_equal_numpys(compiled, name, reference, dtype):
    halves = np.arange(-8, 8.5, 0.5, dtype)
    x = np.concatenate([special_values(dtype), halves])
    got = compiled.call(FUNCTIONS[name, dtype], x)
    np.testing.assert_array_equal(got, reference(x))
    same_kind(got, reference(x))


def integer_pairs(dtype):
    info = np.iinfo(dtype)
    near = [info.min, info.min + 1, info.max, info.max - 1, info.max // 2, *range(8)]
    near += [-n for n in range(1, 8) if info.min < 0]
    rng = np.random.default_rng(3)
    draws = rng.integers(info.min, info.max, (2, 3000), dtype, endpoint=True)
    small = rng.integers(max(info.min, -20), 20, (1, 3000), dtype)
    grid = np.array(list(itertools.product(near, near)), dtype).T
    return np.concatenate([grid, draws, np.concatenate([draws[:1], small])], axis=1)


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize(("name", "reference"), [("floordiv", np.floor_divide), ("mod", np.mod)])
def test_integer_division_equals_numpys(compiled, name, reference, dtype):
    x, y = (row.copy() for row in integer_pairs(dtype))
    with np.errstate(all="ignore"):
        want = reference(x, y)
    np.testing.assert_array_equal(compiled.call(FUNCTIONS[name, dtype], x, y), want)


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize(("name", "reference"), [("gcd", np.gcd), ("lcm", np.lcm)])
def test_common_divisors_and_multiples_equal_numpys(compiled, name, reference, dtype):
    x, y = (row.copy() for row in integer_pairs(dtype))
    np.testing.assert_array_equal(compiled.call(FUNCTIONS[name, dtype], x, y), reference(x, y))


@pytest.mark.parametrize("dtype", INTEGERS)
def test_integer_power_wraps_as_numpys(compiled, dtype):
    x, y = integer_pairs(dtype)
    allowed = y >= 0
    x, y = x[allowed].copy(), y[allowed].copy()
    got = compiled.call(FUNCTIONS["ipow", dtype], x, y)
    np.testing.assert_array_equal(got, np.power(x, y))


@pytest.mark.parametrize("dtype", [dtype for dtype in INTEGERS if dtype.startswith("int")])
def test_integer_power_truncates_for_negative_exponents(compiled, dtype):
    x = np.array([1, 1, -1, -1, 2, -7, 0], dtype)
    y = np.array([-1, -2, -1, -2, -1, -3, -1], dtype)
    got = compiled.call(FUNCTIONS["ipow", dtype], x, y)
    np.testing.assert_array_equal(got, [1, 1, -1, 1, 0, 0, 0])


def test_loops_are_vectorised_as_stated(compiled):
    if not compiled.avx2:
        pytest.skip("the table speaks of machines with AVX2")
    gathers = "gather" in compiled.vectorised
    stated = {
        f.c_name
        for f in FUNCTIONS.values()
        if f.vectorised and (gathers or f.dtype == "float32" or f.name not in {"sin", "cos", "tan"})
    }
    assert not stated - compiled.vectorised


def test_empty_arrays(compiled):
    empty = np.empty(0, "float32")
    assert compiled.call(FUNCTIONS["exp", "float32"], empty).size == 0


def test_table_agrees_with_the_text():
    for f in FUNCTIONS.values():
        assert re.search(rf"^{f.c_name}\(", source([f.c_name]), re.MULTILINE)
        assert 0 <= f.max_ulp <= 4
    assert len({f.c_name for f in FUNCTIONS.values()}) == len(FUNCTIONS)


def test_every_function_brings_what_its_text_uses():
    definition = r"^(bt_\w+)\(|^(?:typedef|static const) .*?\b(bt_\w+)[;\[]"
    for f in FUNCTIONS.values():
        text = source([f.c_name])
        defined = {a or b for a, b in re.findall(definition, text, re.M)}
        assert set(re.findall(r"\bbt_\w+", text)) == defined


def test_source_holds_each_definition_once_and_after_what_it_needs():
    text = source(["bt_softplus_f64", "bt_exp_f64", "bt_softplus_f64"])
    assert text == source(["bt_exp_f64", "bt_softplus_f64"])
    order = [text.index(f"\n{name}(") for name in ("bt_exp_shift_f64", "bt_exp_f64")]
    assert order == sorted(order)
    assert text.count("\nbt_exp_f64(") == 1
    assert "bt_sin" not in text
    assert not source([])


def test_unknown_names_are_refused():
    with pytest.raises(LookupError, match="no vector function is called bt_nothing_f64"):
        source(["bt_exp_f64", "bt_nothing_f64"])
