"""Values and derivatives are those of the mathematics, however a program writes it."""

import warnings

import bitale
import bitale.tensor as T
import numpy as np
import pytest
import scipy.special as sp
from bitale import Mode

LINKERS = ["numpy", "auto"]
x = T.matrix("x", dtype="float64")
k = T.lvector("k")
rows = T.arange(x.shape[0])
softmax = T.nnet.softmax
crossentropy = T.nnet.categorical_crossentropy


def written(a, axis=1):
    return T.exp(a) / T.exp(a).sum(axis=axis, keepdims=True)


def shifted(a):
    e = T.exp(a - a.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def by_column(a):
    e = T.exp(a)
    return e / e.sum(axis=1).dimshuffle(0, "x")


def in_loop(step):
    return lambda a, t: bitale.scan(step, sequences=[a, t])[0]


def looped_rows(a, t):
    loss, _ = bitale.scan(
        lambda b, s: crossentropy(softmax(b.dimshuffle("x", 0)), s.dimshuffle("x"))[0],
        sequences=[a, t],
    )
    return loss


LOSSES = {
    "of a softmax": lambda a, t: crossentropy(softmax(a), t),
    "in a loop": looped_rows,
    "picked in a loop": in_loop(lambda b, s: -T.log(softmax(b)[s])),
    "written in a loop": in_loop(lambda b, s: -T.log((T.exp(b) / T.exp(b).sum())[s])),
    "picked": lambda a, t: -T.log(softmax(a)[T.arange(a.shape[0]), t]),
    "picked from the transpose": lambda a, t: -T.log(softmax(a).T[t, T.arange(a.shape[0])]),
    "logarithm of the transpose": lambda a, t: -T.log(softmax(a).T)[t, T.arange(a.shape[0])],
    "of a reshape": lambda a, t: crossentropy(softmax(a).reshape((-1, 3)), t),
    "of a reshaped reshape": lambda a, t: crossentropy(
        softmax(a).reshape((a.shape[0], 1, 3)).reshape((-1, 3)), t
    ),
    "picked from a flat one": lambda a, t: (
        -T.log(softmax(a).flatten()[3 * T.arange(a.shape[0]) + t])
    ),
    "of turned rows": lambda a, t: -T.log(softmax(a)[::-1][T.arange(a.shape[0]), t[::-1]])[::-1],
    "of joined rows": lambda a, t: (
        -T.log(T.concatenate([softmax(a), softmax(2 * a)])[T.arange(a.shape[0]), t])
    ),
    "masked": lambda a, t: T.switch(T.ge(t, 0), -T.log(softmax(a)[T.arange(a.shape[0]), t]), 0.0),
    "masked in front": lambda a, t: (
        -T.log(T.switch(T.ge(t, 0), softmax(a)[T.arange(a.shape[0]), t], 1.0))
    ),
    "with one hot rows": lambda a, t: (
        -(T.log(softmax(a)) * T.eq(t.dimshuffle(0, "x"), np.arange(3))).sum(axis=1)
    ),
    "written out": lambda a, t: -T.log(written(a)[T.arange(a.shape[0]), t]),
    "written out, of probabilities": lambda a, t: crossentropy(written(a), t),
    "written out, shifted": lambda a, t: -T.log(shifted(a)[T.arange(a.shape[0]), t]),
    "written out, by a column": lambda a, t: -T.log(by_column(a).T[t, T.arange(a.shape[0])]),
    "written out, along the first axis": lambda a, t: (
        -T.log(written(a.T, 0)[t, T.arange(a.shape[0])])
    ),
    "log-sum-exp": lambda a, t: T.log(T.exp(a).sum(axis=1)) - a[T.arange(a.shape[0]), t],
    "with another axis": lambda a, t: (
        -T.log(softmax(a.dimshuffle(0, "x", 1))[T.arange(a.shape[0]), 0, t])
    ),
    "a doubled logarithm": lambda a, t: -T.log(T.sqr(softmax(a)[T.arange(a.shape[0]), t])) / 2,
    "summed behind a mask": lambda a, t: (
        -T.log((softmax(a) * T.eq(t.dimshuffle(0, "x"), np.arange(3))).sum(axis=1))
    ),
    "by a root": lambda a, t: -2 * T.log(T.sqrt(softmax(a)[T.arange(a.shape[0]), t])),
    "of another base": lambda a, t: -np.log(2) * T.log2(softmax(a)[T.arange(a.shape[0]), t]),
    "element by element": lambda a, t: T.stack([-T.log(softmax(a)[i][t[i]]) for i in range(4)]),
    "scaled": lambda a, t: -T.log(0.5 * softmax(a)[T.arange(a.shape[0]), t]) - np.log(2),
}
ROWS = np.array([[1100.0, 0.0, -5.0], [0.0, 1.0, 2.0], [-900.0, 900.0, 0.0], [3.0, 3.0, 3.0]])
TARGETS = np.array([1, 2, 0, 1])


@pytest.mark.parametrize("linker", LINKERS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", LOSSES)
def test_crossentropy_has_its_value_and_gradient(name, dtype, linker):
    a = T.matrix("a", dtype=dtype)
    loss = LOSSES[name](a, k)
    f = bitale.function([a, k], [loss, T.grad(loss.sum(), a)], mode=Mode(linker=linker))
    value, gradient = f(ROWS.astype(dtype), TARGETS)
    probability = sp.softmax(ROWS, axis=1)
    hot = TARGETS[:, None] == np.arange(3)
    rtol = 1e-4 if dtype == "float32" else 1e-11
    np.testing.assert_allclose(value, -sp.log_softmax(ROWS, axis=1)[hot], rtol=rtol)
    np.testing.assert_allclose(
        gradient, probability - hot, rtol=rtol, atol=1e-6 if dtype == "float32" else 1e-14
    )


def test_the_row_of_the_issue():
    a = T.fmatrix("a")
    loss = -T.log(softmax(a).T[k, T.arange(a.shape[0])])
    f = bitale.function([a, k], [loss, T.grad(loss.sum(), a)])
    value, gradient = f(np.array([[110, 0]], "float32"), [1])
    assert value.tolist() == [110]
    assert gradient.tolist() == [[1, -1]]


def log1mexp(v):
    return np.where(v > -np.log(2), np.log(-np.expm1(v)), np.log1p(-np.exp(v)))


def log_erfc(v):
    return np.log(2) + sp.log_ndtr(-v * np.sqrt(2))


WIDE = np.array([-800.0, -30.0, -1e-3, 0.0, 1e-20, 0.7, 30.0, 800.0])
BELOW = np.array([-700.0, -50.0, -1.0, -0.5, -1e-10, -1e-20])
ERROR = np.array([-30.0, -1.0, -1e-9, 0.0, 0.3, 1.0, 2.0, 9.5, 24.9, 25.1, 30.0, 1e4])
root = np.sqrt(2)
FUNCTIONS = {
    "softplus": (lambda v: T.log(1 + T.exp(v)), WIDE, lambda v: np.logaddexp(0, v), sp.expit),
    "softplus of -v": (
        lambda v: T.log1p(T.exp(-v)),
        WIDE,
        lambda v: np.logaddexp(0, -v),
        lambda v: -sp.expit(-v),
    ),
    "log of a written sigmoid": (
        lambda v: T.log(1 / (1 + T.exp(-v))),
        WIDE,
        sp.log_expit,
        lambda v: sp.expit(-v),
    ),
    "log of another written sigmoid": (
        lambda v: T.log(T.exp(v) / (1 + T.exp(v))),
        WIDE,
        sp.log_expit,
        lambda v: sp.expit(-v),
    ),
    "log of what a sigmoid lacks": (
        lambda v: T.log(1 - 1 / (1 + T.exp(-v))),
        WIDE,
        lambda v: sp.log_expit(-v),
        lambda v: -sp.expit(v),
    ),
    "log of a reshaped sigmoid": (
        lambda v: T.log(T.nnet.sigmoid(v).reshape((2, 4))).flatten(),
        WIDE,
        sp.log_expit,
        lambda v: sp.expit(-v),
    ),
    "log of what a reshaped sigmoid lacks": (
        lambda v: T.log(1 - T.nnet.sigmoid(v).reshape((2, 4))).flatten(),
        WIDE,
        lambda v: sp.log_expit(-v),
        lambda v: -sp.expit(v),
    ),
    "crossentropy by hand": (
        lambda v: -(0.3 * T.log(T.nnet.sigmoid(v)) + 0.7 * T.log(1 - T.nnet.sigmoid(v))),
        WIDE,
        lambda v: np.logaddexp(0, v) - 0.3 * v,
        lambda v: sp.expit(v) - 0.3,
    ),
    "crossentropy by hand of a written sigmoid": (
        lambda v: -(0.3 * T.log(1 / (1 + T.exp(-v))) + 0.7 * T.log(1 - 1 / (1 + T.exp(-v)))),
        WIDE,
        lambda v: np.logaddexp(0, v) - 0.3 * v,
        lambda v: sp.expit(v) - 0.3,
    ),
    "binary crossentropy of a row": (
        lambda v: T.nnet.binary_crossentropy(T.nnet.sigmoid(v).dimshuffle("x", 0), 0.3)[0],
        WIDE,
        lambda v: np.logaddexp(0, v) - 0.3 * v,
        lambda v: sp.expit(v) - 0.3,
    ),
    "sigmoid": (
        lambda v: T.exp(v) / (T.exp(v) + 1),
        WIDE,
        sp.expit,
        lambda v: sp.expit(v) * sp.expit(-v),
    ),
    "tanh": (
        lambda v: (T.exp(v) - T.exp(-v)) / (T.exp(v) + T.exp(-v)),
        WIDE,
        np.tanh,
        lambda v: 1 / np.cosh(np.clip(v, -300, 300)) ** 2,
    ),
    "tanh of one exp": (
        lambda v: (T.exp(2 * v) - 1) / (T.exp(2 * v) + 1),
        WIDE,
        np.tanh,
        lambda v: 1 / np.cosh(np.clip(v, -300, 300)) ** 2,
    ),
    "tanh of another exp": (
        lambda v: (1 - T.exp(-2 * v)) / (1 + T.exp(-2 * v)),
        WIDE,
        np.tanh,
        lambda v: 1 / np.cosh(np.clip(v, -300, 300)) ** 2,
    ),
    "log of 1 - tanh": (
        lambda v: T.log(1 - T.tanh(v)),
        WIDE,
        lambda v: np.log(2) - np.logaddexp(0, 2 * v),
        lambda v: -1 - np.tanh(v),
    ),
    "log of 1 - exp": (lambda v: T.log(1 - T.exp(v)), BELOW, log1mexp, lambda v: 1 / -np.expm1(-v)),
    "log1p of -exp": (lambda v: T.log1p(-T.exp(v)), BELOW, log1mexp, lambda v: 1 / -np.expm1(-v)),
    "log of -expm1": (lambda v: T.log(-T.expm1(v)), BELOW, log1mexp, lambda v: 1 / -np.expm1(-v)),
    "log of 1 - exp of -v": (
        lambda v: T.log(1 - T.exp(-v)),
        -BELOW,
        lambda v: log1mexp(-v),
        lambda v: 1 / np.expm1(np.minimum(v, 709)),
    ),
    "log of erfc": (
        lambda v: T.log(T.erfc(v)),
        ERROR,
        log_erfc,
        lambda v: -2 / np.sqrt(np.pi) / sp.erfcx(v),
    ),
    "log of 1 - erf": (
        lambda v: T.log(1 - T.erf(v)),
        ERROR,
        log_erfc,
        lambda v: -2 / np.sqrt(np.pi) / sp.erfcx(v),
    ),
    "log of the normal distribution": (
        lambda v: T.log(0.5 * (1 + T.erf(v / root))),
        -ERROR,
        sp.log_ndtr,
        lambda v: np.sqrt(2 / np.pi) / sp.erfcx(-v / root),
    ),
    "log of a sum of exps": (
        lambda v: T.log(T.exp(v) + T.exp(2 * v)),
        WIDE,
        lambda v: np.logaddexp(v, 2 * v),
        lambda v: 1 + sp.expit(v),
    ),
    "log of three exps": (
        lambda v: T.log(T.exp(v) + T.exp(2 * v) + T.exp(3 * v)),
        WIDE,
        lambda v: np.logaddexp(np.logaddexp(v, 2 * v), 3 * v),
        lambda v: sp.softmax([v, 2 * v, 3 * v], axis=0).T @ [1, 2, 3],
    ),
    "log of a product of exps": (
        lambda v: T.log(T.exp(v) * T.nnet.sigmoid(v)),
        WIDE,
        lambda v: v + sp.log_expit(v),
        lambda v: 1 + sp.expit(-v),
    ),
    "a root of exps": (
        lambda v: T.log(T.sqrt(T.exp(v) + T.exp(-v))),
        WIDE,
        lambda v: np.logaddexp(v, -v) / 2,
        lambda v: np.tanh(v) / 2,
    ),
}
REDUCTIONS = {
    "the sum of exps": (lambda v: T.log(T.sum(T.exp(v))), 0.0),
    "their mean": (lambda v: T.log(T.mean(T.exp(v))), -np.log(8)),
    "half of it": (lambda v: T.log(T.sum(T.exp(v)) / 2), -np.log(2)),
    "scaled": (lambda v: T.log(T.sum(3 * T.exp(v))), np.log(3)),
    "less the largest": (lambda v: T.max(v) + T.log(T.sum(T.exp(v - T.max(v)))), 0.0),
    "of a matrix": (lambda v: T.log(T.sum(T.exp(v.reshape((2, 4))))), 0.0),
    "by rows": (lambda v: T.log(T.sum(T.sum(T.exp(v.reshape((2, 4))), axis=1))), 0.0),
}


@pytest.mark.parametrize("linker", LINKERS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("loop", [False, True], ids=["", "in a loop"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_have_their_values_and_derivatives(name, loop, dtype, linker):
    build, points, value, slope = FUNCTIONS[name]
    if dtype == "float32":
        points = np.clip(points, -200, 200)
    points = points.astype(dtype)
    v = T.vector("v", dtype=dtype)
    if loop and "resh" not in name and "row" not in name:
        y, _ = bitale.scan(build, sequences=v)
    else:
        y = build(v)
    f = bitale.function([v], [y, T.grad(y.sum(), v)], mode=Mode(linker=linker))
    made, gradient = f(points)
    rtol, atol = (2e-5, 3e-7) if dtype == "float32" else (1e-11, 5e-15)
    with np.errstate(all="ignore"):
        wide = points.astype("float64")
        np.testing.assert_allclose(
            made,
            value(wide),
            rtol=rtol,
            atol=atol if name not in FUNCTIONS or "1 - exp" not in name else 1e-40,
        )
        np.testing.assert_allclose(gradient, slope(wide), rtol=rtol, atol=atol)


@pytest.mark.parametrize("linker", LINKERS)
@pytest.mark.parametrize("name", REDUCTIONS)
@pytest.mark.parametrize("offset", [0.0, 1e3, -1e3, 1e6])
def test_sums_of_exps_have_their_logarithm_and_its_derivative(name, offset, linker):
    build, more = REDUCTIONS[name]
    v = T.dvector("v")
    y = build(v)
    f = bitale.function([v], [y, T.grad(y, v)], mode=Mode(linker=linker))
    points = np.arange(8.0) / 4 + offset
    made, gradient = f(points)
    np.testing.assert_allclose(made, sp.logsumexp(points) + more, rtol=1e-12)
    np.testing.assert_allclose(gradient, sp.softmax(points), rtol=1e-9)


@pytest.mark.parametrize(
    "of", [T.erfc, lambda u: 1 - T.erf(u), lambda u: 1 - T.exp(-u)], ids=["erfc", "1-erf", "1-exp"]
)
def test_of_what_is_a_number_no_form_is_made_again_and_again(of):
    k = T.lvector("k")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        f = bitale.function([k], T.log(of(k / k)))
    one = bitale.function([], T.log(of(T.constant(1.0))))()
    np.testing.assert_allclose(f([3, 2]), [one, one], rtol=1e-14)


def test_a_mean_that_is_kept_less_its_own_mean_is_rewritten():
    v = T.TensorType("float64", (None, 1))("v")
    mean = T.mean(v, axis=0, keepdims=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        f = bitale.function([v], (mean - T.mean(mean)) / (T.std(mean) + 1e-6))
    np.testing.assert_array_equal(f([[1.0], [2.0]]), [[0.0]])


def test_infinities_and_nan_are_kept():
    v = T.dvector("v")
    f = bitale.function([v], [T.log(T.erfc(v)), T.log(1 + T.exp(v)), T.log(T.exp(v) + T.exp(-v))])
    erfc, plus, sums = f([np.inf, -np.inf, np.nan])
    np.testing.assert_array_equal(erfc, [-np.inf, np.log(2), np.nan])
    np.testing.assert_array_equal(plus, [np.inf, 0, np.nan])
    np.testing.assert_array_equal(sums, [np.inf, np.inf, np.nan])
    with np.errstate(all="ignore"):
        g = bitale.function([v], T.log(1 - T.exp(v)))
        np.testing.assert_array_equal(g([0.0, 1.0, -np.inf]), [-np.inf, np.nan, 0.0])


OF_NONE = {
    "log of a sum": lambda a: T.log(T.exp(a).sum(axis=1)),
    "of all": lambda a: T.log(T.exp(a).sum()),
    "to the base 2": lambda a: T.log2(T.exp(a).sum(axis=1)),
    "log1p": lambda a: T.log1p(T.exp(a).sum(axis=1)),
    "of sigmoids": lambda a: T.log(T.nnet.sigmoid(a).sum(axis=1)),
    "of a scaled sum": lambda a: T.log(3 * T.exp(-a).sum(axis=1)),
    "derivative": lambda a: T.grad(T.log(T.exp(a).sum()), a),
    "in a loop": lambda a: bitale.scan(lambda b: T.log(T.exp(b).sum()), sequences=a)[0],
}


@pytest.mark.parametrize("linker", LINKERS)
@pytest.mark.parametrize("form", OF_NONE)
@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0)])
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_the_logarithm_of_a_sum_of_nothing_is_no_error(form, shape, linker):
    output = OF_NONE[form](x)
    f = bitale.function([x], output, mode=Mode(linker=linker))
    plain = bitale.function([x], output, mode=Mode(linker="numpy", optimizer="None"))
    np.testing.assert_array_equal(f(np.zeros(shape)), plain(np.zeros(shape)))


def test_the_largest_of_nothing_is_an_error_as_before():
    f = bitale.function([x], T.log(T.exp(x).sum(axis=1)) + x.max(axis=1))
    with pytest.raises(ValueError, match="empty axis"):
        f(np.zeros((3, 0)))


@pytest.mark.parametrize("linker", LINKERS)
def test_derivatives_by_way_of_no_copies_are_zero(linker):
    n, v = T.lscalar("n"), T.dvector("v")
    mean = T.mean(T.alloc(x, n, *(x.shape[a] for a in range(2))))
    f = bitale.function([x, n], T.grad(mean, x), mode=Mode(linker=linker))
    assert f(np.ones((1, 1)), 0).tolist() == [[0.0]]
    assert f(np.ones((1, 2)), 3).tolist() == [[0.5, 0.5]]
    g = bitale.function([x, v], T.grad(T.sum(T.ones_like(x) / v), v), mode=Mode(linker=linker))
    assert g(np.ones((0, 2)), [0.0, 1.0]).tolist() == [0, 0]
    assert g(np.ones((2, 2)), [0.5, 1.0]).tolist() == [-8, -2]


SIGNED = {
    "square": lambda u, w: T.log2(w**2),
    "product": lambda u, w: T.log(u * u),
    "of opposite signs": lambda u, w: T.log(u * -w),
    "quotient": lambda u, w: T.log(u / -w),
    "fourth power": lambda u, w: T.log(T.sqr(w) * T.sqr(u)),
    "inverse": lambda u, w: T.log(w**-2.0),
    "largest": lambda u, w: T.log(w.max()),
    "smallest": lambda u, w: T.log(4 + w.min()),
    "sum": lambda u, w: T.log(w.sum()),
    "one itself": lambda u, w: T.log(u),
}


@pytest.mark.parametrize("linker", ["numpy", "c"])
@pytest.mark.parametrize("form", SIGNED.values(), ids=SIGNED)
def test_logarithms_of_what_two_signs_make_positive_are_kept(form, linker):
    x = T.dvector("x")
    made = form(1 - T.exp(x), T.expm1(x))
    for values in ([-3.0, -0.9, -1e-3, 1e-3, 0.5, 3.0, 30.0], [-2.0, -1.0, -0.5, -0.1]):
        written, found = (
            bitale.function([x], made, mode=m)(values)
            for m in (bitale.Mode("numpy", "None"), bitale.Mode(linker))
        )
        np.testing.assert_allclose(found, written, rtol=1e-12, atol=1e-12)


WEIGHTED = {
    "mean": lambda p, c: T.mean(T.log(p)),
    "sum": lambda p, c: T.log(p).sum(),
    "number": lambda p, c: (T.log(p) * c[0, 0]).sum(),
    "column": lambda p, c: (T.log(p) * c[:, 0].dimshuffle(0, "x")).sum(),
    "row": lambda p, c: (c[0] * T.log(p)).mean(),
    "transposed": lambda p, c: T.log(p.T).mean(),
    "part": lambda p, c: T.log(p[:, 1:]).mean(),
    "picked": lambda p, c: T.log(p[[0, 2, 0]]).mean(),
    "reshaped": lambda p, c: T.log(p.reshape((-1,))).mean(),
    "mean of rows": lambda p, c: T.log(p).mean(axis=1).sum(),
    "joined": lambda p, c: T.log(T.concatenate([p, p])).mean(),
    "power": lambda p, c: T.mean(T.log(p) ** 2),
    "binary": lambda p, c: T.mean(c * T.log(p) + (1 - c) * T.log(1 - p)),
}


@pytest.mark.parametrize("linker", ["numpy", "c"])
@pytest.mark.parametrize("made", [T.nnet.softmax, T.nnet.sigmoid], ids=["softmax", "sigmoid"])
@pytest.mark.parametrize("form", WEIGHTED.values(), ids=WEIGHTED)
def test_gradients_of_weighted_logarithms_are_as_written(form, made, linker):
    x, c = T.dmatrix("x"), T.dmatrix("c")
    slope = T.grad(form(made(x), c), x)
    rng = np.random.default_rng(3)
    values = rng.normal(size=(3, 4)), rng.uniform(size=(3, 4))
    written, found = (
        bitale.function([x, c], slope, mode=m, on_unused_input="ignore")(*values)
        for m in (bitale.Mode("numpy", "None"), bitale.Mode(linker))
    )
    np.testing.assert_allclose(found, written, rtol=1e-10, atol=1e-12)


def test_a_logarithm_of_a_sum_looks_through_fills():
    row = T.TensorType("float64", (1, None))("row")
    total = T.log(T.exp(0 * x + row).sum())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        f = bitale.function([x, row], total, mode=Mode("numpy"))
    values = np.zeros((3, 4)), np.array([[1000.0, 999.0, -1000.0, 0.0]])
    np.testing.assert_allclose(f(*values), 1000 + np.log(3 + 3 * np.exp(-1)))
