"""What is finite as written is finite when rewritten, whatever the sizes of the numbers."""

import numpy as np
import pytest
from bitale_graph import FunctionGraph, Mode, config, function
from bitale_graph import language as T
from bitale_graph.tensor.conversion import as_tensor
from bitale_optimize import pipeline
from bitale_optimize.engine.rewrite import RewriteContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

AS_WRITTEN = Mode(linker="numpy", optimizer="None")
REWRITTEN = Mode(linker="numpy")
BINARY = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
}
UNARY = {"neg": lambda a: -a, "sqr": lambda a: a * a, "sum": lambda a: a.sum() + 0 * a}
CONSTANTS = [2.0, 0.25, 3.0, -1.0, 0.5, 1e-30, 1e30]


def forms():
    leaves = st.sampled_from(["x", "y", "z", "s"]) | st.sampled_from(CONSTANTS)

    def grow(children):
        binary = st.tuples(st.sampled_from(sorted(BINARY)), children, children)
        return binary | binary | st.tuples(st.sampled_from(sorted(UNARY)), children)

    return st.recursive(leaves, grow, max_leaves=7)


def built(form, inputs):
    if isinstance(form, tuple):
        parts = [built(p, inputs) for p in form[1:]]
        return (BINARY | UNARY)[form[0]](*parts)
    return inputs[form] if isinstance(form, str) else inputs["x"] * 0 + form


def exact(form, inputs, sizes=False):
    """The value in a wider format, or a bound of all that is added up to it."""
    if not isinstance(form, tuple):
        value = inputs[form] if isinstance(form, str) else np.longdouble(form) + 0 * inputs["x"]
        return abs(value) if sizes else value
    parts = [exact(p, inputs, sizes) for p in form[1:]]
    name = "+" if sizes and form[0] == "-" else form[0]
    if name == "sum":
        return parts[0].sum() + 0 * parts[0]
    return abs(parts[0]) if sizes and name == "neg" else (BINARY | UNARY)[name](*parts)


def drawn(rng, dtype, shape):
    info = np.finfo(dtype)
    low, high = np.log2(float(info.smallest_subnormal)), info.maxexp
    numbers = np.exp2(rng.uniform(low, high, shape).astype("longdouble"))
    numbers = np.minimum(numbers * rng.choice([-1, 1], shape), np.longdouble(info.max))
    edge = rng.choice([0.0, 1.0, info.max, -info.max, info.tiny, info.smallest_subnormal], shape)
    return np.where(rng.random(shape) < 0.3, edge, numbers).astype(dtype)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(form=forms(), seed=st.integers(0, 99), dtype=st.sampled_from(["float32", "float64"]))
def test_finite_values_stay_finite_and_close(form, seed, dtype):
    shapes = {"x": (3,), "y": (3,), "z": (3,), "s": ()}
    inputs = {n: T.TensorType(dtype, (None,) * len(s))(n) for n, s in shapes.items()}
    inputs = {n: v if n != "s" else T.scalar("s", dtype=dtype) for n, v in inputs.items()}
    rng = np.random.default_rng(seed)
    args = {n: drawn(rng, dtype, s) for n, s in shapes.items()}
    out = built(form, inputs) if isinstance(form, tuple) else inputs["x"]
    graph, _ = FunctionGraph.cloned(list(inputs.values()), [as_tensor(out)])
    with np.errstate(all="ignore"):
        run = function(list(inputs.values()), out, mode=AS_WRITTEN, on_unused_input="ignore")
        wanted = np.asarray(run(*args.values()))
        with config.change_flags(on_opt_error="raise"):
            mode = REWRITTEN.excluding("range", "fuse")
            pipeline.run(graph, RewriteContext(graph, mode))
        again = function(graph.inputs, graph.outputs, mode=AS_WRITTEN, on_unused_input="ignore")
        actual = np.asarray(again(*args.values())[0])
        wide = {n: a.astype("longdouble") for n, a in args.items()}
        truth = exact(form, wide) if isinstance(form, tuple) else wide["x"]
        bound = exact(form, wide, sizes=True) if isinstance(form, tuple) else abs(wide["x"])
        info = np.finfo(dtype)
        # At the very end of the range rounding alone makes the difference.
        finite = np.isfinite(wanted) & (abs(truth) < 0.999 * float(info.max))
        assert np.isfinite(actual[finite]).all(), (wanted, actual)
        allowed = 64 * (float(info.eps) * bound + float(info.smallest_subnormal))
        error, before = abs(actual - truth), abs(wanted - truth)
        known = finite & np.isfinite(truth) & np.isfinite(bound)
        assert (error <= allowed + 8 * before)[known].all(), (wanted, actual, truth)


