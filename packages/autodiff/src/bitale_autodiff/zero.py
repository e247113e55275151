"""Derivatives without numbers: zero, without a path, and undefined."""

from __future__ import annotations

from typing import Any, Final

from bitale_graph.extend import Op, Type, Variable


class Zero:
    """A derivative known to be zero: there is a path, but nothing passes. It has no shape."""

    def __repr__(self) -> str:
        return "ZERO"


ZERO: Final = Zero()


class DisconnectedType(Type):
    """The type of a derivative by something the cost does not depend on; it has no values."""

    def filter(self, value: Any, strict: bool = False, allow_downcast: bool | None = None) -> Any:
        """Refuse every value, with a `TypeError`."""
        raise TypeError(
            "a disconnected derivative has no value: the cost does not depend on the variable"
        )

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))

    def __str__(self) -> str:
        return "DisconnectedType"


class NullType(Type):
    """The type of a derivative that is not defined.

    Parameters
    ----------
    why_null : str
        The reason, for messages.
    """

    def __init__(self, why_null: str = "(no reason given)") -> None:
        self.why_null = why_null

    def filter(self, value: Any, strict: bool = False, allow_downcast: bool | None = None) -> Any:
        """Refuse every value, with a `TypeError`."""
        raise TypeError(f"an undefined derivative has no value: {self.why_null}")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))

    def __str__(self) -> str:
        return "NullType"


disconnected_type = DisconnectedType()
null_type = NullType()


def grad_undefined(op: Op, x_pos: int, x: Variable, comment: str = "") -> Variable:
    """Tell, from a gradient method, that the derivative by input ``x_pos`` does not exist.

    Parameters
    ----------
    op : Op
        The op that is differentiated.
    x_pos : int
        The position of the input.
    x : Variable
        The input.
    comment : str
        Why; the text is in the error that a user gets who needs the derivative.
    """
    return _null(op, x_pos, x, "is mathematically undefined", comment)


def grad_not_implemented(op: Op, x_pos: int, x: Variable, comment: str = "") -> Variable:
    """Tell, from a gradient method, that nobody has written down the derivative by input ``x_pos``.

    The parameters are those of `grad_undefined`.
    """
    return _null(op, x_pos, x, "is not implemented", comment)


def _null(op: Op, x_pos: int, x: Variable, what: str, comment: str) -> Variable:
    reason = f"the derivative of {op} by its input {x_pos} ({x}, {x.type}) {what}"
    return NullType(f"{reason}: {comment}" if comment else reason)()
