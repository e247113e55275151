"""Giving a replacement the dtype and the shape of what it replaces."""

from __future__ import annotations

from typing import Any

import numpy as np
from bitale_graph import language as T
from bitale_graph.extend import (
    Alloc,
    Apply,
    Elementwise,
    InconsistentGraphError,
    SpecifyShape,
    TensorType,
    Variable,
    as_tensor,
    cast,
    dimshuffle,
    shape_i,
)


def fitted(old: Variable, new: Variable) -> Variable:
    """``new`` with the dtype and shape of ``old``, cast and filled where they differ.

    Raises
    ------
    InconsistentGraphError
        If ``new`` cannot stand for ``old``: it has more axes, or is no tensor.
    """
    if not isinstance(old.type, TensorType) or not isinstance(new.type, TensorType):
        if old.type.admits(new.type):
            return new
        raise InconsistentGraphError(f"{new} of {new.type} cannot replace {old} of {old.type}")
    if new.type.ndim > old.type.ndim:
        raise InconsistentGraphError(
            f"{new} of {new.type} has more axes than {old} of {old.type}, which it is to replace"
        )
    result: Variable = cast(new, old.type.dtype)
    if is_narrower(new.type, old.type):
        result = filled(old, result)
    if not old.type.admits(result.type):
        result = SpecifyShape(old.type.shape)(result)
    return result


def with_known_lengths(new: Variable, old: TensorType) -> Variable:
    """``new`` with the lengths that ``old`` knows beside its own."""
    if old.admits(new.type):
        return new
    lengths = zip(new.type.shape, old.shape, strict=True)
    return SpecifyShape(tuple(n if m is None else m for m, n in lengths))(new)


def is_narrower(new: TensorType, old: TensorType) -> bool:
    """Whether tensors of ``new`` lack axes of ``old``, or have length 1 where those may not."""
    lengths = (1,) * (old.ndim - new.ndim) + new.shape
    return new.ndim < old.ndim or any(
        m == 1 and n != 1 for m, n in zip(lengths, old.shape, strict=True)
    )


def filled(old: Variable, value: Any) -> Any:
    """``value`` stretched to the shape of ``old``, without computing ``old``."""
    wanted: Any = old.type
    if all(n == 1 for n in wanted.shape):
        return dimshuffle(value, *("x",) * (wanted.ndim - value.ndim), *range(value.ndim))
    node = old.owner
    if node is not None and isinstance(node.op, Elementwise):
        for v in node.inputs:
            if _gives_shape(v, old):
                return T.second(v, value)
    return Alloc()(value, *symbolic_lengths(old))


def _gives_shape(v: Variable, old: Variable) -> bool:
    mine, wanted = v.type.shape, old.type.shape
    return len(mine) == len(wanted) and all(
        (m == 1) == (n == 1) for m, n in zip(mine, wanted, strict=False)
    )


def symbolic_lengths(variable: Variable) -> list[Any]:
    """The lengths of ``variable`` as 0-d variables.

    Numbers where known, else from what it is computed of.
    """
    known = variable.type.shape
    node = variable.owner
    if node is None or None not in known:
        return [shape_i(variable, a) for a in range(len(known))]
    inferred = inferred_lengths(node)
    mine = None if inferred is None else inferred[variable.index or 0]
    if mine is None:
        return [shape_i(variable, a) for a in range(len(known))]
    return [m if n is None else as_tensor(np.int64(n)) for m, n in zip(mine, known, strict=False)]


def inferred_lengths(node: Apply) -> list[Any] | None:
    """For each output its lengths by the op's shape rule, or None where only computing tells."""
    shapes = [
        tuple(shape_i(v, a) for a in range(v.type.ndim)) if isinstance(v.type, TensorType) else ()
        for v in node.inputs
    ]
    return node.op.infer_shape(node, shapes)
