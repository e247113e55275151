"""Identities that change how derivatives flow: `zero_grad`, `grad_clip` and the like.

To every other layer each is an elementwise identity: rewriting drops it, and no code generator
needs a rule for it.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, ClassVar

from bitale_graph import language as T
from bitale_graph.extend import (
    AdvancedSubtensor1,
    Apply,
    Elementwise,
    Op,
    Storage,
    TensorType,
    Variable,
    describe,
)
from bitale_graph.extend import scalar as s

from .table import connections, jvps, shapes_only, vjps
from .zero import ZERO, grad_undefined


class GradientMarker(Elementwise):
    """An identity with a gradient rule of its own."""

    __props__: ClassVar[tuple[str, ...]] = ()  # type: ignore[assignment]  # it has no scalar op to tell

    def __init__(self) -> None:
        super().__init__(s.identity)

    def __str__(self) -> str:
        shown = ", ".join(f"{p}={getattr(self, p)}" for p in self.__props__)
        return f"{type(self).__name__}{{{shown}}}" if shown else type(self).__name__


class ZeroGrad(GradientMarker):
    """An identity whose derivative is zero."""


class DisconnectedGrad(GradientMarker):
    """An identity that derivatives do not reach through."""


class ZeroGradFill(Elementwise):
    """Its second operand in the shape of the first, by which the derivative is zero.

    So a derivative depends on what it was taken by, and its derivative by that is zero rather than
    an error. To every other layer it is ``second``.
    """

    __props__: ClassVar[tuple[str, ...]] = ()  # type: ignore[assignment]  # it has no scalar op to tell

    def __init__(self) -> None:
        super().__init__(s.second)


class UndefinedGrad(GradientMarker):
    """An identity that must not be differentiated."""


class GradClip(GradientMarker):
    """An identity whose derivative is held between two bounds."""

    __props__ = ("lower", "upper")

    def __init__(self, lower: float, upper: float) -> None:
        super().__init__()
        if not lower <= upper:
            raise ValueError(
                f"grad_clip: the lower bound {lower!r} is above the upper one, {upper!r}"
            )
        self.lower = float(lower)
        self.upper = float(upper)


class GradScale(GradientMarker):
    """An identity whose derivative is multiplied by a number."""

    __props__ = ("multiplier",)

    def __init__(self, multiplier: float) -> None:
        super().__init__()
        self.multiplier = float(multiplier)


vjps.define(ZeroGrad)(lambda op, inputs, outputs, cotangents: [ZERO])
vjps.define(ZeroGradFill)(lambda op, inputs, outputs, cotangents: [ZERO, cotangents[0]])
vjps.define(GradClip)(
    lambda op, inputs, outputs, cotangents: [T.clip(cotangents[0], op.lower, op.upper)]
)
vjps.define(GradScale)(lambda op, inputs, outputs, cotangents: [cotangents[0] * op.multiplier])
vjps.define(DisconnectedGrad)(lambda op, inputs, outputs, cotangents: [None])
connections.define(DisconnectedGrad)(shapes_only)


# What goes forward is scaled as what comes back, and not clipped.
jvps.define(ZeroGrad)(lambda op, inputs, outputs, tangents: [ZERO])
jvps.define(ZeroGradFill)(lambda op, inputs, outputs, tangents: [tangents[1]])
jvps.define(GradClip)(lambda op, inputs, outputs, tangents: tangents)
jvps.define(GradScale)(lambda op, inputs, outputs, tangents: [tangents[0] * op.multiplier])


@jvps.define(UndefinedGrad)
def undefined_grad_jvp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], tangents: Sequence[Any]
) -> list[Variable]:
    """Give a null, as the way back does."""
    return [grad_undefined(op, 0, inputs[0], "the expression was marked by undefined_grad")]


@vjps.define(UndefinedGrad)
def undefined_grad_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> list[Variable]:
    """Give a null, which `grad` reports if it arrives at a variable that was asked for."""
    return [grad_undefined(op, 0, inputs[0], "the expression was marked by undefined_grad")]


@connections.define(ZeroGrad, UndefinedGrad, GradClip, GradScale)
def marker_connection(node: Apply) -> list[list[bool]]:
    """One input, one output."""
    return [[True]]


@connections.define(ZeroGradFill)
def fill_connection(node: Apply) -> list[list[bool]]:
    """Both, though the first gives its shape alone."""
    return [[True], [True]]


class SparseGrad(Op):
    """Rows of a matrix, by which its derivative is sparse: what was read, the matrix, the rows."""

    __props__: ClassVar[tuple[str, ...]] = ()
    is_identity_after_grad = True

    def make_node(self, read: Any, x: Any, rows: Any) -> Apply:
        """The result is what was read."""
        return Apply(self, [read, x, rows], [read.type()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        output_storage[0][0] = inputs[0]

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [input_shapes[0]]


@vjps.define(SparseGrad)
def sparse_grad_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> list[Any]:
    """Rows of the cotangent, where they were read, in a matrix that stores nothing else."""
    from bitale_graph import sparse

    _, x, rows = inputs
    return [None, sparse.construct_sparse_from_list(x, cotangents[0], rows), None]


connections.define(SparseGrad)(lambda node: [[False], [True], [False]])


def sparse_grad(x: Any) -> Any:
    """Rows read from a matrix, ``sparse_grad(w[rows])``, by which its derivative is sparse.

    Parameters
    ----------
    x : tensor
        Made by indexing a matrix with one vector of integers.

    Returns
    -------
    TensorVariable
        The same numbers. What `grad` gives for the matrix is a csc matrix, which stores as many
        numbers as were read; ``w - rate * g`` is dense, and writes to these rows alone.

    Raises
    ------
    TypeError
        If ``x`` was not made so.
    """
    node = getattr(x, "owner", None)
    if node is None or not isinstance(node.op, AdvancedSubtensor1) or node.inputs[0].ndim != 2:
        raise TypeError(
            "sparse_grad takes rows that were just read from a matrix, w[rows] with a vector of "
            f"integers, and got {describe(x) if isinstance(x, Variable) else repr(x)[:80]}"
        )
    return SparseGrad()(x, *node.inputs)


def filled_like(x: Any, value: Any) -> Any:
    """A value in the shape of ``x``, to which it stays connected."""
    return ZeroGradFill()(x, value)


def _marked(op: GradientMarker, x: Any) -> Any:
    """A tensor, or the stored numbers of a sparse matrix, behind a marker."""
    if not isinstance(x, Variable) or isinstance(x.type, TensorType):
        return op(x)
    from bitale_graph import sparse

    return sparse.with_data(x, op(sparse.csm_data(x)))


def zero_grad(x: Any) -> Any:
    """``x``, whose derivative counts as zero; the variables behind it stay connected."""
    return _marked(ZeroGrad(), x)


def disconnected_grad(x: Any) -> Any:
    """``x``, disconnected from the variables behind it; cheaper than `zero_grad`."""
    return _marked(DisconnectedGrad(), x)


def undefined_grad(x: Any) -> Any:
    """``x``; a derivative that has to pass it is a `NullTypeGradError`."""
    return _marked(UndefinedGrad(), x)


def consider_constant(x: Any) -> Any:
    """`zero_grad` under its old name.

    .. deprecated:: 0.1
        Use `zero_grad`, or `disconnected_grad`; this name goes in 0.3.
    """
    warnings.warn(
        "consider_constant(x) goes in version 0.3; use zero_grad(x), or disconnected_grad(x)",
        DeprecationWarning,
        stacklevel=2,
    )
    return _marked(ZeroGrad(), x)


def grad_clip(x: Any, lower: float, upper: float) -> Any:
    """``x``, with what comes back to it held between two numbers, element by element.

    Parameters
    ----------
    x : tensor
    lower, upper : float
        Bounds of the derivative by ``x``.

    Examples
    --------
    >>> from bitale_graph import language as T
    >>> from bitale_autodiff import grad
    >>> x = T.dscalar("x")
    >>> grad(grad_clip(x, -1, 1) ** 2, x).eval({x: 2.0})
    array(1.)
    """
    return _marked(GradClip(lower, upper), x)


def grad_scale(x: Any, multiplier: float) -> Any:
    """``x``, with what comes back to it multiplied by a number; a negative one reverses it."""
    return _marked(GradScale(multiplier), x)
