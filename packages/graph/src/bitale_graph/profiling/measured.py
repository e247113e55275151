"""An executable whose calls are timed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any


class Measured:
    """Calls an executable, and tells how long each call took.

    What else is asked of it is what the executable has.
    """

    def __init__(
        self, executable: Callable[..., list[Any]], count: Callable[[float], object]
    ) -> None:
        self.executable = executable
        self._count = count

    def __call__(self, args: tuple[Any, ...]) -> list[Any]:
        """Call it; a call that fails counts too."""
        began = time.perf_counter()
        try:
            return self.executable(args)
        finally:
            self._count(time.perf_counter() - began)

    def __getattr__(self, name: str) -> Any:
        if name == "executable":  # not made yet
            raise AttributeError(name)
        return getattr(self.executable, name)
