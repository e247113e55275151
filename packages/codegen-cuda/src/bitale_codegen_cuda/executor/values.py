"""Numbers of host code while a call is traced: known, or an expression of what a call is given.

A number that is the same for every call of the same shapes is a number of Python. What depends on
numbers that a call passes, or on what lies on the device, stays an expression: of `Given` numbers,
and of elements at known addresses.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from bitale_graph.plan.expressions import (
    Bytes,
    Called,
    Choice,
    Computed,
    Conversion,
    Element,
    Expression,
    Given,
    Name,
    Number,
    Operation,
    Parts,
    Threads,
)

from ..kernel.number_kernel import Placed


def as_expression(value: Any, like: Expression) -> Expression:
    """A value that was found for an expression, as one again."""
    if isinstance(value, Expression):
        return value
    if like.is_pointer:
        return Placed(int(value), like.dtype)
    return Number(value, like.dtype)


# From a leaf (a name, or something given) and from a condition that must be known now.
Leaf = Callable[[Any], Any]
Decide = Callable[[Expression], Any]


class Reducer:
    """Computes what can be computed of expressions.

    Parameters
    ----------
    leaf : callable
        From a `Name` or `Given` to a number, an address, or an expression where it varies.
    decide : callable
        From an expression that varies to a number that is taken for granted.
    """

    def __init__(self, leaf: Leaf, decide: Decide) -> None:
        self.leaf, self.decide = leaf, decide

    def __call__(self, e: Expression) -> Any:
        """A number or an address; an expression where it varies."""
        match e:
            case Name() | Given():
                return self.leaf(e)
            case Number():
                return known(e)
            case Placed():
                return e.address
            case Operation():
                return self._operation(e)
            case Choice():
                return self._choice(e)
            case Bytes():
                count = 1
                for n in e.operands:
                    count *= int(self.number(n))
                return count * (np.dtype(e.item).itemsize if e.item else 1)
            case Conversion() | Computed() | Element():
                operands = [self(o) for o in e.operands]
                is_known = not any(isinstance(v, Expression) for v in operands)
                if is_known and not isinstance(e, Element):
                    return self._computed(e, operands)
                return rebuilt(e, operands)
            case Parts() | Threads():
                return 1
            case Called():
                raise TypeError(f"{e!r} is called by no device")
        raise TypeError(f"{e!r} is nothing that host code of a device computes")

    def number(self, e: Expression) -> Any:
        """A number that is taken for granted from here on, if it varies."""
        value = self(e)
        return self.decide(value) if isinstance(value, Expression) else value

    def _choice(self, e: Choice) -> Any:
        condition, a, b = e.operands
        chosen = self(condition)
        if isinstance(chosen, Expression):
            if not chosen.loads:
                chosen = self.decide(chosen)
            else:
                return rebuilt(e, [chosen, self(a), self(b)])
        return self(a if chosen else b)

    def _computed(self, e: Expression, operands: list[Any]) -> Any:
        if isinstance(e, Computed):
            arrays = [np.asarray(v, o.dtype) for v, o in zip(operands, e.operands, strict=True)]
            with np.errstate(all="ignore"):
                return plain(np.asarray(e.op(*arrays), e.dtype)[()])
        return plain(np.asarray(operands[0], e.operands[0].dtype).astype(e.dtype)[()])

    def _operation(self, e: Operation) -> Any:
        first = self(e.operands[0])
        if e.sign in ("&&", "||") and not isinstance(first, Expression):
            is_or = e.sign == "||"
            return is_or if bool(first) == is_or else self(e.operands[1])
        values = [first, *(self(o) for o in e.operands[1:])]
        if any(isinstance(v, Expression) for v in values):
            return rebuilt(e, values)
        return operated(e, *values)


def rebuilt(e: Expression, values: list[Any]) -> Expression:
    """An expression of the values that its operands have."""
    made = e.of(map(as_expression, values, e.operands))
    made.loads = isinstance(e, Element) or any(o.loads for o in made.operands)
    return made


def operated(e: Operation, first: Any, second: Any = None) -> Any:
    """What an operator of C gives for numbers or addresses."""
    if second is None:
        return (not first) if e.sign == "!" else wrapped(-first, e.dtype)
    if e.is_pointer:
        return _SIGNS[e.sign](first, int(second) * np.dtype(e.dtype).itemsize)
    if e.sign in "/%":
        quotient = abs(int(first)) // abs(int(second))
        quotient = quotient if (first < 0) == (second < 0) else -quotient
        return quotient if e.sign == "/" else int(first) - quotient * int(second)
    return wrapped(_SIGNS[e.sign](first, second), e.dtype)


def wrapped(value: Any, dtype: str) -> Any:
    """An integer of Python as one of a dtype, as machines have it."""
    if not isinstance(value, int) or isinstance(value, bool) or 0 <= value < 2**7:
        return value
    bits = 8 * np.dtype(dtype).itemsize
    value &= (1 << bits) - 1
    return value - (1 << bits) if dtype[0] == "i" and value >> (bits - 1) else value


def known(e: Number) -> Any:
    """The number of a constant."""
    if e.dtype == "bool":
        return bool(e.value)
    return e.value if e.dtype == "int64" else plain(np.dtype(e.dtype).type(e.value))


def plain(value: Any) -> Any:
    """An integer or a truth value as Python's; other numbers keep their type."""
    if isinstance(value, np.bool_):
        return bool(value)
    return int(value) if isinstance(value, np.integer) else value


_SIGNS: dict[str, Any] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "&&": lambda a, b: bool(a) and bool(b),
    "||": lambda a, b: bool(a) or bool(b),
}
