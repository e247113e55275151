"""Expressions of host code: immutable, typed, and aware of the loops in which their value changes.

An expression is made by the operators of Python and the functions below, which fold constants.
Equal expressions compare equal; a comparison in the host code is written `a.equals(b)`, `a < b`.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Iterable, Iterator
from typing import Any, NoReturn

import numpy as np

from ..tensor.scalar import ScalarOp, cast_to

# Constants are folded up to here, so that no sum or product of two of them overflows.
_FOLDED = 2**31


class Expression:
    """A number or a pointer in host code.

    Attributes
    ----------
    dtype : str
        Of the number, or of what the pointer points to; "bool" for conditions.
    operands : tuple of Expression
    is_pointer : bool
    level : int
        The innermost loop in which the value changes from step to step, counted from outside; 0 if
        it is the same for the whole call.
    loads : bool
        Whether memory is read.
    """

    __slots__ = ("_hash", "_key", "dtype", "is_pointer", "level", "loads", "operands")

    def __init__(
        self,
        dtype: str,
        operands: Iterable[Expression] = (),
        detail: Any = None,
        *,
        is_pointer: bool = False,
        loads: bool = False,
    ) -> None:
        self.dtype = dtype
        self.operands = tuple(operands)
        self.is_pointer = is_pointer
        self.level: int = max((o.level for o in self.operands), default=0)
        self.loads: bool = loads or any(o.loads for o in self.operands)
        self._key = (type(self), detail, dtype, self.operands)
        self._hash = hash(self._key)

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Expression) and self._key == other._key)

    def __hash__(self) -> int:
        return self._hash

    def __bool__(self) -> NoReturn:
        raise TypeError("a condition of host code has no truth value where the code is written")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self.operands))})"

    def of(self, operands: Iterable[Expression]) -> Expression:
        """The same on other operands."""
        made = copy.copy(self)
        made.operands = tuple(operands)
        made._key = (*self._key[:-1], made.operands)
        made._hash = hash(made._key)
        return made

    def names(self) -> Iterator[Name]:
        """The names that are read."""
        stack: list[Expression] = [self]
        while stack:
            one = stack.pop()
            if isinstance(one, Name):
                yield one
            stack += one.operands

    # Arithmetic of lengths, and of pointers and lengths
    def __add__(self, other: Expression | int) -> Expression:
        b = number(other)
        if b == _ZERO:
            return self
        if self == _ZERO and not self.is_pointer:
            return b
        return _arithmetic("+", self, b)

    def __sub__(self, other: Expression | int) -> Expression:
        b = number(other)
        return self if b == _ZERO else _arithmetic("-", self, b)

    def __mul__(self, other: Expression | int) -> Expression:
        b = number(other)
        if b == _ONE or self == _ZERO:
            return self
        if self == _ONE or b == _ZERO:
            return b
        return _arithmetic("*", self, b)

    def __radd__(self, other: int) -> Expression:
        return number(other) + self

    def __rsub__(self, other: int) -> Expression:
        return number(other) - self

    def __rmul__(self, other: int) -> Expression:
        return number(other) * self

    def __neg__(self) -> Expression:
        if isinstance(self, Number) and self.dtype == "int64":
            return _ZERO - self
        return Operation("-", self.dtype, (self,))

    def divided_by(self, other: Expression) -> Expression:
        """The quotient, rounded towards zero."""
        return self if other == _ONE else Operation("/", self.dtype, (self, other))

    def remainder(self, other: Expression) -> Expression:
        """What is left over by `divided_by`."""
        return Operation("%", self.dtype, (self, other))

    # Conditions
    def equals(self, other: Expression | int) -> Expression:
        """Whether two numbers are one."""
        return TRUE if self == number(other) else self._compared("==", other)

    def differs(self, other: Expression | int) -> Expression:
        """Whether two numbers are not one."""
        return FALSE if self == number(other) else self._compared("!=", other)

    def __lt__(self, other: Expression | int) -> Expression:
        return self._compared("<", other)

    def __le__(self, other: Expression | int) -> Expression:
        return TRUE if self == number(other) else self._compared("<=", other)

    def __gt__(self, other: Expression | int) -> Expression:
        return self._compared(">", other)

    def __ge__(self, other: Expression | int) -> Expression:
        return TRUE if self == number(other) else self._compared(">=", other)

    def _compared(self, sign: str, other: Expression | int) -> Expression:
        b = number(other)
        if isinstance(self, Number) and isinstance(b, Number):
            return TRUE if _COMPARE[sign](self.value, b.value) else FALSE
        return Operation(sign, "bool", (self, b))

    def __and__(self, other: Expression) -> Expression:
        if FALSE in (self, other):
            return FALSE
        return (
            other
            if self == TRUE
            else self
            if other == TRUE
            else Operation("&&", "bool", (self, other))
        )

    def __or__(self, other: Expression) -> Expression:
        if TRUE in (self, other):
            return TRUE
        return (
            other
            if self == FALSE
            else self
            if other == FALSE
            else Operation("||", "bool", (self, other))
        )

    def __invert__(self) -> Expression:
        if self in (TRUE, FALSE):
            return FALSE if self == TRUE else TRUE
        if isinstance(self, Operation) and self.sign == "!":
            return self.operands[0]
        return Operation("!", "bool", (self,))


class Number(Expression):
    """A constant of exactly this value."""

    __slots__ = ("value",)

    def __init__(self, value: Any, dtype: str) -> None:
        is_float = dtype.startswith("float")
        self.value = value if is_float else int(value)
        # Bytes tell -0.0 from 0.0, and one NaN is the other.
        super().__init__(dtype, (), np.asarray(value, dtype).tobytes() if is_float else self.value)

    def __repr__(self) -> str:
        return f"{self.value}"


class Name(Expression):
    """A local, or what is given to the function.

    Attributes
    ----------
    text : str
        Its name, which no other has.
    is_variable : bool
        Whether it is assigned to more than once.
    """

    __slots__ = ("is_variable", "text")

    def __init__(
        self,
        text: str,
        dtype: str,
        level: int = 0,
        *,
        is_pointer: bool = False,
        is_variable: bool = False,
    ) -> None:
        super().__init__(dtype, (), text, is_pointer=is_pointer)
        self.text = text
        self.level = level
        self.is_variable = is_variable

    def __repr__(self) -> str:
        return self.text


class Given(Expression):
    """A field of what the function is called with.

    Attributes
    ----------
    field : str
        "data", the pointer; "shape" or "stride" of an axis, strides in elements; "value" of a
        number.
    index, axis : int
    item : str
        The dtype of the numbers.
    """

    __slots__ = ("axis", "field", "index", "item")

    def __init__(self, field: str, index: int, dtype: str, axis: int = 0, item: str = "") -> None:
        self.field, self.index, self.axis, self.item = field, index, axis, item or dtype
        super().__init__(dtype, (), (field, index, axis), is_pointer=field == "data")

    def __repr__(self) -> str:
        return f"in[{self.index}].{self.field}[{self.axis}]"


class Operation(Expression):
    """An operator of C on one or two operands."""

    __slots__ = ("sign",)

    def __init__(
        self, sign: str, dtype: str, operands: Iterable[Expression], *, is_pointer: bool = False
    ) -> None:
        self.sign = sign
        super().__init__(dtype, operands, sign, is_pointer=is_pointer)

    def __repr__(self) -> str:
        if len(self.operands) == 1:
            return f"{self.sign}{self.operands[0]!r}"
        return f"({self.operands[0]!r} {self.sign} {self.operands[1]!r})"


class Choice(Expression):
    """One of two operands, by a condition; the other is not looked at."""

    __slots__ = ()


class Conversion(Expression):
    """An integer as one of another type, as C converts it."""

    __slots__ = ()


class Computed(Expression):
    """A scalar op of the graph's language on numbers, which a target spells.

    Attributes
    ----------
    op : ScalarOp
    """

    __slots__ = ("op",)

    def __init__(self, op: ScalarOp, dtype: str, operands: Iterable[Expression]) -> None:
        self.op = op
        super().__init__(dtype, operands, op)


class Element(Expression):
    """What a pointer points to, or an element after that."""

    __slots__ = ()

    def __init__(self, pointer: Expression, index: Expression | int = 0) -> None:
        super().__init__(pointer.dtype, (pointer, number(index)), loads=True)


class Address(Expression):
    """Where a variable lies."""

    __slots__ = ()

    def __init__(self, name: Name) -> None:
        super().__init__(name.dtype, (name,), is_pointer=True)


class Bytes(Expression):
    """How many bytes so many elements take; more than can be had where that does not fit."""

    __slots__ = ("item",)

    def __init__(self, lengths: Iterable[Expression], item: str) -> None:
        self.item = item
        super().__init__("uint64", [n for n in lengths if n != _ONE], item)


class Parts(Expression):
    """Among how many threads work is shared; its operand counts the work in multiplications."""

    __slots__ = ()

    def __init__(self, work: Expression) -> None:
        super().__init__("int64", (work,))


class Threads(Expression):
    """How many threads there are; it may be changed at any time."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("int64", (), loads=True)


