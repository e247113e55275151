"""Checking derivatives of functions of sparse matrices numerically."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bitale_graph import sparse as S

from .check import verify_grad


def verify_grad_sparse(
    op: Callable[..., Any],
    pt: Sequence[Any],
    structured: bool = False,
    *arguments: Any,
    **keywords: Any,
) -> None:
    """Check the derivatives of a function of sparse matrices against differences.

    Parameters
    ----------
    op : callable
        From variables to one variable, each sparse or dense.
    pt : list of arrays, and of sparse matrices of SciPy's
    structured : bool
        Whether to differentiate by the stored numbers alone; otherwise by all numbers.
    *arguments, **keywords
        Further ones of `verify_grad`.

    Raises
    ------
    GradientError
        If a derivative is wrong.
    """
    points: list[Any] = []
    makers: list[Callable[[Any], Any]] = []
    for p in pt:
        if not hasattr(p, "toarray"):
            points.append(p)
            makers.append(lambda x: x)
        elif structured:
            points.append(p.data)
            makers.append(_with_places_of(p))
        else:
            points.append(p.toarray())
            makers.append(S.SparseFromDense(p.format))

    def dense(*inputs: Any) -> Any:
        found = op(*(make(x) for make, x in zip(makers, inputs, strict=True)))
        return S.dense_from_sparse(found, structured) if S.is_sparse(found) else found

    verify_grad(dense, points, *arguments, **keywords)


def _with_places_of(p: Any) -> Callable[[Any], Any]:
    return lambda data: S.CSM(p.format)(data, p.indices, p.indptr, p.shape)
