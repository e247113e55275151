"""What this layer checks of an op for `bitale_graph.testing.check_op`, which finds it installed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from bitale_graph.extend import Op, TensorType, Variable, function
from bitale_graph.extend import dtype as dtypes
from bitale_graph.testing import OpSample

from .check import STEPS, TOLERANCES, verify_grad
from .products import Rop
from .table import jvps, vjps


def check_gradient(op: Op, sample: OpSample) -> None:
    """Verify the derivatives of the float outputs of an op, if it has any, by its float inputs.

    Raises
    ------
    GradientError
        If a gradient is wrong.
    AssertionError
        If a forward derivative is wrong.
    """
    backward = hasattr(op, "L_op") or hasattr(op, "grad") or type(op) in vjps
    forward = hasattr(op, "R_op") or type(op) in jvps
    if not (backward or forward):
        return
    floats = [i for i, x in enumerate(sample.inputs) if dtypes.is_float(x.dtype.name)]
    points = [sample.inputs[i] for i in floats]
    for k, v in enumerate(op.make_node(*sample.inputs).outputs):
        if points and isinstance(v.type, TensorType) and dtypes.is_float(v.type.dtype):
            output = _output(op, sample, floats, k)
            if backward:
                verify_grad(output, points)
            if forward:
                _verify_forward(output, points)


def _verify_forward(output: Callable[..., Variable], points: list[Any]) -> None:
    """Hold a product with the Jacobian against a difference along the same direction."""
    inputs = [TensorType(p.dtype.name, [n == 1 for n in p.shape])() for p in points]
    along = [v.type() for v in inputs]
    y: Any = output(*inputs)
    product = Rop(y, inputs, along, disconnected_outputs="ignore")
    compute = function([*inputs, *along], [y, product], on_unused_input="ignore")
    generator = np.random.default_rng(20130617)
    tangents = [np.asarray(generator.random(p.shape) + 0.5, p.dtype) for p in points]
    narrow = min((p.dtype.name for p in points), key=lambda name: np.finfo(name).bits)
    h = STEPS[narrow]
    before, found = compute(*points, *tangents)
    moved = [p + np.asarray(h, p.dtype) * t for p, t in zip(points, tangents, strict=True)]
    after, _ = compute(*moved, *tangents)
    expected = (after.astype("float64") - before) / h
    tolerance = TOLERANCES[narrow]
    np.testing.assert_allclose(
        found, expected, tolerance, tolerance, err_msg="the derivative forwards is wrong"
    )


def _output(op: Op, sample: OpSample, floats: list[int], k: int) -> Callable[..., Variable]:
    """An output as a function of the float inputs; the others are as in the sample."""

    def built(*variables: Variable) -> Variable:
        given: list[Any] = list(sample.inputs)
        for i, v in zip(floats, variables, strict=True):
            given[i] = v
        return op.make_node(*given).outputs[k]

    return built
