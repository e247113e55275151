"""Updates of shared variables that a loop asks for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..base.errors import describe
from ..core.graph import Variable
from ..tensor.shared import SharedVariable

Pairs = Mapping[Any, Any] | Iterable[tuple[Any, Any]]


class OrderedUpdates(dict[Any, Any]):
    """New values by shared variable, in the order in which they were given.

    Takes shared variables alone as keys; ``+`` and `update` refuse to give one variable two values.
    To be passed to ``function(..., updates=...)``.
    """

    def __init__(self, pairs: Pairs | None = None) -> None:
        super().__init__()
        self.update(pairs)

    def __setitem__(self, key: Any, value: Any) -> None:
        if not isinstance(key, SharedVariable):
            shown = describe(key) if isinstance(key, Variable) else repr(key)
            raise TypeError(f"only shared variables have updates, and not {shown}")
        super().__setitem__(key, value)

    def update(self, pairs: Pairs | None = None) -> None:  # type: ignore[override]  # what a dict takes more is refused
        """Add further updates.

        Raises
        ------
        KeyError
            If a variable would be updated with two values.
        """
        items = pairs.items() if isinstance(pairs, Mapping) else pairs or ()
        for key, value in items:
            if key in self and self[key] is not value:
                raise KeyError(
                    f"two updates of {describe(key)}: {self[key]} and {value}; keep one of them"
                )
            self[key] = value

    def setdefault(self, key: Any, default: Any = None) -> Any:
        """The update of ``key``, which is ``default`` if there was none."""
        if key not in self:
            self[key] = default
        return self[key]

    def __add__(self, other: Pairs) -> OrderedUpdates:
        both = OrderedUpdates(self)
        both.update(other)
        return both

    def __radd__(self, other: Pairs) -> OrderedUpdates:
        return OrderedUpdates(other) + self

    def __or__(self, other: Pairs) -> OrderedUpdates:
        return self + other

    def __ior__(self, other: Pairs) -> OrderedUpdates:  # type: ignore[override]  # what a dict takes more is refused
        self.update(other)
        return self

    def copy(self) -> OrderedUpdates:
        """Another mapping with the same updates."""
        return OrderedUpdates(self)
