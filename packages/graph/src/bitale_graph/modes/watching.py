"""Modes that run functions node by node, on NumPy, with something that sees each node."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..compile.maker import FunctionMaker
from ..compile.mode import Mode
from ..compile.numpy_linker import NumpyProgram
from ..core.run import Watch

OWN_LINKERS = (None, "auto", "numpy", "py", "vm", "cvm", "None")


class WatchLinker:
    """Runs nodes in order on NumPy, and lets the mode's `Watch` see them."""

    name = "watch"
    rank = 0

    def link(self, maker: FunctionMaker) -> NumpyProgram:
        """Order the nodes."""
        mode: Any = maker.mode
        return NumpyProgram(maker, mode.watch(maker))


@dataclass(frozen=True, init=False)
class WatchingMode(Mode):
    """What the modes here have in common.

    Loops are not fused, unless ``"fusion"`` is included, so that what is seen are nodes of the
    user's.
    """

    def __init__(
        self,
        linker: Any = None,
        optimizer: str = "default",
        include: Iterable[str] = (),
        exclude: Iterable[str] | None = None,
        device: str = "",
        require: Iterable[str] = (),
        own: tuple[tuple[Any, Any], ...] = (),
        **settings: Any,
    ) -> None:
        if linker not in OWN_LINKERS:
            raise ValueError(
                f"{type(self).__name__} runs nodes by a linker of its own, and not by {linker!r}: "
                "leave it out"
            )
        for name, value in settings.items():
            object.__setattr__(self, name, value)
        given = frozenset() if exclude is None else exclude
        super().__init__("numpy", optimizer, include, given, device, require, own)  # type: ignore[arg-type]  # read by Mode
        if exclude is None:
            # Not looked up: for that the rewriter would have to be loaded.
            object.__setattr__(self, "exclude", frozenset({"fusion"}))

    def own_linker(self) -> WatchLinker:
        """The linker that the mode brings."""
        return WatchLinker()

    def watch(self, maker: FunctionMaker) -> Watch:
        """What sees the nodes of a function."""
        return Watch()
