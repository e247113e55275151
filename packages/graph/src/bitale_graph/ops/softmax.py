"""Softmax, its logarithm, cross-entropy with integer targets, and their adjoints.

Formulas: C. M. Bishop, Pattern Recognition and Machine Learning (2006), section 4.3.4.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import numpy as np

from ..base import dtype as dtypes
from ..base.errors import DtypeError, ShapeError, describe
from ..core.graph import Apply, Op, Storage
from ..ops import math as tm
from ..ops import reduction
from ..tensor.conversion import as_tensor
from ..tensor.elementwise import cast
from ..tensor.op import TensorOp
from ..tensor.variable import TensorType, TensorVariable


def _float_tensor(name: str, x: Any) -> Any:
    x = as_tensor(x)
    if dtypes.is_complex(x.type.dtype):
        raise DtypeError(f"{name} takes real numbers, and got {describe(x)}")
    return cast(x, dtypes.at_least_float(x.type.dtype))


def _shifted(x: Any) -> Any:
    """Take from x the largest element of its row, so that no exp overflows."""
    return x - x.max(axis=-1, keepdims=True) if x.shape[-1] else x


def softmax_array(x: Any) -> Any:
    """Softmax along the last axis of an array."""
    with np.errstate(all="ignore"):
        e = np.exp(_shifted(x))
        return (e / e.sum(axis=-1, keepdims=True)).astype(x.dtype, copy=False)


def log_softmax_array(x: Any) -> Any:
    """Logarithm of softmax along the last axis of an array."""
    with np.errstate(all="ignore"):
        z = _shifted(x)
        return (z - np.log(np.exp(z).sum(axis=-1, keepdims=True))).astype(x.dtype, copy=False)


class RowOp(TensorOp):
    """An op over the last axis whose result has the type of its first input."""

    __props__: ClassVar[tuple[str, ...]] = ()

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [tuple(input_shapes[0])]


def _rows_node(name: str, op: RowOp, x: Any) -> Apply:
    """A node over the rows of ``x``: integers become floats; a scalar has no rows."""
    x = _float_tensor(name, x)
    if x.ndim == 0:
        raise ShapeError(f"{name} takes a vector or more, and got {describe(x)}")
    return Apply(op, [x], [x.type()])


class Softmax(RowOp):
    """``exp(x) / sum(exp(x))`` along the last axis, without overflow."""

    def make_node(self, x: Any) -> Apply:
        """Integers become floats; a scalar has no rows."""
        return _rows_node("softmax", self, x)

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        output_storage[0][0] = softmax_array(inputs[0])


class LogSoftmax(RowOp):
    """``log(softmax(x))`` along the last axis, finite where softmax underflows."""

    def make_node(self, x: Any) -> Apply:
        """Integers become floats; a scalar has no rows."""
        return _rows_node("log_softmax", self, x)

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        output_storage[0][0] = log_softmax_array(inputs[0])


class SoftmaxGrad(RowOp):
    """The adjoint of softmax.

    From the cotangent ``ct`` and the value ``y``, ``(ct - sum(ct * y)) * y``.
    """

    def make_node(self, ct: Any, y: Any) -> Apply:
        """Both have one dtype and rank."""
        ct, y = as_tensor(ct), as_tensor(y)
        if ct.ndim != y.ndim or ct.type.dtype != y.type.dtype:
            raise ShapeError(
                f"softmax gradient: expected tensors of one type, and got\n  {describe(ct)}\n  "
                f"{describe(y)}"
            )
        return Apply(self, [ct, y], [y.type()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        ct, y = inputs
        if ct.shape != y.shape:
            raise ShapeError(f"softmax gradient: shapes {ct.shape} and {y.shape} differ")
        with np.errstate(all="ignore"):
            output_storage[0][0] = ((ct - (ct * y).sum(axis=-1, keepdims=True)) * y).astype(
                y.dtype, copy=False
            )

    def compared_lengths(
        self, node: Apply, input_shapes: Sequence[Sequence[Any]]
    ) -> Iterable[tuple[Any, Any]]:
        ct, y = input_shapes
        return zip(y, ct, strict=True)


def _check_targets(name: str, x: Any, t: Any) -> Any:
    t = as_tensor(t)
    if x.ndim != 2 or t.ndim != 1 or t.type.dtype == "bool" or not dtypes.is_discrete(t.type.dtype):
        raise ShapeError(
            f"{name} takes a matrix of rows and an integer vector of targets, and got\n  "
            f"{describe(x)}\n  {describe(t)}"
        )
    return t


def _pick(name: str, x: Any, t: Any, wraps: bool = False, partial: bool = False) -> tuple[Any, Any]:
    if partial and len(t) > len(x):
        raise IndexError(f"{name}: row {len(x)} is out of bounds: {len(x)} rows, {len(t)} targets")
    if len(t) != len(x) and not partial:
        raise ShapeError(f"{name}: {len(x)} rows and {len(t)} targets")
    least = -x.shape[1] if wraps else 0
    if len(t) and not (least <= t.min() and t.max() < x.shape[1]):
        raise IndexError(
            f"{name}: a target lies outside the {x.shape[1]} classes (targets from {t.min()} to "
            f"{t.max()}); classes are numbered from {least} to {x.shape[1] - 1}"
        )
    return np.arange(len(t)), t


class Crossentropy1Hot(TensorOp):
    """``-log(p[i, t[i]])`` for each row of probabilities ``p`` and its integer target."""

    __props__ = ()

    def make_node(self, p: Any, t: Any) -> Apply:
        """A float matrix and an integer vector."""
        p = _float_tensor("cross-entropy", p)
        t = _check_targets("cross-entropy", p, t)
        return Apply(self, [p, t], [TensorType(p.type.dtype, (p.type.shape[0],))()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        p, t = inputs
        with np.errstate(all="ignore"):
            output_storage[0][0] = -np.log(p[_pick("cross-entropy", p, t)])

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [(input_shapes[0][0],)]

    def compared_lengths(
        self, node: Apply, input_shapes: Sequence[Sequence[Any]]
    ) -> Iterable[tuple[Any, Any]]:
        return [(input_shapes[1][0], input_shapes[0][0])]


class Crossentropy1HotGrad(RowOp):
    """The adjoint of `Crossentropy1Hot`: ``-ct[i] / p[i, t[i]]`` at the targets, zero elsewhere.

    Inputs ``p, ct, t``.
    """

    def make_node(self, p: Any, ct: Any, t: Any) -> Apply:
        """The result has the type of ``p``."""
        p, ct = as_tensor(p), as_tensor(ct)
        return Apply(self, [p, ct, _check_targets("cross-entropy gradient", p, t)], [p.type()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        p, ct, t = inputs
        out = np.zeros_like(p)
        at = _pick("cross-entropy gradient", p, t)
        with np.errstate(all="ignore"):
            out[at] = -ct / p[at]
        output_storage[0][0] = out


class SoftmaxCrossentropy(Op):
    """Cross-entropy of softmax, from the logits: outputs the loss of each row, and softmax itself.

    The loss is ``log(sum(exp(x[i]))) - x[i, t[i]]``, finite where softmax underflows.

    Parameters
    ----------
    wraps : bool
        Whether negative targets count from the last class, as indices do; else they are refused.
    partial : bool
        Whether there may be fewer targets than rows, which are those of the first rows.
    """

    __props__ = ("wraps", "partial")

    def __init__(self, wraps: bool = False, partial: bool = False) -> None:
        self.wraps = wraps
        self.partial = partial

    def __str__(self) -> str:
        return type(self).__name__

    def make_node(self, x: Any, t: Any) -> Apply:
        """A float matrix of logits and an integer vector of targets."""
        x = _float_tensor("softmax cross-entropy", x)
        t = _check_targets("softmax cross-entropy", x, t)
        rows = (t if self.partial else x).type.shape[0]
        return Apply(self, [x, t], [TensorType(x.type.dtype, (rows,))(), x.type()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        x, t = inputs
        at = _pick("softmax cross-entropy", x, t, self.wraps, self.partial)
        output_storage[0][0] = -log_softmax_array(x)[at]
        output_storage[1][0] = softmax_array(x)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        rows = input_shapes[1 if self.partial else 0][0]
        return [(rows,), tuple(input_shapes[0])]

    def compared_lengths(
        self, node: Apply, input_shapes: Sequence[Sequence[Any]]
    ) -> Iterable[tuple[Any, Any]]:
        x, t = input_shapes
        return [] if self.partial else [(t[0], x[0])]


class SoftmaxCrossentropyGrad(RowOp):
    """The adjoint of the loss of `SoftmaxCrossentropy`: ``(y - onehot(t)) * ct[:, None]``.

    Inputs ``y, ct, t``.

    Parameters
    ----------
    wraps : bool
        Whether negative targets count from the last class, as indices do; else they are refused.
    partial : bool
        Whether there may be fewer targets than rows, which are those of the first rows.
    """

    __props__ = ("wraps", "partial")

    def __init__(self, wraps: bool = False, partial: bool = False) -> None:
        self.wraps = wraps
        self.partial = partial

    def __str__(self) -> str:
        return type(self).__name__

    def make_node(self, y: Any, ct: Any, t: Any) -> Apply:
        """``y`` is the softmax; the result has its type."""
        y, ct = as_tensor(y), as_tensor(ct)
        return Apply(
            self, [y, ct, _check_targets("softmax cross-entropy gradient", y, t)], [y.type()]
        )

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        y, ct, t = inputs
        out = np.array(y)
        name = "softmax cross-entropy gradient"
        out[_pick(name, y, t, self.wraps, self.partial)] -= 1
        with np.errstate(all="ignore"):
            out[: len(t)] = out[: len(t)] * ct[:, None]
        out[len(t) :] = 0
        output_storage[0][0] = out

    def compared_lengths(
        self, node: Apply, input_shapes: Sequence[Sequence[Any]]
    ) -> Iterable[tuple[Any, Any]]:
        y, ct, t = input_shapes
        return [(ct[0], t[0] if self.partial else y[0])]


def _along(op: TensorOp, x: Any, axis: int | None) -> TensorVariable:
    x = as_tensor(x)
    if axis is None:
        return op(x.flatten()).reshape(x.shape)
    if not isinstance(axis, (int, np.integer)):
        raise TypeError(f"{op}: the axis is an integer or None, not {axis!r}")
    if not -x.ndim <= axis < x.ndim:
        raise ShapeError(f"{op}: {describe(x)} has no axis {axis}")
    if x.type.shape[axis] == 1:
        warnings.warn(
            f"{op} of {describe(x)} along axis {axis % x.ndim}, whose length is 1, is the same "
            "whatever x is",
            UserWarning,
            stacklevel=3,
        )
    if axis % x.ndim == x.ndim - 1:
        return op(x)
    order = [a for a in range(x.ndim) if a != axis % x.ndim] + [axis % x.ndim]
    back = [order.index(a) for a in range(x.ndim)]
    return op(x.dimshuffle(*order)).dimshuffle(*back)


def softmax(c: Any, axis: int | None = -1) -> TensorVariable:
    """``exp(c) / sum(exp(c))`` along ``axis`` (None: over all elements), without overflow."""
    return _along(Softmax(), c, axis)


def log_softmax(c: Any, axis: int | None = -1) -> TensorVariable:
    """``log(softmax(c))`` along ``axis`` (None: over all), finite where softmax underflows."""
    return _along(LogSoftmax(), c, axis)


def categorical_crossentropy(coding_dist: Any, true_dist: Any) -> TensorVariable:
    """The cross-entropy of each row: the nats needed to code ``true_dist`` with ``coding_dist``.

    Parameters
    ----------
    coding_dist : float matrix (rows, classes)
        Probabilities, such as `softmax` gives; after softmax the two are computed together, without
        underflow.
    true_dist : integer vector (rows,), or float matrix (rows, classes)
        The class of each row, from 0 on, or probabilities.

    Returns
    -------
    vector (rows,)
    """
    coding_dist, true_dist = as_tensor(coding_dist), as_tensor(true_dist)
    if true_dist.ndim == coding_dist.ndim:
        total = reduction.sum(tm.mul(true_dist, tm.log(coding_dist)), axis=coding_dist.ndim - 1)
        return tm.neg(total)
    return Crossentropy1Hot()(coding_dist, true_dist)


def binary_crossentropy(output: Any, target: Any) -> TensorVariable:
    """``-(target log(output) + (1 - target) log(1 - output))``, element by element."""
    output = as_tensor(output)
    hit = tm.mul(target, tm.log(output))
    miss = tm.mul(tm.sub(1, target), tm.log(tm.sub(1, output)))
    return tm.neg(tm.add(hit, miss))
