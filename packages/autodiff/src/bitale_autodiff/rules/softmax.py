"""Softmax and cross-entropy, and the adjoints that appear in their derivatives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import (
    Crossentropy1Hot,
    Crossentropy1HotGrad,
    LogSoftmax,
    Softmax,
    SoftmaxCrossentropy,
    SoftmaxCrossentropyGrad,
    SoftmaxGrad,
)

from ..table import connections, first_input_only, first_two_inputs_only, jvps, vjps

vjp = vjps.define

vjp(Softmax)(lambda op, inputs, outputs, cotangents: [SoftmaxGrad()(cotangents[0], outputs[0])])


def _row_sums(x: Any) -> Any:
    return T.sum(x, axis=-1, keepdims=True)


def _targets(x: Any, t: Any) -> Any:
    """The element of each row that its target names."""
    return x[T.arange(T.shape_i(x, 0)), t]


@vjp(LogSoftmax)
def log_softmax_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> list[Any]:
    """``ct - softmax(x) sum(ct)``, along rows."""
    (ct,) = cotangents
    return [ct - T.exp(outputs[0]) * _row_sums(ct)]


@vjp(SoftmaxGrad)
def softmax_grad_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> tuple[Any, Any]:
    """Differentiate ``(ct - sum(ct y)) y``."""
    (ct, y), (u,) = inputs, cotangents
    return SoftmaxGrad()(u, y), u * (ct - _row_sums(ct * y)) - ct * _row_sums(u * y)


@vjp(Crossentropy1Hot)
def crossentropy_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> list[Any]:
    """``-ct / p`` at the targets."""
    p, t = inputs
    return [Crossentropy1HotGrad()(p, cotangents[0], t), None]


@vjp(Crossentropy1HotGrad)
def crossentropy_grad_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> list[Any]:
    """Differentiate ``-ct / p`` at the targets."""
    (p, ct, t), (u,) = inputs, cotangents
    dct = -_targets(u, t) / _targets(p, t)
    return [Crossentropy1HotGrad()(p, dct * ct, t), dct, None]


@vjp(SoftmaxCrossentropy)
def softmax_crossentropy_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> list[Any]:
    """``(softmax(x) - onehot(t)) ct`` for the loss; for the other output, the rule of softmax."""
    t, y = inputs[1], outputs[1]
    by_loss, by_softmax = cotangents
    terms = []
    if by_loss is not None:
        terms.append(SoftmaxCrossentropyGrad(op.wraps, op.partial)(y, by_loss, t))
    if by_softmax is not None:
        terms.append(SoftmaxGrad()(by_softmax, y))
    return [T.add(*terms), None]


@vjp(SoftmaxCrossentropyGrad)
def softmax_crossentropy_grad_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> list[Any]:
    """Differentiate ``(y - onehot(t)) ct``."""
    (y, ct, t), (u,) = inputs, cotangents
    n = T.shape_i(t, 0) if op.partial else None
    picked = u[:n]
    by_y = picked * T.dimshuffle(ct, 0, "x")
    if op.partial:
        by_y = T.set_subtensor(T.zeros_like(u)[:n], by_y)
    return [by_y, T.sum(y[:n] * picked, axis=1) - _targets(picked, t), None]


connections.define(Crossentropy1Hot, SoftmaxCrossentropy)(first_input_only)
connections.define(Crossentropy1HotGrad, SoftmaxCrossentropyGrad)(first_two_inputs_only)

# Forward; the Jacobian of softmax is its own transpose.
jvp = jvps.define
jvp(Softmax)(lambda op, inputs, outputs, tangents: [SoftmaxGrad()(tangents[0], outputs[0])])


@jvp(LogSoftmax)
def log_softmax_jvp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], tangents: Sequence[Any]
) -> list[Any]:
    """``t - sum(softmax(x) t)``, along rows."""
    (t,) = tangents
    return [t - _row_sums(T.exp(outputs[0]) * t)]


@jvp(Crossentropy1Hot)
def crossentropy_jvp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], tangents: Sequence[Any]
) -> list[Any]:
    """``-dp / p`` at the targets."""
    p, t = inputs
    return [-_targets(tangents[0], t) / _targets(p, t)]


@jvp(SoftmaxCrossentropy)
def softmax_crossentropy_jvp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], tangents: Sequence[Any]
) -> list[Any]:
    """``sum(softmax(x) dx) - dx`` at the targets for the loss; for softmax its own rule."""
    t, y, dx = inputs[1], outputs[1], tangents[0]
    rows = slice(None, T.shape_i(t, 0)) if op.partial else slice(None)
    return [T.sum(y[rows] * dx[rows], axis=1) - _targets(dx[rows], t), SoftmaxGrad()(dx, y)]
