"""Functions of bitale's that are ops in Theano: called alike, and equal to the op that they apply.

``node.op == T.add``, ``isinstance(T.add, T.Elemwise)`` and ``T.add.scalar_op`` are what rewrites
and lists of ops ask; ``add`` and ``mul`` take any number of operands.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bitale_graph.extend import Apply, Elementwise

import bitale.tensor as T
from bitale import scalar


class ElementwiseFunction(Elementwise):
    """A function, and the op of elements that it applies."""

    def __init__(self, scalar_op: Any, function: Callable[..., Any]) -> None:
        super().__init__(scalar_op)
        self._op = Elementwise(scalar_op)
        self._function = function
        self.__doc__ = function.__doc__

    def __call__(self, *inputs: Any, **keywords: Any) -> Any:
        return self._function(*inputs, **keywords)

    def make_node(self, *operands: Any) -> Apply:
        """The node of the op, which is what a graph holds."""
        return self._op.make_node(*operands)

    def __eq__(self, other: object) -> bool:
        # Python asks the subclass first, whichever side it stands on.
        return isinstance(other, Elementwise) and other.scalar_op is self.scalar_op

    def __hash__(self) -> int:
        return hash(self._op)

    def __reduce__(self) -> Any:
        return _named, (self.scalar_op.name,)


def _named(name: str) -> Any:
    return next(one for one in MADE.values() if one.scalar_op.name == name)


MADE = {
    name: ElementwiseFunction(getattr(scalar, name), getattr(T, name))
    for name in ("add", "mul", "lt", "gt", "le", "ge", "eq", "neq", "clip", "real", "imag", "conj")
    if hasattr(scalar, name)
}
globals().update(MADE)
__all__ = list(MADE)
