"""Linear equations of which the unknown is a matrix with a factor on both sides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import numpy as np

from ..base.errors import ShapeError, describe
from ..core.graph import Apply, Storage
from ..tensor.op import TensorOp
from ..tensor.variable import TensorType, TensorVariable
from .matrices import common_dtype, conjugate, from_scipy, one_by_one, quiet, swapped


class _OfSides(TensorOp):
    """An op of two square matrices, one for each side of the unknown, and a right-hand side."""

    keeps_nothing = True
    __props__: ClassVar[tuple[str, ...] | None] = ()
    name = "solve_sylvester"

    def make_node(self, a: Any, b: Any, q: Any) -> Apply:
        """The shape is that of the right-hand side."""
        a, b, q = common_dtype(self.name, a, b, q)
        if q.ndim < 2 or {a.ndim, b.ndim} != {q.ndim}:
            raise ShapeError(f"{self.name} takes matrices{_shown(a, b, q)}")
        shapes = [x.type.shape for x in (a, b, q)]
        shape = []
        for agreeing in _agreeing(*shapes):
            known = {n for n in agreeing if n is not None}
            if len(known) > 1:
                raise ShapeError(f"{self.name}: the lengths do not go together{_shown(a, b, q)}")
            shape.append(known.pop() if known else None)
        return Apply(self, [a, b, q], [TensorType(q.type.dtype, shape)()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        a, b, q = inputs
        if any(len(set(n)) > 1 for n in _agreeing(a.shape, b.shape, q.shape)):
            raise ShapeError(
                f"{self.name}: matrices of shapes {a.shape} and {b.shape} do not go with a "
                f"right-hand side of shape {q.shape}"
            )
        with quiet():
            found = one_by_one(self.solve, a, b, q) if q.size else q.copy()
        output_storage[0][0] = np.asarray(found, q.dtype)

    def solve(self, a: Any, b: Any, q: Any) -> Any:
        """The solution for arrays that are not empty."""
        raise NotImplementedError

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [tuple(input_shapes[2])]

    def compared_lengths(
        self, node: Apply, input_shapes: Sequence[Sequence[Any]]
    ) -> Iterable[tuple[Any, Any]]:
        lengths = _agreeing(*input_shapes)
        return [(first, other) for first, *others in lengths for other in others]


class SolveRiccati(TensorOp):
    """The solution of the discrete-time algebraic Riccati equation, by SciPy."""

    __props__: ClassVar[tuple[str, ...] | None] = ()
    keeps_nothing = True

    def make_node(self, a: Any, b: Any, q: Any, r: Any) -> Apply:
        """Four matrices; the solution has the shape of ``a``."""
        operands = common_dtype("solve_discrete_are", a, b, q, r)
        shown = "".join(f"\n  {n}  {describe(x)}" for n, x in zip("abqr", operands, strict=True))
        if {x.ndim for x in operands} != {2}:
            raise ShapeError(f"solve_discrete_are takes matrices{shown}")
        lengths = []
        for agreeing in _lengths_of_riccati(*(x.type.shape for x in operands)):
            known = {n for n in agreeing if n is not None}
            if len(known) > 1:
                raise ShapeError(f"solve_discrete_are: lengths do not go together{shown}")
            lengths.append(known.pop() if known else None)
        dtype = operands[0].type.dtype
        return Apply(self, operands, [TensorType(dtype, (lengths[0], lengths[0]))()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        shapes = [x.shape for x in inputs]
        if any(len(set(n)) > 1 for n in _lengths_of_riccati(*shapes)):
            raise ShapeError(f"solve_discrete_are: the shapes {shapes} do not go together")
        if not inputs[0].size:
            output_storage[0][0] = np.zeros(inputs[0].shape, inputs[0].dtype)
            return
        with quiet():
            found = from_scipy("linalg").solve_discrete_are(*inputs)
        output_storage[0][0] = np.asarray(found, inputs[0].dtype)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [tuple(input_shapes[0])]

    def compared_lengths(
        self, node: Apply, input_shapes: Sequence[Sequence[Any]]
    ) -> Iterable[tuple[Any, Any]]:
        lengths = _lengths_of_riccati(*input_shapes)
        return [(first, other) for first, *others in lengths for other in others]


def _lengths_of_riccati(a: Any, b: Any, q: Any, r: Any) -> list[tuple[Any, ...]]:
    return [(a[0], a[1], b[0], q[0], q[1]), (b[1], r[0], r[1])]


def _agreeing(a: Any, b: Any, q: Any) -> list[tuple[Any, ...]]:
    """For each axis of the right-hand side the lengths that are one."""
    batch = zip(q[:-2], a[:-2], b[:-2], strict=True)
    return [*batch, (q[-2], a[-2], a[-1]), (q[-1], b[-2], b[-1])]


def _shown(a: Any, b: Any, q: Any) -> str:
    return f"\n  a  {describe(a)}\n  b  {describe(b)}\n  q  {describe(q)}"


class SolveSylvester(_OfSides):
    """The solution of ``a x + x b = q``, by `scipy.linalg.solve_sylvester`."""

    def solve(self, a: Any, b: Any, q: Any) -> Any:
        return from_scipy("linalg").solve_sylvester(a, b, q)


class SolveStein(_OfSides):
    """The solution of ``x - a x b = q``.

    By doubling (Smith, Matrix equation XA + BX = C, 1968) where that converges, which it does where
    the eigenvalues of a and b lie inside the unit circle; else as linear equations of all elements.
    """

    name = "solve_discrete_lyapunov"

    def solve(self, a: Any, b: Any, q: Any) -> Any:
        radii = [np.abs(np.linalg.eigvals(m)).max() for m in (a, b)]
        if radii[0] * radii[1] < 0.999:
            return self._doubled(a, b, q)
        n, m = q.shape
        whole = np.eye(n * m, dtype=q.dtype) - np.kron(a, b.T)
        return np.linalg.solve(whole, q.reshape(-1)).reshape(n, m)

    def _doubled(self, a: Any, b: Any, q: Any) -> Any:
        found = q
        for _ in range(64):
            step = a @ found @ b
            if not np.abs(step).max() > np.finfo(q.dtype).eps * np.abs(found).max() / 8:
                return found + step
            found, a, b = found + step, a @ a, b @ b
        return found


def solve_sylvester(a: Any, b: Any, q: Any) -> TensorVariable:
    """The solution of ``a x + x b = q``, as `scipy.linalg.solve_sylvester`, which it needs.

    Parameters
    ----------
    a, b : tensor_like
        Square matrices.
    q : tensor_like
        A matrix with the rows of ``a`` and the columns of ``b``.
    """
    return SolveSylvester()(a, b, q)


def solve_continuous_lyapunov(a: Any, q: Any) -> TensorVariable:
    """The solution of ``a x + x a.T = q``, as `scipy.linalg.solve_continuous_lyapunov`.

    For complex matrices the transpose is conjugate.
    """
    a, q = common_dtype("solve_continuous_lyapunov", a, q)
    return SolveSylvester()(a, _adjoint(a), q)


def solve_discrete_lyapunov(a: Any, q: Any, method: Any = None) -> TensorVariable:
    """The solution of ``a x a.T - x + q = 0``, as `scipy.linalg.solve_discrete_lyapunov`.

    For complex matrices the transpose is conjugate. ``method`` is chosen by the numbers.
    """
    if method not in (None, "direct", "bilinear"):
        raise ValueError(
            f"solve_discrete_lyapunov: method is 'direct' or 'bilinear', not {method!r}"
        )
    a, q = common_dtype("solve_discrete_lyapunov", a, q)
    return SolveStein()(a, _adjoint(a), q)


def solve_discrete_are(a: Any, b: Any, q: Any, r: Any) -> TensorVariable:
    """The solution of ``a.T x a - x - (a.T x b) inv(r + b.T x b) (b.T x a) + q = 0``.

    As `scipy.linalg.solve_discrete_are`, which it needs when it runs.

    Parameters
    ----------
    a, q : tensor_like
        Square matrices; ``q`` is symmetric.
    b : tensor_like
        A matrix with the rows of ``a``.
    r : tensor_like
        A symmetric matrix, for the columns of ``b``.
    """
    return SolveRiccati()(a, b, q, r)


def _adjoint(a: Any) -> Any:
    if a.ndim < 2:
        raise ShapeError(f"solve_lyapunov takes matrices\n  a  {describe(a)}")
    return conjugate(swapped(a))
