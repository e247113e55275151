"""Variables in tuples, lists and dicts: taken apart into a list, and put together again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


class Nest:
    """The form of nested tuples, lists and dicts of variables; None stands for no variable.

    Parameters
    ----------
    value : nested tuples, lists and dicts
        Whatever else it holds counts as a variable.
    """

    def __init__(self, value: Any) -> None:
        self.kind: Any = type(value) if isinstance(value, (tuple, list, Mapping)) else None
        self.is_empty = value is None
        self.keys: tuple[Any, ...] = ()
        items: list[Any] = []
        if isinstance(value, Mapping):
            self.keys = tuple(value)
            items = [value[k] for k in self.keys]
        elif self.kind is not None:
            items = list(value)
        self.parts = [Nest(v) for v in items]

    def fits(self, other: Nest) -> bool:
        """Whether both have one form; the order of keys does not matter."""
        if self.is_empty != other.is_empty or self.kind is not other.kind:
            return False
        if set(self.keys) != set(other.keys) or len(self.parts) != len(other.parts):
            return False
        if not self.keys:
            return all(a.fits(b) for a, b in zip(self.parts, other.parts, strict=True))
        theirs = dict(zip(other.keys, other.parts, strict=True))
        return all(a.fits(theirs[k]) for k, a in zip(self.keys, self.parts, strict=True))

    def leaves(self, value: Any, path: str = "") -> list[tuple[str, Any]]:
        """The variables of a value of this form, in this form's order, each with its place."""
        if self.kind is None:
            return [] if self.is_empty else [(path, value)]
        found = []
        for key, part in zip(self.keys or range(len(self.parts)), self.parts, strict=True):
            found += part.leaves(value[key], f"{path}[{key!r}]")
        return found

    def filled(self, values: Iterator[Any]) -> Any:
        """A value of this form that holds the next variables."""
        if self.kind is None:
            return None if self.is_empty else next(values)
        parts = [part.filled(values) for part in self.parts]
        if self.keys or issubclass(self.kind, Mapping):
            return dict(zip(self.keys, parts, strict=True))
        return self.kind(*parts) if hasattr(self.kind, "_fields") else self.kind(parts)

    def __str__(self) -> str:
        if self.kind is None:
            return "None" if self.is_empty else "*"
        if issubclass(self.kind, Mapping):
            pairs = zip(self.keys, self.parts, strict=True)
            return "{" + ", ".join(f"{k!r}: {part}" for k, part in pairs) + "}"
        text = ", ".join(map(str, self.parts))
        if issubclass(self.kind, list):
            return f"[{text}]"
        name = self.kind.__name__ if hasattr(self.kind, "_fields") else ""
        return f"{name}({text},)" if len(self.parts) == 1 and not name else f"{name}({text})"
