"""Who is told of each variable that is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

Observer = Callable[[Any], Any]


class Observed:
    """What tells observers of its instances, once they are made."""

    construction_observers: ClassVar[list[Observer]] = []

    @classmethod
    def append_construction_observer(cls, observer: Observer) -> None:
        """Call ``observer`` with each variable that is made from now on."""
        cls.construction_observers.append(observer)

    @classmethod
    def remove_construction_observer(cls, observer: Observer) -> None:
        """Call it no more; a ValueError if it was not called."""
        cls.construction_observers.remove(observer)
