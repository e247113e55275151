"""Python functions used as ops."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Any

from ..core.graph import Apply, Op, Storage, Type


class FromFunctionOp(Op):
    """An op that calls a Python function with arrays; it has no derivative.

    Parameters
    ----------
    fn : callable
        Gives an array for each output: one, or a tuple or list of several.
    itypes, otypes : list of Type
    infer_shape : callable, optional
        As `Op.infer_shape`, without the op: ``infer_shape(node, input_shapes)``.
    """

    __props__ = ("fn", "itypes", "otypes", "shape_rule")

    def __init__(
        self,
        fn: Callable[..., Any],
        itypes: Sequence[Any],
        otypes: Sequence[Any],
        infer_shape: Callable[..., Any] | None = None,
    ) -> None:
        if not callable(fn):
            raise TypeError(f"as_op makes an op of a function, and got {fn!r:.60}")
        self.fn = fn
        self.itypes, self.otypes = _types("itypes", itypes), _types("otypes", otypes)
        self.shape_rule = infer_shape

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        found = self.fn(*inputs)
        results = list(found) if isinstance(found, (list, tuple)) else [found]
        if len(results) != len(output_storage):
            raise TypeError(
                f"{self}: the function gave {len(results)} results, and otypes has "
                f"{len(output_storage)}"
            )
        for cell, value in zip(output_storage, results, strict=True):
            cell[0] = value

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any] | None:
        if self.shape_rule is None:
            return None
        return list(self.shape_rule(node, input_shapes))

    def __str__(self) -> str:
        return f"FromFunctionOp{{{getattr(self.fn, '__name__', self.fn)}}}"

    def __reduce__(self) -> Any:
        # A decorated function is not found under its own name: the op stands there.
        place = (getattr(self.fn, "__module__", None), getattr(self.fn, "__qualname__", None))
        if isinstance(_found(*place), FromFunctionOp) and _found(*place) == self:
            return _found, place
        return FromFunctionOp, (self.fn, self.itypes, self.otypes, self.shape_rule)


def _found(module: Any, name: Any) -> Any:
    """What stands under a name in a module; None if nothing does."""
    try:
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (AttributeError, ImportError, TypeError, ValueError):
        return None
    return found


def _types(what: str, given: Any) -> tuple[Type, ...]:
    items = list(given) if isinstance(given, (list, tuple)) else [given]
    for one in items:
        if not isinstance(one, Type):
            raise TypeError(f"as_op: {what} must be a list of types, such as [T.dmatrix]: {one!r}")
    return tuple(items)


def as_op(
    itypes: Any, otypes: Any, infer_shape: Callable[..., Any] | None = None
) -> Callable[[Callable[..., Any]], FromFunctionOp]:
    """Make an op of the function that is decorated.

    Parameters
    ----------
    itypes, otypes : Type, or list of them
        Of what the function takes and gives.
    infer_shape : callable, optional
        ``infer_shape(node, input_shapes)`` gives the shapes of the outputs, in variables.

    Notes
    -----
    The op has no derivative: for one, write a class (see `Op`). The function must not write into
    its arguments, which are read-only. To be pickled it must stand at the top of a module.

    Examples
    --------
    >>> import numpy as np
    >>> from bitale_graph import language as T
    >>> @as_op(itypes=[T.dmatrix, T.dmatrix], otypes=[T.dmatrix])
    ... def product(a, b):
    ...     return np.dot(a, b)
    >>> x = T.dmatrix("x")
    >>> product(x, x).eval({x: [[2.0]]})
    array([[4.]])
    """

    def made(fn: Callable[..., Any]) -> FromFunctionOp:
        return FromFunctionOp(fn, itypes, otypes, infer_shape)

    return made


wrap_py = as_op
