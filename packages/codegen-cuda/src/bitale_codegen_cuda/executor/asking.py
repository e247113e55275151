"""What routines ask of the trace that calls them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from bitale_graph.plan.expressions import Expression

from .launching import Launcher
from .queue import Queue
from .values import Reducer


class Asking(Protocol):
    """What a routine asks of the trace that calls it: `trace.Trace` has it all."""

    launcher: Launcher
    queue: Queue
    reduce: Reducer

    def number(self, e: Expression) -> int: ...

    def pointer(self, e: Expression) -> Any: ...

    def store(self, to: Any, value: Any, dtype: str) -> None: ...

    def scratch(self, shape: Sequence[int], dtype: str) -> int: ...

    def give_scratch(self) -> None: ...
