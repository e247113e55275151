"""Forward products of every sample, against differences and against the products backwards."""

import numpy as np
import pytest
from bitale_autodiff import Lop, NullTypeGradError, Rop, grad
from bitale_graph import function
from bitale_graph import language as T
from bitale_graph.base import dtype as dtypes
from bitale_graph.testing import differentiable_samples, op_samples


def is_float(v):
    return dtypes.is_float(v.dtype)


def has_no_rule(sample):
    """Whether an op is made after differentiation, or a function in Python."""
    return getattr(sample.subject, "__name__", "") in ("Loop", "FromFunctionOp")


def graph(sample):
    """Inputs that move, all inputs, and the float outputs."""
    inputs, outputs = sample.graph()
    floats = [o for o in outputs if is_float(o)]
    return inputs, floats


@pytest.mark.parametrize(
    "sample", [s for s in differentiable_samples() if not has_no_rule(s)], ids=lambda s: s.name
)
def test_a_product_forwards_agrees_with_differences(sample, rng):
    inputs, floats = graph(sample)
    wrt = [v for v, smooth in zip(inputs, sample.differentiable, strict=True) if smooth]
    along = [v.type() for v in wrt]
    given = zip(inputs, sample.inputs, strict=True)
    tangents = {v: np.asarray(rng.normal(size=x.shape), v.dtype) for v, x in given if v in wrt}
    value = function(inputs, floats, on_unused_input="ignore")
    product = function(
        [*inputs, *along], Rop(floats, wrt, along, "ignore"), on_unused_input="ignore"
    )

    def moved(h):
        return [
            np.asarray(x + h * tangents[v], x.dtype) if v in wrt else x
            for v, x in zip(inputs, sample.inputs, strict=True)
        ]

    narrow = any(v.dtype != "float64" for v in [*wrt, *floats])
    h, tolerance = (1e-2, 1e-2) if narrow else (1e-6, 2e-5)
    above, below = value(*moved(h)), value(*moved(-h))
    found = product(*sample.inputs, *(tangents[v] for v in wrt))
    for a, b, t in zip(above, below, found, strict=True):
        expected = (a - b) / (2 * h)
        scale = max(1.0, np.abs(expected).max(initial=0))
        np.testing.assert_allclose(t, expected, rtol=tolerance, atol=tolerance * scale)


@pytest.mark.slow
@pytest.mark.parametrize(
    "sample", [s for s in differentiable_samples() if not has_no_rule(s)], ids=lambda s: s.name
)
def test_third_derivatives_agree_forwards_and_backwards(sample, rng):
    inputs, floats = graph(sample)
    pairs = list(zip(inputs, sample.inputs, sample.differentiable, strict=True))
    wrt = [v for v, _, smooth in pairs if smooth]
    along = [rng.normal(size=x.shape) for _, x, smooth in pairs if smooth]
    values = function(inputs, floats, on_unused_input="ignore")(*sample.inputs)
    weights = [rng.normal(size=y.shape) for y in values]
    forward, cost = (
        floats,
        T.add(0.0, *(T.sum(w * y) for w, y in zip(weights, floats, strict=True))),
    )
    for _ in range(3):
        forward = Rop(forward, wrt, along, "ignore")
        slopes = grad(cost, wrt, disconnected_inputs="ignore")
        cost = T.add(*(T.sum(g * t) for g, t in zip(slopes, along, strict=True)))
    run = function(inputs, [*forward, cost], on_unused_input="ignore")
    *found, expected = run(*sample.inputs)
    size = dot(map(np.abs, found), map(np.abs, weights))
    assert dot(found, weights) == pytest.approx(float(expected), rel=1e-7, abs=1e-7 * size + 1e-12)


@pytest.mark.slow
def test_products_backwards_are_the_transposes_of_those_forwards(rng):
    """Of every sample, at kinks too: <J t, u> is <t, u J>, and both have the dtypes and shapes."""
    failures = []
    for sample in op_samples():
        inputs, floats = graph(sample)
        unwritten = getattr(sample.subject, "no_gradient", ())
        wrt = [v for i, v in enumerate(inputs) if is_float(v) and i not in unwritten]
        kinds = {v.dtype for v in [*inputs, *sample.graph()[1]]}
        if has_no_rule(sample) or not wrt or not floats or kinds & set(dtypes.COMPLEX):
            continue
        tangents, cotangents = [v.type() for v in wrt], [o.type() for o in floats]
        try:
            forward = Rop(floats, wrt, tangents, "ignore")
            back = Lop(floats, wrt, cotangents, disconnected_inputs="ignore")
        except NullTypeGradError:
            continue
        run = function(
            [*inputs, *tangents, *cotangents],
            [*floats, *forward, *back],
            on_unused_input="ignore",
        )
        values = function(inputs, floats, on_unused_input="ignore")(*sample.inputs)
        at = dict(zip(inputs, sample.inputs, strict=True))
        t = [np.asarray(rng.normal(size=at[v].shape), v.dtype) for v in wrt]
        u = [np.asarray(rng.normal(size=y.shape), y.dtype) for y in values]
        found = run(*sample.inputs, *t, *u)[len(floats) :]
        forward, back = found[: len(floats)], found[len(floats) :]
        for new, old in zip([*forward, *back], [*values, *(at[v] for v in wrt)], strict=True):
            if (new.dtype, new.shape) != (old.dtype, old.shape):
                failures.append(f"{sample.name}: {new.dtype} {new.shape} for {old.shape}")
        with np.errstate(all="ignore"):
            one, other = dot(forward, u), dot(t, back)
            size = dot(map(np.abs, forward), map(np.abs, u)) + 1e-300
        narrow = min(np.finfo(v.dtype).bits for v in [*wrt, *floats])
        if (
            np.isfinite([one, other]).all()
            and not abs(one - other) <= size * ({16: 5e-2, 32: 1e-4, 64: 1e-9}[narrow])
        ):
            failures.append(f"{sample.name}: {one} {other}")
    assert failures == []


def dot(xs, ys):
    return sum(
        (np.asarray(x, "float64") * np.asarray(y, "float64")).sum()
        for x, y in zip(xs, ys, strict=True)
    )