x = T.fvector("x")
v, u = T.dvectors("v", "u")
s = T.dscalar("s")
p, q = T.dscalars("p", "q")
BIG = 3e38


@pytest.mark.parametrize(
    ("inputs", "output", "args", "expected"),
    [
        ([x], (x / 4).sum(), [np.full(4, BIG, "float32")], np.float32(BIG)),
        ([x], (x * np.float32(0.25)).sum(), [np.full(4, BIG, "float32")], np.float32(BIG)),
        ([x], T.mean(x / 4), [np.full(4, BIG, "float32")], np.float32(BIG / 4)),
        ([s, v], (s * v).sum(), [0.0, [1e308, 1e308]], 0.0),
        ([s, v], (v / s).sum(), [1e10, [1e308, 1e308]], 2e298),
        ([s, v], (v * s).sum(axis=0), [1e-10, [1e308, 1e308]], 2e298),
        ([s, p], s * p * s, [1e200, 1e-300], 1e100),
        ([s, p], s + p + s, [1e308, -1e308], 1e308),
        ([s, p, q], s - p + q + 1 - 1, [1.7e308, 1.7e308, 1.7e308], 1.7e308),
        ([s, p, q], 2 * (s * (p / q)) * 3, [1e300, 1e300, 1e300], 6e300),
        ([s], s * 1e-200 * 1e-110, [1e308], 1e-2),
        ([s, p, q], s * p * q / s * p, [1e-200, 1e200, 1e-100], 1e300),
        ([v], T.alloc(2.0, v.shape[0], *[2**20] * 4).sum(), [[1.0]], 2.0 * 2.0**80),
        ([s], 1e-154 * s * s * s, [1e110], 1e176),
    ],
)
@pytest.mark.parametrize("linker", ["numpy", "auto"])
def test_numbers_near_the_ends_of_the_range_are_kept(inputs, output, args, expected, linker):
    f = function(inputs, output, mode=Mode(linker=linker))
    np.testing.assert_allclose(f(*args), expected, rtol=1e-6)


def test_factors_leave_sums_on_request(rewriting):
    mode = REWRITTEN.including("sum_of_any_scaled")
    assert "sum_of_any_scaled" in rewriting.whole([s, v], (s * v).sum(), mode=mode).fired
    assert "sum_of_any_scaled" not in rewriting.whole([s, v], (s * v).sum(), mode=REWRITTEN).fired
    assert "sum_of_scaled" in rewriting.whole([v], (3.0 * v).sum(), mode=REWRITTEN).fired


@pytest.mark.parametrize("accumulator", ["bool", "int8", "int64"])
def test_a_sum_in_a_dtype_that_loses_terms_is_taken_as_it_is_written(accumulator):
    x, s = T.dmatrix("x"), T.dscalar("s")

    def total(terms, **keywords):
        return T.sum(terms, acc_dtype=accumulator, dtype="float64", **keywords)

    outputs = [
        total(x * 2, axis=1),
        total(-x, axis=1),
        total(T.ones_like(x) * 3.5),
        total(T.second(x, s), axis=0),
        T.log(total(T.exp(x), axis=1)),
        T.exp(x) / total(T.exp(x), axis=1, keepdims=True),
    ]
    values = np.array([[1.0, 2.0, 0.0], [3.0, 4.0, 1.0]]), 1.5
    modes = Mode(linker="numpy"), Mode(linker="numpy", optimizer="None")
    found, expected = (function([x, s], outputs, mode=mode)(*values) for mode in modes)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other)
