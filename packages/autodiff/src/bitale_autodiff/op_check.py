"""What this layer checks of an op for `bitale_graph.testing.check_op`, which finds it installed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bitale_graph.extend import Op, TensorType, Variable
from bitale_graph.extend import dtype as dtypes
from bitale_graph.testing import OpSample

from .check import verify_grad
from .table import vjps


def check_gradient(op: Op, sample: OpSample) -> None:
    """Verify the gradients of the float outputs of an op, if it has one, by its float inputs.

    Raises
    ------
    GradientError
        If a derivative is wrong.
    """
    if not (hasattr(op, "L_op") or hasattr(op, "grad") or type(op) in vjps):
        return
    floats = [i for i, x in enumerate(sample.inputs) if dtypes.is_float(x.dtype.name)]
    points = [sample.inputs[i] for i in floats]
    for k, v in enumerate(op.make_node(*sample.inputs).outputs):
        if points and isinstance(v.type, TensorType) and dtypes.is_float(v.type.dtype):
            verify_grad(_output(op, sample, floats, k), points)


def _output(op: Op, sample: OpSample, floats: list[int], k: int) -> Callable[..., Variable]:
    """An output as a function of the float inputs; the others are as in the sample."""

    def built(*variables: Variable) -> Variable:
        given: list[Any] = list(sample.inputs)
        for i, v in zip(floats, variables, strict=True):
            given[i] = v
        return op.make_node(*given).outputs[k]

    return built
