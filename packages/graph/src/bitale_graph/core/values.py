"""What can be said of values without variables of them."""

from __future__ import annotations

from typing import Any


class Values:
    """A set of values: which they are, and when two of them count as equal."""

    def filter(self, value: Any, strict: bool = False, allow_downcast: bool | None = None) -> Any:
        """Convert ``value`` to one of this type, or raise `TypeError`."""
        raise TypeError(f"{type(self).__name__} cannot hold {value!r}")

    def holds(self, value: Any) -> bool:
        """Whether ``value`` is one of this type as it is."""
        return True

    def is_valid_value(self, value: Any, strict: bool = True) -> bool:
        """Whether `filter` takes ``value``."""
        return not self.value_validity_msg(value, strict)

    def value_validity_msg(self, value: Any, strict: bool = True) -> str:
        """Why `filter` does not take ``value``; empty if it does."""
        try:
            self.filter(value, strict=strict)
        except (TypeError, ValueError, OverflowError) as error:
            return str(error)
        return ""

    def values_eq(self, a: Any, b: Any) -> bool:
        """Whether two values are equal."""
        return bool(a == b)

    def values_eq_approx(self, a: Any, b: Any) -> bool:
        """Whether two values are equal but for rounding."""
        return self.values_eq(a, b)

    def may_share_memory(self, a: Any, b: Any) -> bool:
        """Whether a write into one value may be seen in the other."""
        return a is b

    def loosened(self, other: Any) -> Any:
        """The type without what ``other`` does not promise; itself where that is nothing."""
        return self

    def of_parts(self, variable: Any) -> Any:
        """``variable`` as a node makes it of tensors, where loops are to read these; else None."""
        return None

    def copied(self, value: Any) -> Any:
        """A value that no other holder can change: itself, where values are not to be changed."""
        return value

    def admits(self, other: Any) -> bool:
        """Whether every value of type ``other`` is one of this type."""
        return bool(self == other)

    def key(self) -> str | None:
        """A text that tells the type from others, in every process; None if there is none."""
        return None


def type_of(given: Any) -> Any:
    """A type, or that of the variables that a constructor makes."""
    return given if isinstance(given, Values) else given().type


def typed(op: Any, type: Any, x: Any) -> Any:
    """``x`` as an input of an op, of the type that this has for it."""
    try:
        return type.filter_variable(x, allow_convert=False)
    except TypeError as error:
        raise TypeError(
            f"{op} takes an input of {type}: {error}\n"
            "  hint: cast it, or give it the rank that the op asks for"
        ) from None
