"""What watched kernels may touch on the emulated device, and words for what else they touch."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from .commands import Launch

HEADER = Path(__file__).with_name("watch_on_cpu.h")
# The compiler calls our functions at each access, and needs no library for it.
COMPILING = ("-DWATCHED", "-fsanitize=thread", "--param=tsan-distinguish-volatile=1")
LINKING = ("-nodefaultlibs", "-lstdc++", "-lm", "-lgcc", "-lc")

_PARAMETER = re.compile(r"(\w+)\s*(?:,|$)")


class Watch:
    """What is told to kernels about memory, and by them about accesses to it.

    Notes
    -----
    For each byte that a launch touches, 32 are kept.
    """

    def __init__(self) -> None:
        self._names: dict[str, list[str]] = {}
        self._tellers: dict[str, Any] = {}
        self._regions: dict[int, list[tuple[int, int]]] = {}
        self._pieces: list[tuple[int, int]] = []
        self._told: Any = None
        self._is_told = False

    def load(self, library: Any, texts: Mapping[str, str]) -> None:
        """Take note of a compiled library and its kernels."""
        for name, text in texts.items():
            declared = re.search(rf"void {name}\(([^)]*)\)", text)
            assert declared is not None
            self._names[name] = _PARAMETER.findall(declared[1])
            self._tellers[name] = library.watch_pieces

    def narrow(self, address: int, regions: Iterable[tuple[int, int]]) -> None:
        """Let only regions of a piece be touched: the address and size of each."""
        self._regions[address] = list(regions)
        self.changed()

    def changed(self, *, freed: int | None = None) -> None:
        """Memory was given out, or taken back."""
        if freed is not None:
            self._regions.pop(freed, None)
        self._is_told = False

    def tell(self, kernel: str, memory: dict[int, tuple[Any, int]]) -> None:
        """Tell a kernel which memory there is: by its address each piece, and its size."""
        if not self._is_told:
            # Python may take memory back at any time, also here.
            self._is_told = True
            self._pieces = sorted(
                piece
                for start, (_, size) in memory.copy().items()
                for piece in self._regions.get(start, [(start, size)])
            )
            flat = [number for piece in self._pieces for number in piece]
            self._told = (ctypes.c_size_t * len(flat))(*flat)
        self._tellers[kernel](self._told, ctypes.c_long(len(self._pieces)))

    def described(self, fault: str, one: Launch) -> str:
        """A fault of a launch, with places in place of addresses."""
        return re.sub(r"0x[0-9a-f]+", lambda found: self._place(int(found[0], 16), one), fault)

    def _place(self, address: int, one: Launch) -> str:
        named = zip(self._names[one.kernel], one.kinds, one.arguments, strict=True)
        pointers = [(int(at), name) for name, kind, at in named if kind == "P" and at]
        if not pointers:
            return hex(address)
        start, size = max((p for p in self._pieces if p[0] <= address), default=(0, 0))
        is_inside = address < start + size
        inside = [pointer for pointer in pointers if is_inside and start <= pointer[0] <= address]
        at, name = max(inside) if inside else min(pointers, key=lambda p: abs(p[0] - address))
        return f"{name} {'+' if at <= address else '-'} {abs(address - at)}"