class Called(Expression):
    """What a function gives that neither reads nor writes memory."""

    __slots__ = ("function",)

    def __init__(self, function: Any, dtype: str, operands: Iterable[Expression]) -> None:
        self.function = function
        super().__init__(dtype, operands, function)


_COMPARE: dict[str, Any] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
TRUE, FALSE = Number(True, "bool"), Number(False, "bool")


def number(value: Expression | int, dtype: str = "int64") -> Expression:
    """A constant; an expression stays what it is."""
    return value if isinstance(value, Expression) else _number(value, dtype)


@functools.lru_cache(4096)
def _number(value: int, dtype: str) -> Number:
    return Number(value, dtype)


_ZERO, _ONE = number(0), number(1)


def _arithmetic(sign: str, a: Expression, b: Expression) -> Expression:
    if isinstance(a, Number) and isinstance(b, Number) and a.dtype == "int64":
        x, y = int(a.value), int(b.value)
        if max(abs(x), abs(y)) <= _FOLDED:
            return Number(x + y if sign == "+" else x - y if sign == "-" else x * y, "int64")
    return Operation(sign, a.dtype, (a, b), is_pointer=a.is_pointer)


def choose(condition: Expression, a: Expression | int, b: Expression | int) -> Expression:
    """``a`` if a condition holds, else ``b``."""
    x, y = number(a), number(b)
    if x == y or condition == TRUE:
        return x
    return y if condition == FALSE else Choice(x.dtype, (condition, x, y), is_pointer=x.is_pointer)


def converted(x: Expression, dtype: str) -> Expression:
    """A number as one of another dtype, as the graph's language converts it."""
    return x if x.dtype == dtype else Computed(cast_to(dtype), dtype, (x,))


def product(factors: Iterable[Expression]) -> Expression:
    """The product of lengths; 1 for none."""
    out = _ONE
    for f in factors:
        out = out * f
    return out


def all_of(conditions: Iterable[Expression]) -> Expression:
    """Whether all conditions hold."""
    out: Expression = TRUE
    for c in conditions:
        out = out & c
    return out
