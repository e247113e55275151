"""The type of lists whose elements have one type."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..core.graph import Type, Variable


class TypedListType(Type):
    """Lists of values of one type.

    Parameters
    ----------
    ttype : Type
        Of the elements; they may be lists again.
    depth : int
        How many lists stand around what has elements of ``ttype``: 0 for none.

    Raises
    ------
    TypeError, ValueError
        If ``ttype`` is no type, or ``depth`` is negative.
    """

    __slots__ = ("ttype",)

    def __init__(self, ttype: Type, depth: int = 0) -> None:
        if not isinstance(ttype, Type):
            raise TypeError(f"a typed list has elements of a type, and {ttype!r:.80} is none")
        if depth < 0:
            raise ValueError(f"the depth of a typed list is 0 or more, not {depth}")
        self.ttype = ttype
        for _ in range(depth):
            self.ttype = TypedListType(self.ttype)

    def get_depth(self) -> int:
        """How many of the lists around an element are elements themselves."""
        depth, inner = 0, self.ttype
        while isinstance(inner, TypedListType):
            depth, inner = depth + 1, inner.ttype
        return depth

    def filter(
        self, value: Any, strict: bool = False, allow_downcast: bool | None = None
    ) -> list[Any]:
        """A list of the elements of ``value``, each as its type has it.

        With ``strict`` the value must be a list, and its elements what they have to be.

        Raises
        ------
        TypeError
            For what is no list, and for an element that the type does not take, with its place.
        """
        is_list = isinstance(value, Iterable) and not isinstance(value, (Variable, str, bytes))
        if not (isinstance(value, list) if strict else is_list):
            raise TypeError(f"expected a list of {self.ttype}, and got {value!r:.80}")
        found = []
        for k, element in enumerate(value):
            try:
                found.append(self.ttype.filter(element, strict, allow_downcast))
            except TypeError as error:
                raise TypeError(f"element {k} of a list of {self.ttype}: {error}") from None
        return found

    def holds(self, value: Any) -> bool:
        """Whether ``value`` is a list of such elements as it is."""
        return isinstance(value, list) and all(map(self.ttype.holds, value))

    def copied(self, value: Any) -> list[Any]:
        """A list of copies."""
        return [self.ttype.copied(element) for element in value]

    def values_eq(self, a: Any, b: Any) -> bool:
        """Whether two lists have equal elements in the same places."""
        return len(a) == len(b) and all(map(self.ttype.values_eq, a, b))

    def values_eq_approx(self, a: Any, b: Any) -> bool:
        """Whether two lists have elements in the same places that are equal but for rounding."""
        return len(a) == len(b) and all(map(self.ttype.values_eq_approx, a, b))

    def may_share_memory(self, a: Any, b: Any) -> bool:
        """Whether two lists, or a list and an element, are one or may share that of an element."""
        first, second = (x if isinstance(x, list) else [x] for x in (a, b))
        return a is b or any(self.ttype.may_share_memory(x, y) for x in first for y in second)

    def admits(self, other: Any) -> bool:
        """Whether every list of type ``other`` is one of this type."""
        return isinstance(other, TypedListType) and self.ttype.admits(other.ttype)

    def loosened(self, other: Any) -> TypedListType:
        """The type without what ``other`` does not promise of the elements."""
        if not isinstance(other, TypedListType):
            return self
        return TypedListType(self.ttype.loosened(other.ttype))

    def key(self) -> str | None:
        """A text that tells the type from others; None if that of the elements has none."""
        inner = self.ttype.key()
        return None if inner is None else f"TypedList<{inner}>"

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.ttype == other.ttype

    def __hash__(self) -> int:
        return hash((type(self), self.ttype))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.ttype,)

    def __str__(self) -> str:
        return f"TypedList <{self.ttype}>"

    def __repr__(self) -> str:
        return str(self)
