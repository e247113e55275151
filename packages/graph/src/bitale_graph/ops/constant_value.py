"""The one number that an expression is everywhere, where it can be told without running it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..base.errors import EmptyConstantError, NotScalarConstantError, describe
from ..core.graph import Apply, Constant, Variable
from ..tensor import scalar
from ..tensor.conversion import constant_int
from ..tensor.elementwise import Elementwise
from ..tensor.scalar import is_cast
from .assertion import Assert
from .creation import Alloc
from .index_pattern import unpack
from .indexing import Subtensor
from .join import Join
from .shape import Dimshuffle, MakeVector, Reshape, SpecifyShape

# What gives elements of its first input and nothing else.
_MOVES = (Alloc, Assert, Dimshuffle, Reshape, SpecifyShape)

Step = tuple[Sequence[Variable], Callable[..., Any]]
"""What must be known of other variables, and how that makes the number."""


def get_scalar_constant_value(
    v: Any, elemwise: bool = True, only_process_constants: bool = False
) -> np.ndarray[Any, Any]:
    """The number that ``v`` is, or that all its elements are.

    It is found through fills, moved axes, slices, casts and arithmetic of constants.

    Parameters
    ----------
    v : Variable, number or array
    elemwise : bool
        Whether to compute what goes element by element; casts and fills are looked through in any
        case.
    only_process_constants : bool
        Look at nothing but constants.

    Returns
    -------
    ndarray
        Of rank 0.

    Raises
    ------
    NotScalarConstantError
        If ``v`` is not known to be one number; `EmptyConstantError` if it has no element.

    Examples
    --------
    >>> from bitale_graph import language as T
    >>> get_scalar_constant_value(T.fill(T.dmatrix(), 2) * 3)
    array(6.)
    """
    if not isinstance(v, Variable):
        return _one_of(v)
    known: dict[Variable, Any] = {}
    stack = [(v, *_step(v, elemwise, only_process_constants))]
    while stack:
        u, needed, make = stack[-1]
        missing = next((w for w in needed if w not in known), None)
        if missing is not None:
            stack.append((missing, *_step(missing, elemwise, only_process_constants)))
            continue
        stack.pop()
        with np.errstate(all="ignore"):
            known[u] = make(*(known[w] for w in needed))
    dtype = getattr(v.type, "dtype", None)
    return np.array(known[v], dtype=dtype)


def extract_constant(x: Any, elemwise: bool = True, only_process_constants: bool = False) -> Any:
    """The number that ``x`` is as `get_scalar_constant_value` tells it; ``x`` if it does not."""
    try:
        return get_scalar_constant_value(x, elemwise, only_process_constants)
    except NotScalarConstantError:
        return x


def _one_of(value: Any) -> np.ndarray[Any, Any]:
    """The only number in a value."""
    if value is None:
        raise NotScalarConstantError("None is no number")
    array = np.asarray(value)
    if array.dtype.kind not in "biufc":
        raise NotScalarConstantError(f"{value!r:.80} is no number")
    if not array.size:
        raise EmptyConstantError("an empty array holds no number")
    first = array.reshape(-1)[:1].reshape(())
    if array.size > 1 and not np.array_equal(array, np.broadcast_to(first, array.shape)):
        raise NotScalarConstantError(f"an array of shape {array.shape} with different elements")
    return np.array(first)


def _step(v: Variable, elemwise: bool, only_constants: bool) -> Step:
    if isinstance(v, Constant):
        return (), lambda: _one_of(v.data)
    node = v.owner
    if node is not None and not only_constants:
        number = node.op.number_by_types(node)
        if number is not None:
            return (), lambda: np.asarray(number)
        found = _step_of_node(node, elemwise)
        if found is not None:
            return found
    raise NotScalarConstantError(f"{describe(v)} is not known to be one number")


def _step_of_node(node: Apply, elemwise: bool) -> Step | None:
    op = node.op
    if isinstance(op, Elementwise):
        if op.scalar_op is scalar.second:
            return node.inputs[1:], lambda value: value
        if elemwise or is_cast(op.scalar_op) or op.scalar_op is scalar.identity:
            dtype = node.out.type.dtype
            return node.inputs, lambda *values: np.asarray(op.scalar_op(*values), dtype=dtype)
        return None
    if isinstance(op, _MOVES) or getattr(op, "is_identity_after_grad", False):
        return node.inputs[:1], lambda value: value
    if isinstance(op, Subtensor):
        return [_element(node)], lambda value: value
    if isinstance(op, MakeVector):
        return node.inputs, lambda *values: _one_of(values)
    if isinstance(op, Join):
        return node.inputs, lambda *values: _one_of(values)
    return None


def _element(node: Apply) -> Any:
    """The variable that holds what is read: an element of a vector made of others, or all of it."""
    source = node.inputs[0]
    pattern: Any = node.op
    index = unpack(pattern.pattern, node.inputs[1:])
    i = constant_int(index[0]) if len(index) == 1 and not isinstance(index[0], slice) else None
    if i is None:
        return source
    if isinstance(source, Constant):
        return Constant(node.out.type, np.asarray(source.data[i]))
    if source.owner is not None and isinstance(source.owner.op, MakeVector):
        return source.owner.inputs[i]
    if source.owner is not None and isinstance(source.owner.op, Join):
        return _element_of_join(source, i)
    return source


def _element_of_join(source: Any, i: int) -> Any:
    """The element of the part that holds it, counted from the end that the index counts from."""
    parts: list[Any] = source.owner.inputs
    if source.type.ndim == 1:
        for v in parts if i >= 0 else reversed(parts):
            n = v.type.shape[0]
            if n is None:
                break
            if -n <= i < n:
                return v[i]
            i += -n if i >= 0 else n
    return source
