"""What autodiff adds, on graph's table of op samples."""

import numpy as np
import pytest
from bitale_autodiff import NullTypeGradError, grad, vjps
from bitale_graph import function
from bitale_graph import language as T
from bitale_graph.base import dtype as dtypes
from bitale_graph.testing import differentiable_samples, op_samples


def differentiated_inputs(sample):
    return [x for x, smooth in zip(sample.inputs, sample.differentiable, strict=True) if smooth]


def total(sample, variables):
    """Give the sum of the float outputs of a sample, on some variables and otherwise constants."""
    given = iter(variables)
    inputs = [
        next(given) if smooth else T.constant(x)
        for x, smooth in zip(sample.inputs, sample.differentiable, strict=True)
    ]
    built = sample.build(*inputs)
    outputs = [o for o in (built if isinstance(built, list | tuple) else [built]) if is_float(o)]
    if len(outputs) == 1:
        return outputs[0]
    return T.add(*(T.sum(T.sqr(o)) for o in outputs))


def is_float(v):
    return dtypes.is_float(v.dtype)


def has_derivative(sample, i):
    return i not in getattr(sample.subject, "no_gradient", ())


def has_no_rule(sample):
    """Whether an op is made after differentiation, or a function in Python."""
    return getattr(sample.subject, "__name__", "") in ("Loop", "FromFunctionOp")


# A rule is the same on every Python: there the core of the samples is enough.
@pytest.mark.parametrize(
    "sample",
    [
        pytest.param(s, marks=() if s.core else pytest.mark.slow, id=s.name)
        for s in differentiable_samples()
        if not has_no_rule(s)
    ],
)
def test_first_and_second_derivatives_agree_with_differences(sample, verify_orders):
    verify_orders(lambda *variables: total(sample, variables), differentiated_inputs(sample))


@pytest.mark.slow
def test_derivatives_of_every_sample_have_the_dtypes_and_shapes_of_the_inputs():
    failures = []
    for sample in op_samples():
        inputs, outputs = sample.graph()
        wrt = [v for i, v in enumerate(inputs) if is_float(v) and has_derivative(sample, i)]
        floats = [T.sum(o) for o in outputs if is_float(o)]
        kinds = {v.dtype for v in [*inputs, *outputs]}
        if has_no_rule(sample) or not wrt or not floats or kinds & set(dtypes.COMPLEX):
            continue
        try:
            gradient = grad(T.add(*floats), wrt, disconnected_inputs="ignore")
        except NullTypeGradError:
            continue
        found = function(inputs, gradient, on_unused_input="ignore")(*sample.inputs)
        shapes = [x.shape for x, v in zip(sample.inputs, inputs, strict=True) if v in wrt]
        for v, g, shape in zip(wrt, found, shapes, strict=True):
            if (g.dtype.name, g.shape) != (v.dtype, shape):
                failures.append(f"{sample.name}: {v} gives {g.dtype} {g.shape}")
    assert failures == []


def test_every_op_that_has_samples_of_more_than_integers_has_a_rule():
    classes = {
        sample.subject
        for sample in op_samples()
        if isinstance(sample.subject, type)
        and sample.subject.__name__ != "FromFunctionOp"
        and any(map(is_float, sample.graph()[1]))
    }
    assert [c.__name__ for c in classes if c not in vjps] == []


def test_where_an_output_is_finite_its_derivatives_are_not_nan():
    """At the edges of arithmetic too; infinite slopes, 0/0 beside them, and limits that
    depend on the way are another matter.
    """
    poles = {"gammaincinv", "gammainccinv", "beta", "betaln", "betainc", "poch", "hyp2f1", "ive"}
    slopes = {"sqrt", "arcsin", "arccos", "arccosh", "arctanh", "arctan2", "pow", "mod", "true_div"}
    products = {"mul", "sqr"}
    failures = []
    for sample in op_samples():
        name = getattr(sample.subject, "name", "")
        if not name or name in slopes | products | poles or "float64 edges" not in sample.name:
            continue
        inputs, (output,) = sample.graph()
        if not is_float(output):
            continue
        wrt = [v for i, v in enumerate(inputs) if is_float(v) and has_derivative(sample, i)]
        gradient = grad(T.sum(output), wrt, disconnected_inputs="ignore")
        value, *found = function(inputs, [output, *gradient], on_unused_input="ignore")(
            *sample.inputs
        )
        usual = np.isfinite(value) & np.all([np.isfinite(x) for x in sample.inputs], axis=0)
        failures += [f"{sample.name}: {g[usual]}" for g in found if np.isnan(g[usual]).any()]
    assert failures == []
