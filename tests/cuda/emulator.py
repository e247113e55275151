"""A device of which the memory is the host's, and the kernels run on one thread of the CPU."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .dialect import PRELUDE

HEADER = Path(__file__).with_name("cuda_on_cpu.h")
# So many kernels are one source: a compiler reads the header for each.
TOGETHER = 100


def find_compiler() -> str | None:
    """The C++ compiler of this machine."""
    return shutil.which("g++") or shutil.which("clang++")


class Emulator:
    """Kernels, compiled for the CPU.

    Parameters
    ----------
    texts : dict
        The text of each kernel by its name.
    folder : Path
        Where they are compiled.
    """

    def __init__(self, texts: dict[str, str], folder: Path) -> None:
        names = list(texts)
        self._launches: dict[str, Any] = {}
        groups = [names[i : i + TOGETHER] for i in range(0, len(names), TOGETHER)]
        started = [
            self._start({name: texts[name] for name in group}, folder / f"kernels{i}")
            for i, group in enumerate(groups)
        ]
        for group, (process, library) in zip(groups, started, strict=True):
            _, errors = process.communicate()
            if process.returncode:
                raise RuntimeError(errors[:4000])
            loaded = ctypes.CDLL(str(library))
            for name in group:
                launch = getattr(loaded, f"launch_{name}")
                launch.restype = ctypes.c_char_p
                self._launches[name] = launch

    def _start(self, texts: dict[str, str], path: Path) -> tuple[subprocess.Popen[str], Path]:
        source, library = path.with_suffix(".cpp"), path.with_suffix(".so")
        lines = [f'#include "{HEADER}"', "namespace device {", PRELUDE, *texts.values(), "}"]
        lines += [f"EMULATED({name})" for name in texts]
        source.write_text("\n".join(lines), encoding="ascii")
        compiler = find_compiler()
        assert compiler is not None
        options = ["-std=c++17", "-O0", "-shared", "-fPIC", "-w", "-ffp-contract=off"]
        process = subprocess.Popen(
            [compiler, *options, str(source), "-o", str(library)], stderr=subprocess.PIPE, text=True
        )
        return process, library

    def launch(
        self, name: str, parameters: Sequence[Any], grid: int, block: int, order: int = 0
    ) -> None:
        """Run a kernel on blocks of threads; its parameters are values of ctypes.

        Raises
        ------
        RuntimeError
            If the threads of a block do not meet at a barrier.
        """
        given = (ctypes.c_void_p * len(parameters))(
            *(ctypes.cast(ctypes.pointer(p), ctypes.c_void_p) for p in parameters)
        )
        fault = self._launches[name](given, grid, block, order)
        if fault is not None:
            raise RuntimeError(f"{name}: {fault.decode()}")
