"""Bounds on gradients, and on parameters after an update."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import ShapeError, TensorVariable, Variable, as_tensor, describe


def clip_by_value(gradients: Iterable[Any], limit: Any) -> list[Any]:
    """Each element of each gradient held between ``-limit`` and ``limit``, in its own dtype."""
    limit = _limit("clip_by_value", limit)
    return [_in_dtype_of(g, T.clip(g, -limit, limit)) for g in map(as_tensor, gradients)]


def clip_by_norm(gradients: Iterable[Any], limit: Any) -> list[Any]:
    """Each gradient scaled down, where its Euclidean norm is above ``limit``, to that norm."""
    limit = _limit("clip_by_norm", limit)
    return [_scaled_to(g, _norm([g]), limit) for g in map(as_tensor, gradients)]


def total_norm_constraint(
    tensor_vars: Iterable[Any], max_norm: Any, epsilon: float = 1e-7, return_norm: bool = False
) -> Any:
    """All tensors scaled by one factor, so that the norm of all of them is ``max_norm`` at most.

    Parameters
    ----------
    tensor_vars : iterable of tensor_like
        Gradients, as a rule; each result has the dtype of its own.
    max_norm : number or symbolic scalar
    epsilon : float
        Added to the norm where it divides.
    return_norm : bool
        Whether the norm before is returned too, to be watched.

    Returns
    -------
    list of variables, or (list of variables, scalar)

    Source: Sutskever, Vinyals and Le, Sequence to Sequence Learning with Neural Networks
    (arXiv:1409.3215), section 3.4.
    """
    tensors = [as_tensor(t) for t in tensor_vars]
    if not tensors:
        raise ValueError("total_norm_constraint needs at least one tensor")
    norm = _norm(tensors)
    limit = _limit("total_norm_constraint", max_norm)
    scaled = [_scaled_to(t, norm, limit, epsilon) for t in tensors]
    return (scaled, norm) if return_norm else scaled


def norm_constraint(
    tensor_var: Any,
    max_norm: Any,
    norm_axes: Sequence[int] | None = None,
    epsilon: float = 1e-7,
) -> TensorVariable:
    r"""What reaches one unit scaled down, where its norm is above ``max_norm``.

    Parameters
    ----------
    tensor_var : tensor_like
        As a rule the new value of a weight, from the updates.
    max_norm : number or symbolic scalar
    norm_axes : sequence of int, optional
        The axes that norms are taken over. By default those of the inputs of a unit: of a matrix
        (inputs, units) the first, of filters (units, channels, \*kernel) all but the first.
    epsilon : float
        Added to the norm where it divides.

    Raises
    ------
    ShapeError
        If the axes of a vector or scalar are not told.

    Source: Srivastava et al., Dropout: A Simple Way to Prevent Neural Networks from Overfitting,
    JMLR 15 (2014), section 5.1.
    """
    x = as_tensor(tensor_var)
    if norm_axes is None and x.ndim < 2:
        raise ShapeError(f"norm_constraint: tell norm_axes for {describe(x)}")
    axes = norm_axes or ((0,) if x.ndim == 2 else tuple(range(1, x.ndim)))
    norms = T.sqrt(T.sum(T.sqr(x), axis=tuple(axes), keepdims=True))
    held: TensorVariable = _scaled_to(x, norms, _limit("norm_constraint", max_norm), epsilon)
    return held


def _norm(tensors: Sequence[Any]) -> Any:
    """The Euclidean norm of all elements."""
    if any(t.dtype == "float16" for t in tensors):  # whose squares overflow from 256 on
        tensors = [T.cast(t, "float32") for t in tensors]
    return T.sqrt(T.add(*[T.sum(T.sqr(t)) for t in tensors]))


def _limit(name: str, limit: Any) -> Any:
    if isinstance(limit, Variable):
        return limit
    if not float(limit) > 0:
        raise ValueError(f"{name}: the limit must be positive, and is {limit!r}")
    return float(limit)


def _scaled_to(x: Any, norm: Any, limit: Any, epsilon: float = 0.0) -> Any:
    """``x`` times ``limit / (norm + epsilon)`` where that is below 1; a zero norm leaves it."""
    factor = T.minimum(norm, limit) / (norm + epsilon)
    return _in_dtype_of(x, x * T.switch(norm > limit, factor, 1.0))


def _in_dtype_of(x: Any, value: Any) -> Any:
    return T.cast(value, x.dtype)
